//! The units that systemd always has (systemd.special(7)) and that need no file under amr: on a
//! host without systemd they stand for facilities, rc scripts and runlevels. Pure.

use crate::unit::name::UnitName;

/// Names that are known without a file. They load, have no commands and no edges of their own.
const BUILT_IN: [&str; 47] = [
    "-.mount",
    "-.slice",
    "basic.target",
    "cryptsetup-pre.target",
    "cryptsetup.target",
    "ctrl-alt-del.target",
    "default.target",
    "emergency.target",
    "exit.target",
    "final.target",
    "getty-pre.target",
    "getty.target",
    "graphical.target",
    "halt.target",
    "init.scope",
    "kexec.target",
    "local-fs-pre.target",
    "local-fs.target",
    "multi-user.target",
    "network-online.target",
    "network-pre.target",
    "network.target",
    "nss-lookup.target",
    "nss-user-lookup.target",
    "paths.target",
    "poweroff.target",
    "reboot.target",
    "remote-cryptsetup.target",
    "remote-fs-pre.target",
    "remote-fs.target",
    "rescue.target",
    "rpcbind.target",
    "runlevel0.target",
    "runlevel6.target",
    "shutdown.target",
    "sigpwr.target",
    "slices.target",
    "sockets.target",
    "swap.target",
    "sysinit.target",
    "system.slice",
    "time-set.target",
    "time-sync.target",
    "timers.target",
    "umount.target",
    "user.slice",
    "veritysetup.target",
];

/// Is this a unit that needs no file?
#[must_use]
pub fn is_built_in(name: &UnitName) -> bool {
    BUILT_IN.binary_search(&name.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_name_is_valid() {
        assert!(BUILT_IN.is_sorted());
        for n in BUILT_IN {
            assert!(is_built_in(&UnitName::parse(n).unwrap()), "{n}");
        }
        assert!(!is_built_in(&UnitName::parse("amr.target").unwrap()));
    }
}
