//! How each family's init scripts talk: RHEL's `functions` and Debian's `init-functions`.
//!
//! Pure: strings in, strings out. Source: RHEL 6 /etc/init.d/functions (success, failure, status),
//! Debian lsb-base /lib/lsb/init-functions (log_daemon_msg, log_end_msg, status_of_proc).

use super::exit::{Class, Running};

/// Whose sentences to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `Starting x: [  OK  ]`
    RedHat,
    /// `Starting X: x.`
    Debian,
}

/// Where the words go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A terminal with colours and columns.
    Terminal,
    /// A file, a pipe or a serial console.
    Plain,
}

/// What is reported of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// `Starting`
    Start,
    /// `Stopping`
    Stop,
    /// `Reloading`
    Reload,
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "Starting",
            Self::Stop => "Stopping",
            Self::Reload => "Reloading",
        }
    }
}

/// One finished job, line end included.
#[must_use]
pub fn job(dialect: Dialect, stage: Stage, act: Act, name: &str, description: &str, good: bool) -> String {
    match dialect {
        Dialect::RedHat => format!("{} {name}: {}\n", act.word(), bracket(stage, good)),
        Dialect::Debian => {
            let end = if good { "." } else { " failed!" };
            let what = if description.is_empty() { name } else { description };
            format!("{} {what}: {name}{end}\n", act.word())
        }
    }
}

/// RHEL's `success` and `failure`: at column 60 and in colour on a terminal.
fn bracket(stage: Stage, good: bool) -> String {
    let (colour, word) = if good { ("0;32", "  OK  ") } else { ("0;31", "FAILED") };
    match stage {
        Stage::Terminal => format!("\x1b[60G[\x1b[{colour}m{word}\x1b[0;39m]\r"),
        Stage::Plain => format!("[{word}]\r"),
    }
}

/// The sentence of `status` for one service.
#[must_use]
pub fn status(dialect: Dialect, name: &str, running: Running, pid: Option<u32>) -> String {
    match dialect {
        Dialect::RedHat => match (running, pid) {
            (Running::Yes, Some(pid)) => format!("{name} (pid  {pid}) is running...\n"),
            (Running::Yes, None) => format!("{name} is running...\n"),
            (Running::DeadPidFile, _) => format!("{name} dead but pid file exists\n"),
            (Running::DeadLocked, _) => format!("{name} dead but subsys locked\n"),
            (Running::No, _) => format!("{name} is stopped\n"),
            (Running::Unknown, _) => format!("{name} status unknown due to insufficient privileges.\n"),
        },
        Dialect::Debian => match running {
            Running::Yes => format!("{name} is running.\n"),
            Running::DeadPidFile | Running::DeadLocked | Running::No => {
                format!("{name} is not running ... failed!\n")
            }
            Running::Unknown => format!("could not access the state of {name} ... failed!\n"),
        },
    }
}

/// What is said to a verb that is none, and what that is.
#[must_use]
pub fn usage(dialect: Dialect, path: &str, members: &[String]) -> (String, Class) {
    let verbs = "start|stop|restart|try-restart|condrestart|reload|force-reload|status";
    let tail = if members.is_empty() { String::new() } else { format!(" [{}]...", members.join("|")) };
    let class = match dialect {
        Dialect::RedHat => Class::Usage,
        Dialect::Debian => Class::Unimplemented,
    };
    (format!("Usage: {path} {{{verbs}}}{tail}\n"), class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redhat_sentences() {
        let d = Dialect::RedHat;
        assert_eq!(job(d, Stage::Plain, Act::Start, "amr-mqtt", "", true), "Starting amr-mqtt: [  OK  ]\r\n");
        assert_eq!(
            job(d, Stage::Terminal, Act::Stop, "x", "", false),
            "Stopping x: \x1b[60G[\x1b[0;31mFAILED\x1b[0;39m]\r\n"
        );
        assert_eq!(status(d, "amr-system", Running::Yes, Some(123)), "amr-system (pid  123) is running...\n");
        assert_eq!(status(d, "x", Running::DeadPidFile, None), "x dead but pid file exists\n");
        assert_eq!(status(d, "x", Running::DeadLocked, None), "x dead but subsys locked\n");
        assert_eq!(status(d, "x", Running::No, None), "x is stopped\n");
    }

    #[test]
    fn debian_sentences() {
        let d = Dialect::Debian;
        assert_eq!(job(d, Stage::Plain, Act::Start, "x", "The X", true), "Starting The X: x.\n");
        assert_eq!(job(d, Stage::Plain, Act::Stop, "x", "", false), "Stopping x: x failed!\n");
        assert_eq!(status(d, "x", Running::Yes, Some(1)), "x is running.\n");
        assert_eq!(usage(d, "/etc/init.d/x", &[]).1, Class::Unimplemented);
        assert_eq!(usage(Dialect::RedHat, "/etc/init.d/x", &["y".into()]).1, Class::Usage);
    }
}
