//! How an init script is called: the name of the service in the path, and the verbs. Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The service that a script's path names, as called: `/etc/init.d/NAME` and
/// `/etc/rc.d/init.d/NAME` give NAME, `/etc/rc0.d/K30NAME` too. The letter and the digits go only
/// where the folder is `rc?.d`, as a service may itself be called S10foo. Links are not resolved:
/// rc looks for the lock under the link's name. `None` for a path without a name in UTF-8.
#[must_use]
pub fn service_name(path: &OsStr) -> Option<&str> {
    let bytes = path.as_bytes();
    let (folder, base) = match bytes.iter().rposition(|b| *b == b'/') {
        Some(slash) => bytes.split_at_checked(slash)?,
        None => ([].as_slice(), bytes),
    };
    let base = base.strip_prefix(b"/").unwrap_or(base);
    let folder = folder.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let in_rc = matches!(folder, [b'r', b'c', _, b'.', b'd']);
    let name = match base {
        [b'S' | b'K', b'0'..=b'9', b'0'..=b'9', name @ ..] if in_rc => name,
        name => name,
    };
    let name = std::str::from_utf8(name).ok()?;
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}

/// What an init script can be asked for (LSB, and RHEL's `condrestart`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `start`
    Start,
    /// `stop`
    Stop,
    /// `restart`
    Restart,
    /// `try-restart` and `condrestart`: restart if it runs.
    TryRestart,
    /// `reload`
    Reload,
    /// `force-reload`: reload, or restart where the service cannot.
    ForceReload,
    /// `status`
    Status,
}

impl Verb {
    /// Every verb with its spellings, the usual one first.
    const SPELLINGS: [(&'static str, Self); 8] = [
        ("start", Self::Start),
        ("stop", Self::Stop),
        ("restart", Self::Restart),
        ("try-restart", Self::TryRestart),
        ("condrestart", Self::TryRestart),
        ("reload", Self::Reload),
        ("force-reload", Self::ForceReload),
        ("status", Self::Status),
    ];

    /// The verb of a word, if it is one.
    #[must_use]
    pub fn parse(word: &OsStr) -> Option<Self> {
        Self::SPELLINGS.iter().find(|(s, _)| word == OsStr::new(s)).map(|(_, verb)| *verb)
    }

    /// Its usual spelling, which is systemctl's too (but for `force-reload`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::SPELLINGS.iter().find(|(_, verb)| *verb == self).map_or("status", |(s, _)| s)
    }

    /// The words for a usage line: `{start|stop|restart|…}`.
    #[must_use]
    pub fn usage() -> String {
        format!("{{{}}}", Self::SPELLINGS.map(|(s, _)| s).join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// sysv.md 7.1.
    #[test]
    fn names() {
        let name = |p: &str| service_name(OsStr::new(p)).map(str::to_owned);
        for (path, want) in [
            ("/etc/init.d/web", Some("web")),
            ("/etc/rc.d/init.d/web", Some("web")),
            ("/etc/rc0.d/K30web", Some("web")),
            ("/etc/rc.d/rc6.d/K30web", Some("web")),
            ("/etc/rcS.d/S01web", Some("web")),
            ("rc0.d/K30web", Some("web")),
            ("/etc/init.d/S10foo", Some("S10foo")),
            ("/etc/rc3.d/S10S10foo", Some("S10foo")),
            ("/etc/rc3.d/s10foo", Some("s10foo")),
            ("/etc/rc3.d/S1foo", Some("S1foo")),
            ("/etc/rc10.d/S10foo", Some("S10foo")),
            ("/etc/rc.d/S10foo", Some("S10foo")),
            ("web", Some("web")),
            ("/web", Some("web")),
            ("/etc/init.d/web server", Some("web server")),
            ("/etc/rc3.d/S10", None),
            ("/etc/init.d/", None),
            ("/etc/init.d/..", None),
            ("", None),
        ] {
            assert_eq!(name(path).as_deref(), want, "{path}");
        }
        assert_eq!(service_name(OsStr::from_bytes(b"/etc/init.d/\xff")), None);
    }

    #[test]
    fn verbs() {
        for (word, verb) in Verb::SPELLINGS {
            assert_eq!(Verb::parse(OsStr::new(word)), Some(verb));
            assert_eq!(Verb::parse(OsStr::new(verb.as_str())), Some(verb));
        }
        assert_eq!(Verb::parse(OsStr::new("Start")), None);
        assert_eq!(Verb::parse(OsStr::new("")), None);
        assert_eq!(Verb::TryRestart.as_str(), "try-restart");
        assert!(Verb::usage().starts_with("{start|stop|"));
    }
}
