//! systemd's special targets, for hosts on which they are not files. Pure.
//!
//! A SysV host has no network.target, yet units are ordered after it. Each target here is the text
//! of a unit file with the ordering of systemd's own, used only when the search path has no file of
//! that name; so a built-in is read by the same parser, and can have drop-ins.

use super::name::UnitName;

/// The text of a built-in unit.
#[must_use]
pub fn text(name: &UnitName) -> Option<&'static str> {
    TARGETS.iter().find(|(n, _)| *n == name.as_str()).map(|(_, text)| *text)
}

/// The main name of a built-in alias: default.target and the runlevels.
#[must_use]
pub fn alias(name: &UnitName) -> Option<UnitName> {
    ALIASES.iter().find(|(n, _)| *n == name.as_str()).and_then(|(_, to)| UnitName::parse(to).ok())
}

/// The built-in aliases of a unit.
#[must_use]
pub fn aliases_of(name: &UnitName) -> Vec<UnitName> {
    ALIASES
        .iter()
        .filter(|(_, to)| *to == name.as_str())
        .filter_map(|(n, _)| UnitName::parse(n).ok())
        .collect()
}

/// The names of all built-in units, aliases not among them.
pub fn names() -> impl Iterator<Item = UnitName> {
    TARGETS.iter().filter_map(|(n, _)| UnitName::parse(n).ok())
}

const ALIASES: [(&str, &str); 9] = [
    ("default.target", "multi-user.target"),
    ("ctrl-alt-del.target", "reboot.target"),
    ("runlevel0.target", "poweroff.target"),
    ("runlevel1.target", "rescue.target"),
    ("runlevel2.target", "multi-user.target"),
    ("runlevel3.target", "multi-user.target"),
    ("runlevel4.target", "multi-user.target"),
    ("runlevel5.target", "graphical.target"),
    ("runlevel6.target", "reboot.target"),
];

const TARGETS: [(&str, &str); 29] = [
    (
        "basic.target",
        "[Unit]\nDescription=Basic System\nRequires=sysinit.target\nWants=sockets.target timers.target paths.target\n\
         After=sysinit.target sockets.target paths.target\n",
    ),
    ("emergency.target", "[Unit]\nDescription=Emergency Mode\n"),
    (
        "final.target",
        "[Unit]\nDescription=Late Shutdown Services\nDefaultDependencies=no\nRefuseManualStart=yes\n\
         After=shutdown.target umount.target\n",
    ),
    (
        "graphical.target",
        "[Unit]\nDescription=Graphical Interface\nRequires=multi-user.target\nAfter=multi-user.target\n",
    ),
    (
        "halt.target",
        "[Unit]\nDescription=System Halt\nDefaultDependencies=no\nRequires=shutdown.target\n\
         After=shutdown.target umount.target final.target\n",
    ),
    (
        "local-fs-pre.target",
        "[Unit]\nDescription=Preparation for Local File Systems\nRefuseManualStart=yes\n",
    ),
    (
        "local-fs.target",
        "[Unit]\nDescription=Local File Systems\nDefaultDependencies=no\nConflicts=shutdown.target\n\
         After=local-fs-pre.target\n",
    ),
    (
        "multi-user.target",
        "[Unit]\nDescription=Multi-User System\nRequires=basic.target\nConflicts=rescue.target\n\
         After=basic.target rescue.target\n",
    ),
    ("network-online.target", "[Unit]\nDescription=Network is Online\nAfter=network.target\n"),
    ("network-pre.target", "[Unit]\nDescription=Preparation for Network\nRefuseManualStart=yes\n"),
    ("network.target", "[Unit]\nDescription=Network\nAfter=network-pre.target\nRefuseManualStart=yes\n"),
    ("nss-lookup.target", "[Unit]\nDescription=Host and Network Name Lookups\nRefuseManualStart=yes\n"),
    ("nss-user-lookup.target", "[Unit]\nDescription=User and Group Name Lookups\nRefuseManualStart=yes\n"),
    ("paths.target", "[Unit]\nDescription=Path Units\nDefaultDependencies=no\nConflicts=shutdown.target\n"),
    (
        "poweroff.target",
        "[Unit]\nDescription=System Power Off\nDefaultDependencies=no\nRequires=shutdown.target\n\
         After=shutdown.target umount.target final.target\n",
    ),
    (
        "reboot.target",
        "[Unit]\nDescription=System Reboot\nDefaultDependencies=no\nRequires=shutdown.target\n\
         After=shutdown.target umount.target final.target\n",
    ),
    (
        "remote-fs-pre.target",
        "[Unit]\nDescription=Preparation for Remote File Systems\nRefuseManualStart=yes\n",
    ),
    (
        "remote-fs.target",
        "[Unit]\nDescription=Remote File Systems\nDefaultDependencies=no\nConflicts=shutdown.target\n\
         After=remote-fs-pre.target\n",
    ),
    ("rescue.target", "[Unit]\nDescription=Rescue Mode\nRequires=sysinit.target\nAfter=sysinit.target\n"),
    ("rpcbind.target", "[Unit]\nDescription=RPC Port Mapper\nRefuseManualStart=yes\n"),
    (
        "shutdown.target",
        "[Unit]\nDescription=System Shutdown\nDefaultDependencies=no\nRefuseManualStart=yes\n",
    ),
    ("slices.target", "[Unit]\nDescription=Slice Units\nDefaultDependencies=no\nConflicts=shutdown.target\n"),
    (
        "sockets.target",
        "[Unit]\nDescription=Socket Units\nDefaultDependencies=no\nConflicts=shutdown.target\n",
    ),
    ("swap.target", "[Unit]\nDescription=Swaps\nDefaultDependencies=no\nConflicts=shutdown.target\n"),
    (
        "sysinit.target",
        "[Unit]\nDescription=System Initialization\nDefaultDependencies=no\nConflicts=shutdown.target\n\
         Wants=local-fs.target swap.target\nAfter=local-fs.target swap.target\n",
    ),
    ("time-set.target", "[Unit]\nDescription=System Time Set\nRefuseManualStart=yes\n"),
    (
        "time-sync.target",
        "[Unit]\nDescription=System Time Synchronized\nAfter=time-set.target\nWants=time-set.target\nRefuseManualStart=yes\n",
    ),
    ("timers.target", "[Unit]\nDescription=Timer Units\nDefaultDependencies=no\nConflicts=shutdown.target\n"),
    (
        "umount.target",
        "[Unit]\nDescription=Unmount All Filesystems\nDefaultDependencies=no\nRefuseManualStart=yes\n",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_valid_unique_targets() {
        let names: BTreeSet<_> = names().collect();
        assert_eq!(names.len(), TARGETS.len());
        for (name, to) in ALIASES {
            let name = UnitName::parse(name).unwrap();
            assert!(text(&name).is_none());
            assert!(text(&UnitName::parse(to).unwrap()).is_some(), "{to}");
            assert_eq!(alias(&name).unwrap().as_str(), to);
        }
    }

    #[test]
    fn what_a_built_in_refers_to_is_built_in_too() {
        for (name, text) in TARGETS {
            for word in text.lines().filter_map(|l| l.split_once('=')).filter(|(k, _)| *k != "Description") {
                for target in word.1.split_whitespace().filter(|w| w.ends_with(".target")) {
                    assert!(super::text(&UnitName::parse(target).unwrap()).is_some(), "{name}: {target}");
                }
            }
        }
    }
}
