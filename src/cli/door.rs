//! Which door a call comes through, by argv alone, and what the doors read of the environment.

use crate::cli::handover::HandOverEnv;
use crate::os::ids;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The door, with what stands behind its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// An init script: `amr initd PATH VERB ...`.
    Init(Vec<OsString>),
    /// A script whose lines end in CR LF, as the kernel hands it over: `amr 'initd\r' PATH VERB`.
    CarriageReturn(Vec<OsString>),
    /// `amr chkconfig ...`, or called as `chkconfig` and its kin; the name comes first.
    Chkconfig(String, Vec<OsString>),
    /// A supervisor: the descriptor of its plan.
    Supervise(Vec<OsString>),
    /// A person.
    Hand(Vec<OsString>),
}

/// In the environment of the process that does what a command with `--no-wait` was asked for: others see its jobs
/// already.
pub const NOTED: &str = "AMR_NOTED";

/// Names under which amr is chkconfig.
const CHKCONFIG: [&str; 4] = ["chkconfig", "install_initd", "remove_initd", "systemd-sysv-install"];

/// Decides. `initd --print` is a person's.
#[must_use]
pub fn decide(argv: Vec<OsString>) -> Door {
    let called =
        argv.first().map(|a| a.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default().to_vec());
    let called = called.map(|c| String::from_utf8_lossy(&c).into_owned()).unwrap_or_default();
    let rest = || argv.iter().skip(1).cloned().collect::<Vec<_>>();
    if CHKCONFIG.contains(&called.as_str()) {
        return Door::Chkconfig(called, rest());
    }
    let behind = || argv.iter().skip(2).cloned().collect::<Vec<_>>();
    let option = |word: Option<&OsString>| word.is_some_and(|w| w.as_bytes().starts_with(b"-"));
    if let [_, root, dir, word, words @ ..] = argv.as_slice()
        && root == "--root"
        && word == "chkconfig"
    {
        let words = [root, dir].into_iter().chain(words).cloned().collect();
        return Door::Chkconfig("chkconfig".to_owned(), words);
    }
    match argv.get(1).map(|w| w.as_bytes()) {
        Some(b"initd") if !option(argv.get(2)) => Door::Init(behind()),
        Some(b"initd\r") => Door::CarriageReturn(behind()),
        Some(b"chkconfig") => Door::Chkconfig("chkconfig".to_owned(), behind()),
        Some(b"supervise") => Door::Supervise(behind()),
        Some(_) | None => Door::Hand(argv),
    }
}

/// Verbs of the hand door that start, stop or reach supervisors.
const JOBS: [&str; 9] =
    ["start", "stop", "restart", "try-restart", "reload", "kill", "reset-failed", "run", "reaction"];

impl Door {
    /// Does the call start, stop or reach supervisors? By argv alone, before anything is parsed: a word
    /// that is not the verb may count, too.
    #[must_use]
    pub fn has_jobs(&self) -> bool {
        match self {
            Self::Init(_) | Self::Supervise(_) => true,
            Self::Hand(argv) => argv.iter().skip(1).any(|word| JOBS.iter().any(|verb| word == verb)),
            Self::Chkconfig(..) | Self::CarriageReturn(_) => false,
        }
    }
}

/// What is read of the environment, here and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerEnv {
    /// `AMR_FEATURES`: features of the kernel to do without, for tests.
    pub switches: Option<String>,
    /// `SYSTEMD_UNIT_PATH`; the hand door alone looks at it.
    pub unit_path: Option<String>,
    /// [`NOTED`] is set.
    pub noted: bool,
    /// `SYSTEMCTL_SKIP_REDIRECT`, `SYSTEMCTL_IGNORE_DEPENDENCIES`.
    pub hand_over: HandOverEnv,
    /// `RUNLEVEL`, as rc sets it.
    pub runlevel: Option<String>,
    /// `JOURNAL_STREAM`: the device and inode of the journal's stream (systemd 231).
    pub journal: Option<String>,
    /// `AMR_LOG`.
    pub log: Option<String>,
    /// `NOTIFY_SOCKET`: where a service manager hears what its service does.
    pub notify: Option<String>,
    /// The parent's pid.
    pub parent: i32,
}

impl CallerEnv {
    /// Reads them.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // the one place
    pub fn read() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| v.as_os_str() != OsStr::new(""));
        Self {
            switches: var("AMR_FEATURES"),
            unit_path: var("SYSTEMD_UNIT_PATH"),
            noted: var(NOTED).is_some(),
            hand_over: HandOverEnv {
                skip: set("SYSTEMCTL_SKIP_REDIRECT"),
                ignore_dependencies: set("SYSTEMCTL_IGNORE_DEPENDENCIES"),
            },
            runlevel: var("RUNLEVEL"),
            log: var("AMR_LOG"),
            journal: var("JOURNAL_STREAM"),
            notify: var("NOTIFY_SOCKET"),
            parent: ids::parent_pid(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(words: &[&str]) -> Door {
        decide(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn argv_decides() {
        let words = |w: &[&str]| w.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(
            door(&["/usr/sbin/amr", "initd", "/etc/init.d/x", "start"]),
            Door::Init(words(&["/etc/init.d/x", "start"]))
        );
        assert_eq!(door(&["amr", "initd"]), Door::Init(vec![]));
        assert_eq!(door(&["amr", "initd\r", "x"]), Door::CarriageReturn(words(&["x"])));
        assert!(matches!(door(&["amr", "initd", "--print", "x"]), Door::Hand(_)));
        assert_eq!(
            door(&["/sbin/chkconfig", "--list"]),
            Door::Chkconfig("chkconfig".into(), words(&["--list"]))
        );
        assert_eq!(
            door(&["amr", "chkconfig", "x", "on"]),
            Door::Chkconfig("chkconfig".into(), words(&["x", "on"]))
        );
        assert_eq!(
            door(&["amr", "--root", "/x", "chkconfig", "web"]),
            Door::Chkconfig("chkconfig".into(), words(&["--root", "/x", "web"]))
        );
        assert!(matches!(door(&["amr", "status"]), Door::Hand(_)));
        assert!(matches!(door(&["amr"]), Door::Hand(_)));
        assert!(matches!(door(&[]), Door::Hand(_)));
        let jobs = |words: &[&str]| door(words).has_jobs();
        assert!(
            jobs(&["amr", "initd", "/etc/init.d/x", "start"]) && jobs(&["amr", "--root", "/x", "stop", "x"])
        );
        assert!(!jobs(&["amr", "drain", "filebeat"]) && !jobs(&["start"]));
    }
}
