//! What to do about an obstacle, in the words of the init that the host has. Pure.

use super::obstacle::{Header, Obstacle};
use super::step::{Init, span};
use std::time::Duration;

impl Obstacle {
    /// What to do about it for the service `name`; `hook` is the hook's K number where it has one.
    #[must_use]
    pub fn remedy(&self, name: &str, init: Init, hook: Option<u8>) -> String {
        let stem = name.strip_suffix(".service").unwrap_or(name);
        match self {
            Self::NotInstalled { .. } => "install it, or name another with --hook".to_owned(),
            Self::NoLock { expected } => {
                format!("start it (`service {stem} start`); the script must create '{expected}'")
            }
            Self::LockNamedOtherwise { expected, .. } => {
                format!("let the script create '{expected}', or rename the script and its links")
            }
            Self::NotExecutable { path } => format!("run `chmod 755 {path}`"),
            Self::NameFiltered { .. } => "rename the script, then run `amr chkconfig --add NAME`".to_owned(),
            Self::NoKillLink { .. } => no_kill_link(stem, init),
            Self::KillLinkInStartLevel { level } => {
                format!("if it should run there, run `amr chkconfig --level {level} {stem} on`")
            }
            Self::OlderKillLink { first, .. } => format!("remove '{first}' from /etc/rc0.d and /etc/rc6.d"),
            Self::LinkBroken { .. } => format!("run `amr chkconfig {stem} reset`"),
            Self::NotInDepend { .. } => {
                format!("run `amr enable {stem}` (a script of another's needs an LSB block first)")
            }
            Self::KilledFirst { by } => killed_first(stem, by, init),
            Self::NeverStarted => never_started(stem, init),
            Self::OneshotForgets | Self::NoExecStart => {
                "add ExecStart=/bin/true and RemainAfterExit=yes to [Service]".to_owned()
            }
            Self::StillStarting => "let ExecStart= end at once, e.g. ExecStart=/bin/true".to_owned(),
            Self::NoShutdownConflict => {
                "remove DefaultDependencies=no, or add Conflicts=shutdown.target and \
                 Before=shutdown.target"
                    .to_owned()
            }
            Self::Masked => format!("run `systemctl unmask {stem}`"),
            Self::HiddenByUnit { unit } => format!("set the hook up in '{unit}', or remove that file"),
            Self::GeneratedLimit { .. } => {
                "give it a unit file of its own, with TimeoutStopSec= as needed".to_owned()
            }
            Self::GeneratedOrder => {
                "give it a unit of its own with After= on what must outlive it".to_owned()
            }
            Self::StopLimitShort { needs, whole, .. } => longer_stop(*needs, *whole),
            Self::JobTimeout { needs, .. } => format!(
                "raise JobTimeoutSec= of poweroff.target and reboot.target above {}, or shorten the drain",
                span(*needs)
            ),
            Self::ProviderLimit { .. } => "use a lifecycle hook, or shorten the drain".to_owned(),
            Self::NetworkDownFirst { network, .. } => stop_later(network, stem, init, hook),
            Self::ShipperStopsFirst { shipper: other, header: Header::Right { linked }, .. }
            | Self::WriterStillRuns { writer: other, header: Header::Right { linked }, .. }
                if init == Init::RedHat =>
            {
                by_header(other, *linked)
            }
            Self::ShipperStopsFirst { shipper, .. } => stop_later(shipper, stem, init, hook),
            Self::StopsBesideRc { shipper, file, .. } => beside(shipper, file, stem, init),
            Self::WriterStillRuns { writer, .. } => stop_sooner(writer, stem, init, hook),
        }
    }
}

/// Its header says the right number: only the links are missing, or old.
fn by_header(other: &str, linked: bool) -> String {
    if linked {
        format!("run `amr chkconfig {other} resetpriorities`: its header asks for the right number")
    } else {
        format!("run `amr chkconfig --add {other}`: its header asks for the right number")
    }
}

/// rc has no say in it: a job of upstart's can be held back by another one, a line of inittab cannot.
fn beside(shipper: &str, file: &str, hook: &str, init: Init) -> String {
    if init == Init::RedHat && file != "/etc/inittab" {
        format!(
            "run `amr enable {hook}`, which makes a job of upstart's that holds {shipper} back, or give {shipper} \
             an init script in place of '{file}'"
        )
    } else {
        format!("give {shipper} an init script, and take it out of '{file}'")
    }
}

