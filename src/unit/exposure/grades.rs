//! How an item is looked at: what the unit asks for, as a grade and in words.

use super::Grade;
use crate::unit::cgroup::devices::Policy;
use crate::unit::exec::mounts::{ProtectHome, ProtectSystem};
use crate::unit::exec::process::Keyring;
use crate::unit::exec::syscalls::Sense;
use crate::unit::model::{NotifyAccess, Service, Unit};
use crate::unit::value::{address_family, capability, syscall};

/// Which families.
#[derive(Clone, Copy, Debug)]
pub(super) enum Families {
    These(&'static [&'static str]),
    /// All that no other item is about.
    Others,
}

/// Those that items of their own are about.
const KNOWN: [&str; 5] = ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"];

/// Has it none of these capabilities?
pub(super) fn lacks(s: &Service, names: &[&str]) -> bool {
    let all = s.context.capabilities.bounding_set.unwrap_or(u64::MAX);
    names.iter().all(|name| capability::bit(&format!("CAP_{name}")).is_some_and(|bit| all & bit == 0))
}

/// Are namespaces of this kind refused to it?
pub(super) fn may_not_make(s: &Service, flag: u32) -> bool {
    s.context.system_calls.namespaces.is_some_and(|allowed| allowed & flag == 0)
}

/// Are sockets of these families refused to it? Of the rare ones one that is named stands for all, as with systemd.
pub(super) fn refuses(s: &Service, which: Families) -> bool {
    let families = &s.context.system_calls.families;
    let is_known = |number: u32| KNOWN.iter().any(|name| address_family::parse(name) == Some(number));
    let named = match which {
        Families::These(names) => names
            .iter()
            .filter_map(|name| address_family::parse(name))
            .any(|number| families.listed.contains(&number)),
        Families::Others => families.listed.iter().any(|number| !is_known(*number)),
    };
    (families.sense == Some(Sense::These)) != named
}

/// Are all calls of a group refused to it?
pub(super) fn calls(s: &Service, group: &str, processor: &str) -> (Grade, String) {
    let filter = &s.context.system_calls.filter;
    let listed = filter.resolved();
    let these = filter.sense == Some(Sense::These);
    let is_listed = |call: &str| listed.get(call).is_some_and(|refusal| !(these && refusal.is_some()));
    if !these && listed.is_empty() {
        return grade(10, 10, "can make every system call");
    }
    let members = syscall::members(group);
    // What this processor's own programs cannot call is no matter.
    let here = syscall::Arch::local(processor);
    let own = here.last().map(|arch| syscall::numbers(&members, *arch)).unwrap_or_default();
    match own.into_iter().map(|(call, _)| call).find(|call| is_listed(call) == these) {
        Some(call) => {
            grade(if these { 9 } else { 10 }, 10, &format!("can make calls of {group}, such as {call}"))
        }
        None => grade(0, 10, &format!("cannot make calls of {group}")),
    }
}

fn grade(is: u64, of: u64, what: &str) -> (Grade, String) {
    (Grade { is, of }, what.to_owned())
}

fn is_root(s: &Service) -> bool {
    match s.context.identity.user.as_deref() {
        Some("root" | "0") => true,
        Some("") | None => !s.context.identity.dynamic,
        Some(_) => false,
    }
}

pub(super) fn user(_: &Unit, s: &Service) -> (Grade, String) {
    let identity = &s.context.identity;
    if identity.user.as_deref() == Some("nobody") {
        grade(9, 10, "runs as 'nobody', as others do that nobody gave a user")
    } else if is_root(s) {
        grade(10, 10, "runs as root")
    } else if identity.dynamic {
        grade(0, 10, "runs as a user that is there for it alone")
    } else {
        grade(0, 10, "runs as a user that is not root")
    }
}

pub(super) fn no_other_groups(s: &Service) -> Option<bool> {
    (!is_root(s)).then_some(s.context.identity.supplementary_groups.is_empty())
}

pub(super) fn removes_ipc(s: &Service) -> Option<bool> {
    (!is_root(s)).then_some(s.context.identity.remove_ipc)
}

/// Also where something else gives it a view of its own.
pub(super) fn own_mounts(s: &Service) -> Option<bool> {
    let (c, mounts) = (&s.context, &s.context.mounts);
    let switches = [
        "PrivateMounts",
        "PrivateDevices",
        "ProtectControlGroups",
        "ProtectKernelTunables",
        "ProtectKernelModules",
    ];
    let protects = mounts.home != ProtectHome::No || mounts.system != ProtectSystem::No;
    Some(switches.iter().any(|name| c.is_on(name)) || mounts.private_tmp || protects)
}

pub(super) fn own_tmp(s: &Service) -> Option<bool> {
    Some(s.context.mounts.private_tmp)
}

