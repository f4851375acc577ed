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

/// From rc's own environment (`RUNLEVEL`, given by the caller), which is right also while the level
/// changes; else from the record that init wrote. `None` where neither says.
pub fn runlevels(root: &Root, environment: Option<&str>) -> Option<Runlevels> {
    let mut chars = environment.unwrap_or_default().chars();
    if let (Some(current), None) = (chars.next(), chars.next())
        && is_level(current)
    {
        return Some(Runlevels { current, previous: None });
    }
    let files = ["/var/run/utmp", "/run/utmp"];
    files.iter().find_map(|file| in_utmp(&root.read(Path::new(file), 16 << 20).ok()?))
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