/// A limit above the drain's own, and below that of the whole shutdown: where there is none between, the drain
/// has to be shorter.
fn longer_stop(needs: Duration, whole: Option<Duration>) -> String {
    let seconds = needs.as_secs() + u64::from(needs.subsec_nanos() > 0);
    match whole {
        None => format!("set TimeoutStopSec={seconds} or more in [Service]"),
        Some(whole) if seconds < whole.as_secs() => {
            format!(
                "set TimeoutStopSec={seconds} or more, and less than {}, in [Service]: after {} systemd ends the \
                 whole shutdown",
                whole.as_secs(),
                span(whole)
            )
        }
        Some(whole) => format!(
            "let the drain need less than {0}, after which systemd ends the whole shutdown, and set TimeoutStopSec= \
             between the two in [Service]",
            span(whole)
        ),
    }
}

fn no_kill_link(stem: &str, init: Init) -> String {
    match init {
        Init::RedHat => format!("run `amr chkconfig --add {stem}`"),
        Init::Systemd => format!("run `amr chkconfig --level 06 {stem} off`"),
        Init::DebianNumbers | Init::DebianDepend => format!("run `amr enable {stem}`"),
    }
}

fn killed_first(stem: &str, by: &str, init: Init) -> String {
    match init {
        Init::RedHat | Init::DebianNumbers | Init::Systemd => {
            format!("give it a lower K number than '{by}'")
        }
        Init::DebianDepend => format!(
            "put $remote_fs into its Required-Stop:, which '{by}' waits for, and run `update-rc.d {stem} defaults`"
        ),
    }
}

fn never_started(stem: &str, init: Init) -> String {
    match init {
        Init::Systemd => format!("run `systemctl enable {stem}` and `systemctl start {stem}`"),
        Init::RedHat => format!("run `amr chkconfig {stem} on` and `service {stem} start`"),
        Init::DebianNumbers | Init::DebianDepend => {
            format!("run `amr enable {stem}` and `service {stem} start`")
        }
    }
}

/// `other` must stop behind the hook.
fn stop_later(other: &str, hook: &str, init: Init, number: Option<u8>) -> String {
    match init {
        Init::Systemd => format!("put After={} into [Unit] of {hook}.service", unit(other)),
        Init::RedHat => numbers(other, hook, "above", number),
        Init::DebianNumbers => format!("rename its links so that {other} has a K number above {hook}'s"),
        Init::DebianDepend => format!(
            "put {other} into Required-Start: and Required-Stop: of {hook}, and run `update-rc.d {hook} defaults`"
        ),
    }
}

/// `other` must stop before the hook.
fn stop_sooner(other: &str, hook: &str, init: Init, number: Option<u8>) -> String {
    match init {
        Init::Systemd => format!("put Before={} into [Unit] of {hook}.service", unit(other)),
        Init::RedHat => numbers(other, hook, "below", number),
        Init::DebianNumbers => format!("rename its links so that {other} has a K number below {hook}'s"),
        Init::DebianDepend => format!(
            "put {hook} into Should-Start: and Should-Stop: of {other}, and run `update-rc.d {other} defaults`"
        ),
    }
}

fn numbers(other: &str, hook: &str, side: &str, number: Option<u8>) -> String {
    let Some(number) = number else { return format!("give {hook} its K links first") };
    format!(
        "write a '# chkconfig: LEVELS START STOP' line with a STOP number {side} {number} into \
         '/etc/chkconfig.d/{other}', then run `amr chkconfig {other} resetpriorities`"
    )
}

/// Services are named without their suffix.
fn unit(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.service") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_asked_for_that_the_whole_shutdown_would_cut() {
        let whole = Duration::from_secs(1800);
        for needs in (0..8_000).map(|halves| Duration::from_millis(halves * 500)) {
            let said = longer_stop(needs, Some(whole));
            let asked: Option<u64> =
                said.split_once("TimeoutStopSec=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
            assert_eq!(asked.is_some(), needs <= Duration::from_secs(1799), "{said}");
            assert!(asked.is_none_or(|asked| asked < 1800 && Duration::from_secs(asked) >= needs), "{said}");
        }
        assert!(longer_stop(whole, None).starts_with("set TimeoutStopSec=1800 or more in"));
    }
}
