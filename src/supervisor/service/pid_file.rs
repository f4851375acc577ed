//! Is /var/run/NAME.pid the service's own affair? amr writes it for other people's tools; where the program
//! looks there for an instance of itself, it would find itself and end. A program of which that
//! is not known has the time to look before amr writes it (`run/files.rs`).
//!
//! Pure.

use crate::unit::model::{ExecCommand, Service};
use std::path::Path;

/// Programs that have such a file without being told, by what is before `.pid`.
const KNOWN: [(&str, &str); 20] = [
    ("acpid", "acpid"),
    ("atd", "atd"),
    ("auditd", "auditd"),
    ("chronyd", "chronyd"),
    ("crond", "crond"),
    ("cron", "crond"),
    ("dhcpd", "dhcpd"),
    ("dnsmasq", "dnsmasq"),
    ("dockerd", "docker"),
    ("docker", "docker"),
    ("gpm", "gpm"),
    ("keepalived", "keepalived"),
    ("libvirtd", "libvirtd"),
    ("monit", "monit"),
    ("nginx", "nginx"),
    ("proftpd", "proftpd"),
    ("pure-ftpd", "pure-ftpd"),
    ("rsyslogd", "rsyslogd"),
    ("squid", "squid"),
    ("sshd", "sshd"),
];

/// Does the unit's own program keep `NAME.pid` in /var/run? It does where the unit says so by `PIDFile=`, where
/// a command or a variable names the file, or where the program is known to.
#[must_use]
pub fn is_the_programs(service: &Service, name: &str) -> bool {
    let file = format!("{name}.pid");
    let is_it = |path: &str| Path::new(path).file_name().is_some_and(|last| last == file.as_str());
    let in_run = |path: &str| {
        let above = Path::new(path).parent();
        is_it(path) && above.is_some_and(|dir| dir == Path::new("/run") || dir == Path::new("/var/run"))
    };
    let e = &service.exec;
    let commands = || e.start.iter().chain(&e.start_pre).chain(&e.condition);
    let mentions =
        |text: &str| ["/run/", "/var/run/"].iter().any(|dir| text.contains(&format!("{dir}{file}")));
    service.pid_file.as_deref().is_some_and(in_run)
        || commands().flat_map(|command| &command.argv).any(|word| mentions(word))
        || service.context.environment.set.iter().any(|(_, value)| mentions(value))
        || e.start.iter().any(|command| is_known(command, name))
}

fn is_known(command: &ExecCommand, name: &str) -> bool {
    let program = Path::new(&command.path).file_name().and_then(|last| last.to_str());
    KNOWN.iter().any(|(known, stem)| program == Some(known) && *stem == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::build::{Input, build};
    use crate::unit::merge::Source;
    use crate::unit::model::Body;
    use crate::unit::name::UnitName;
    use crate::unit::specifier::Facts;

    fn is_theirs(lines: &str, name: &str) -> bool {
        let text = format!("[Service]\n{lines}\n");
        let input = Input {
            name: UnitName::parse("x.service").unwrap(),
            aliases: Vec::new(),
            fragment: Some("/u".into()),
            dropins: Vec::new(),
            sources: vec![Source::new(Path::new("/u"), text.as_bytes())],
            links: Vec::new(),
        };
        let Body::Service(service) = build(input, &Facts::default()).body else { panic!("a service") };
        is_the_programs(&service, name)
    }

    #[test]
    fn by_the_unit_or_by_the_program() {
        assert!(is_theirs("ExecStart=/bin/x\nPIDFile=/run/x.pid", "x"));
        assert!(is_theirs("ExecStart=/bin/x --pid=/var/run/x.pid", "x"));
        assert!(is_theirs("ExecStart=/bin/sh -c 'echo > /run/x.pid; exec x'", "x"));
        assert!(is_theirs("Environment=PIDFILE=/run/x.pid\nExecStart=/bin/x", "x"));
        assert!(is_theirs("ExecStart=/usr/sbin/crond -n", "crond"));
        assert!(is_theirs("ExecStart=@/usr/bin/dockerd docker", "docker"));
    }

    #[test]
    fn others_have_none() {
        assert!(!is_theirs("ExecStart=/bin/x\nPIDFile=/run/x/x.pid", "x"));
        assert!(!is_theirs("ExecStart=/bin/x\nPIDFile=/run/y.pid", "x"));
        assert!(!is_theirs("ExecStart=/bin/x --pid=/run/x/x.pid", "x"));
        assert!(!is_theirs("ExecStart=/usr/sbin/crond -n", "cron"));
        assert!(!is_theirs("ExecStart=/bin/sleep 1", "sleep"));
    }
}
