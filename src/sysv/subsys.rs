//! What RHEL's rc runs and what it silently skips: the lock in `/var/lock/subsys`, the
//! executable bit, and names that look like backups (rc of initscripts 9.03). Pure.

use super::links::{Link, LinkAction};

/// The folder of the locks. Debian has none, and amr does not make it there.
pub const FOLDER: &str = "/var/lock/subsys";

/// The two names that rc looks for; the script must make the first.
#[must_use]
pub fn lock_names(service: &str) -> [String; 2] {
    [service.to_owned(), format!("{service}.init")]
}

/// The name of the lock that a shell script makes, as far as its text says: the first
/// `/var/lock/subsys/NAME`, where NAME may be `$var` or `${var}` with a plain assignment `var=word` above.
#[must_use]
pub fn lock_written(script: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(script);
    let folder = format!("{FOLDER}/");
    let code = text.lines().filter(|l| !l.trim_start().starts_with('#'));
    code.filter_map(|l| l.split_once(&folder)).find_map(|(_, rest)| {
        let word = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let plain = |s: &str| {
            let name: String = s.chars().take_while(|c| word(*c)).collect();
            (!name.is_empty()).then_some(name)
        };
        let Some(variable) = rest.strip_prefix('$') else { return plain(rest) };
        let variable = variable.strip_prefix('{').unwrap_or(variable);
        let variable: String =
            variable.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let value = text.lines().find_map(|l| {
            let (name, value) = l.trim_start().split_once('=')?;
            (name == variable).then(|| value.trim_start_matches(['"', '\'']).to_owned())
        })?;
        plain(&value)
    })
}

/// What rc finds when it comes to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// One of [`lock_names`] is a regular file.
    pub locked: bool,
    /// The link leads to something that is executable.
    pub executable: bool,
}

/// Why rc passes a link over without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skipped {
    /// A K link, and no lock under the link's name: rc takes the service to be down.
    NoLock,
    /// An S link, and a lock is there: rc takes the service to be up.
    AlreadyLocked,
    /// The script is not executable.
    NotExecutable,
    /// The name ends as a backup's does.
    BackupName,
}

/// Would rc skip this link, and why?
#[must_use]
pub fn skipped(link: &Link, facts: Facts) -> Option<Skipped> {
    match (link.turn, facts.locked) {
        (LinkAction::Stop, false) => return Some(Skipped::NoLock),
        (LinkAction::Start, true) => return Some(Skipped::AlreadyLocked),
        (LinkAction::Stop, true) | (LinkAction::Start, false) => {}
    }
    if !facts.executable {
        return Some(Skipped::NotExecutable);
    }
    is_backup(&link.name.to_string_lossy()).then_some(Skipped::BackupName)
}

/// The endings that rc's `is_ignored_file` knows.
fn is_backup(name: &str) -> bool {
    ["~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"].iter().any(|end| name.ends_with(end))
}

/// Which locked services `S00killall` still stops, late, after all K links: those with a script
/// but without a K link in that runlevel; `network` is left alone.
#[must_use]
pub fn stopped_by_killall<'a>(locked: &'a [String], stopped: &[String], scripts: &[String]) -> Vec<&'a str> {
    locked
        .iter()
        .filter(|lock| *lock != "network" && !stopped.contains(lock) && scripts.contains(lock))
        .map(String::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::level::Priority;

    fn link(turn: LinkAction, name: &str) -> Link {
        Link { turn, priority: Priority::MIDDLE, name: name.into() }
    }

    /// sysv.md 2.1.
    #[test]
    fn what_rc_skips() {
        let facts = |locked, executable| Facts { locked, executable };
        let stop = link(LinkAction::Stop, "web");
        assert_eq!(skipped(&stop, facts(true, true)), None);
        assert_eq!(skipped(&stop, facts(false, true)), Some(Skipped::NoLock));
        assert_eq!(skipped(&stop, facts(true, false)), Some(Skipped::NotExecutable));
        let start = link(LinkAction::Start, "web");
        assert_eq!(skipped(&start, facts(false, true)), None);
        assert_eq!(skipped(&start, facts(true, true)), Some(Skipped::AlreadyLocked));
        for name in ["web~", "web.bak", "web.rpmsave"] {
            assert_eq!(
                skipped(&link(LinkAction::Start, name), facts(false, true)),
                Some(Skipped::BackupName)
            );
        }
        assert_eq!(lock_names("web"), ["web", "web.init"]);
    }

    /// sysv.md 2.2.
    #[test]
    fn killall() {
        let v = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let locked = v(&["network", "web", "hook", "gone"]);
        assert_eq!(stopped_by_killall(&locked, &v(&["web"]), &v(&["network", "web", "hook"])), ["hook"]);
    }

    #[test]
    fn the_lock_that_a_script_makes() {
        let lock = |text: &str| lock_written(text.as_bytes());
        assert_eq!(lock("# /var/lock/subsys/no\ntouch /var/lock/subsys/god\n").as_deref(), Some("god"));
        let var = "prog=\"filebeat-god\"\nlockfile=/var/lock/subsys/$prog\n";
        assert_eq!(lock(var).as_deref(), Some("filebeat-god"));
        assert_eq!(lock("x='a b'\ntouch \"/var/lock/subsys/${x}\"\n").as_deref(), Some("a"));
        assert_eq!(lock("touch /var/lock/subsys/$(basename $0)\n"), None);
        assert_eq!(lock("echo hello\n"), None);
    }
}
