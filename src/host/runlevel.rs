//! Which runlevel the host is in, as runlevel(8) says it.

use crate::os::root::Root;
use std::path::Path;

/// The present runlevel and the one before; `0` to `6`, `S`, `N` for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Runlevels {
    pub current: char,
    pub previous: Option<char>,
}

/// utmp(5): the size of a record on 64-bit machines, where only some keep the 32-bit layout.
const RECORD: usize = if cfg!(target_arch = "aarch64") { 400 } else { 384 };

/// The type of the record that init writes at each change of runlevel.
const RUN_LVL: i16 = 1;

/// What sysvinit writes for hosts whose utmp is missing or empty.
const FILES: [&str; 2] = ["/run/runlevel", "/var/run/runlevel"];

/// From rc's own environment (`RUNLEVEL`, given by the caller), which is right also while the level
/// changes; else from the record that init wrote, or from its file. `None` where none of them says.
pub fn runlevels(root: &Root, environment: Option<&str>) -> Option<Runlevels> {
    let mut chars = environment.unwrap_or_default().chars();
    if let (Some(current), None) = (chars.next(), chars.next())
        && is_level(current)
    {
        return Some(Runlevels { current, previous: None });
    }
    let files = ["/var/run/utmp", "/run/utmp"];
    let recorded = files.iter().find_map(|file| in_utmp(&root.read(Path::new(file), 16 << 20).ok()?));
    recorded.or_else(|| FILES.iter().find_map(|file| parse(&super::text(root, file)?)))
}

/// Has the host begun to go down: is it in runlevel 0 or 6?
#[must_use]
pub fn going_down(root: &Root) -> bool {
    matches!(runlevels(root, None).map(|levels| levels.current), Some('0' | '6'))
}

/// What runlevel(8) prints: `N 3`, previous and current; `unknown` is none.
#[must_use]
pub fn parse(said: &str) -> Option<Runlevels> {
    let level = |word: &str| word.chars().next().filter(|c| word.len() == 1 && is_level(*c));
    let mut words = said.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(current), None, None) => Some(Runlevels { current: level(current)?, previous: None }),
        (Some(previous), Some(current), None) => {
            Some(Runlevels { current: level(current)?, previous: level(previous) })
        }
        _ => None,
    }
}

/// A record begins with its type and, aligned to four bytes, the pid, which here holds the two
/// levels as characters.
fn in_utmp(bytes: &[u8]) -> Option<Runlevels> {
    bytes.chunks_exact(RECORD).find_map(|record| {
        let &[t0, t1, _, _, current, previous, _, _, ..] = record else { return None };
        let current = char::from(current);
        let previous = Some(char::from(previous)).filter(|level| is_level(*level));
        let found = i16::from_ne_bytes([t0, t1]) == RUN_LVL && is_level(current);
        found.then_some(Runlevels { current, previous })
    })
}

fn is_level(c: char) -> bool {
    matches!(c, '0'..='9' | 'S' | 's' | 'N')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_runlevel_prints() {
        assert_eq!(parse("N 3\n"), Some(Runlevels { current: '3', previous: Some('N') }));
        assert_eq!(parse("5\n"), Some(Runlevels { current: '5', previous: None }));
        for said in ["", "unknown\n", "N unknown", "3 5 6", "35"] {
            assert_eq!(parse(said), None, "{said}");
        }
    }

    #[test]
    fn reads_the_record_of_init() {
        let mut file = vec![0_u8; 3 * RECORD];
        // A login, then runlevel 6 after 2 (little end first, as on every machine that amr runs on).
        file[0] = 7;
        file[RECORD] = 1;
        file[RECORD + 4] = b'6';
        file[RECORD + 5] = b'2';
        assert_eq!(in_utmp(&file), Some(Runlevels { current: '6', previous: Some('2') }));
        file[RECORD + 5] = 0;
        assert_eq!(in_utmp(&file), Some(Runlevels { current: '6', previous: None }));
        assert_eq!(in_utmp(&file[..RECORD + 9]), None);
    }
}
