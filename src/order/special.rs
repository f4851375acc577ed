//! The units that systemd always has (systemd.special(7)) and that need no file under amr: on a
//! host without systemd they stand for facilities, rc scripts and runlevels. Pure.

use crate::unit::builtin;
use crate::unit::name::UnitName;

/// Known by name alone, beside the targets of [`builtin`]: nothing is done to start them.
const NAMES: [&str; 15] = [
    "-.mount",
    "-.slice",
    "cryptsetup-pre.target",
    "cryptsetup.target",
    "exit.target",
    "getty-pre.target",
    "getty.target",
    "init.scope",
    "kexec.target",
    "remote-cryptsetup.target",
    "sigpwr.target",
    // What journald passes on to a syslog daemon; without it the daemon has /dev/log.
    "syslog.socket",
    "system.slice",
    "user.slice",
    "veritysetup.target",
];

/// Is this a unit that needs no file?
#[must_use]
pub fn is_built_in(name: &UnitName) -> bool {
    NAMES.contains(&name.as_str()) || builtin::text(name).is_some() || builtin::alias(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_slices_and_aliases_need_no_file() {
        let known = |n| is_built_in(&UnitName::parse(n).unwrap());
        for n in NAMES {
            assert!(known(n), "{n}");
        }
        assert!(known("network.target") && known("default.target") && known("shutdown.target"));
        assert!(!known("amr.target") && !known("network.service"));
    }

    #[test]
    fn no_name_is_known_twice() {
        for n in NAMES {
            assert!(builtin::text(&UnitName::parse(n).unwrap()).is_none(), "{n}");
        }
    }
}