pub(super) fn own_root(s: &Service) -> Option<bool> {
    Some(s.context.mounts.root().is_some())
}

pub(super) fn no_new_privileges(s: &Service) -> Option<bool> {
    Some(s.context.capabilities.no_new_privileges)
}

pub(super) fn own_keyring(s: &Service) -> Option<bool> {
    Some(s.context.process.keyring == Keyring::Private)
}

pub(super) fn only_processes(s: &Service) -> Option<bool> {
    Some(s.context.mounts.only_processes)
}

pub(super) fn main_reports(s: &Service) -> Option<bool> {
    Some(s.notify_access != NotifyAccess::All)
}

pub(super) fn no_ambient(s: &Service) -> Option<bool> {
    Some(s.context.capabilities.ambient == 0)
}

pub(super) fn home(_: &Unit, s: &Service) -> (Grade, String) {
    match s.context.mounts.home {
        ProtectHome::No => grade(10, 10, "can read and write home directories"),
        ProtectHome::ReadOnly => grade(5, 10, "can read home directories"),
        ProtectHome::Tmpfs => grade(1, 10, "sees empty home directories"),
        ProtectHome::Yes => grade(0, 10, "cannot see home directories"),
    }
}

pub(super) fn system(_: &Unit, s: &Service) -> (Grade, String) {
    match s.context.mounts.system {
        ProtectSystem::No => grade(10, 10, "can write all of the system"),
        ProtectSystem::Yes => grade(5, 10, "cannot write /usr and /boot"),
        ProtectSystem::Full => grade(3, 10, "cannot write /usr, /boot and /etc"),
        ProtectSystem::Strict => grade(0, 10, "can write nothing but what it is given"),
    }
}

pub(super) fn umask(_: &Unit, s: &Service) -> (Grade, String) {
    let umask = s.context.process.umask;
    let rules = [
        (0o002, 10, "written by everybody"),
        (0o004, 5, "read by everybody"),
        (0o020, 2, "written by its group"),
        (0o040, 1, "read by its group"),
    ];
    match rules.iter().find(|(bit, ..)| umask & bit == 0) {
        Some((_, is, whom)) => grade(*is, 10, &format!("makes files that can be {whom}")),
        None => grade(0, 10, "makes files that its own user alone can open"),
    }
}

pub(super) fn proc(_: &Unit, s: &Service) -> (Grade, String) {
    match s.context.mounts.proc.as_deref() {
        Some("invisible" | "ptraceable") => grade(0, 3, "cannot see the processes of others"),
        Some("noaccess") => grade(1, 3, "sees that processes of others are there"),
        Some(_) | None => grade(3, 3, "can see the processes of others"),
    }
}

pub(super) fn architectures(_: &Unit, s: &Service) -> (Grade, String) {
    let set = &s.context.system_calls.architectures;
    match (set.is_empty(), set.len() == 1 && set.contains("native")) {
        (true, _) => grade(10, 10, "can make system calls of every kind of program"),
        (false, true) => grade(0, 10, "can make system calls of this processor's own kind alone"),
        (false, false) => grade(8, 10, "can make system calls of several kinds of programs"),
    }
}

pub(super) fn devices(_: &Unit, s: &Service) -> (Grade, String) {
    let devices = &s.resources.devices;
    match (devices.policy, devices.allow.is_empty()) {
        (Policy::Auto, _) => grade(10, 10, "can open every device that it has the permissions for"),
        (Policy::Closed | Policy::Strict, false) => grade(5, 10, "can open the devices that are listed"),
        (Policy::Closed | Policy::Strict, true) => grade(0, 10, "can open no devices but the harmless"),
    }
}

/// By the lines that the unit has: amr filters no addresses and reads them nowhere else.
pub(super) fn addresses(unit: &Unit, _: &Service) -> (Grade, String) {
    let words = |key: &str| {
        let mut words = Vec::new();
        for line in unit.unapplied.iter().filter(|line| line.section == "Service" && line.key == key) {
            if line.value.trim().is_empty() {
                words.clear();
            }
            words.extend(line.value.split_whitespace());
        }
        words
    };
    let (denied, allowed) = (words("IPAddressDeny"), words("IPAddressAllow"));
    let denies = |network: &str| denied.contains(&network) || denied.contains(&"any");
    let is_local = |word: &&str| ["localhost", "127.0.0.0/8", "::1", "::1/128"].contains(word);
    if !(denies("0.0.0.0/0") && denies("::/0")) {
        grade(10, 10, "can exchange packets with every address")
    } else if allowed.is_empty() {
        grade(0, 10, "can exchange packets with nobody")
    } else if allowed.iter().all(is_local) {
        grade(2, 10, "can exchange packets with this host")
    } else {
        grade(5, 10, "can exchange packets with listed addresses")
    }
}
