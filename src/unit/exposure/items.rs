//! The items with their weights, as systemd 252 has them (its `security_assessor_table`), and by what each is looked at.

use super::grades::{
    Families, addresses, architectures, devices, home, main_reports, no_ambient, no_new_privileges,
    no_other_groups, only_processes, own_keyring, own_mounts, own_root, own_tmp, proc, removes_ipc, system,
    umask, user,
};
use super::{Grade, Means};
use crate::unit::model::{Service, Unit};

/// One of them.
#[derive(Debug)]
pub(super) struct Item {
    pub name: &'static str,
    pub weight: u64,
    pub means: Means,
    /// No question of a service that is started before others (`DefaultDependencies=no`).
    pub early: bool,
    pub check: Check,
}

/// How it is looked at, and what a service can do that is not kept from it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// The switch of the same name.
    Switch(&'static str),
    /// Whether it is without all of these.
    Capabilities(&'static [&'static str], &'static str),
    /// `RestrictNamespaces=`, by the flag of clone(2).
    Namespace(u32, &'static str),
    /// `RestrictAddressFamilies=`.
    Families(Families, &'static str),
    /// `SystemCallFilter=`, by the name of a group.
    Calls(&'static str),
    /// Anything else that is so or not; `None` where it is no question.
    Kept(fn(&Service) -> Option<bool>, &'static str),
    /// What has more than two values.
    Graded(fn(&Unit, &Service) -> (Grade, String)),
}

const fn item(name: &'static str, weight: u64, means: Means, check: Check) -> Item {
    Item { name, weight, means, early: false, check }
}

const fn early(name: &'static str, weight: u64, means: Means, check: Check) -> Item {
    Item { name, weight, means, early: true, check }
}

use Check::{Capabilities, Graded, Kept, Namespace, Switch};
use Means::{Any, Filters, Hostnames, Mounts};

/// All of them.
pub(super) const ITEMS: &[Item] = &[
    item("User=/DynamicUser=", 2000, Any, Graded(user)),
    item("SupplementaryGroups=", 200, Any, Kept(no_other_groups, "use the rights of other groups")),
    item("PrivateDevices=", 1000, Mounts, Switch("open devices of the hardware")),
    item("PrivateMounts=", 1000, Mounts, Kept(own_mounts, "mount what all others see")),
    item("PrivateNetwork=", 2500, Means::Networks, Switch("use the network of the host")),
    early("PrivateTmp=", 1000, Mounts, Kept(own_tmp, "see the temporary files of others")),
    item("PrivateUsers=", 1000, Means::Users, Switch("meet the users of the host")),
    item("ProtectControlGroups=", 1000, Mounts, Switch("change control groups")),
    item("ProtectKernelModules=", 1000, Mounts, Switch("load or read modules of the kernel")),
    item("ProtectKernelTunables=", 1000, Mounts, Switch("change settings of the kernel in /proc and /sys")),
    item("ProtectKernelLogs=", 1000, Mounts, Switch("read and write the log of the kernel")),
    item("ProtectClock=", 1000, Filters, Switch("set the clocks of the host")),
    early("ProtectHome=", 1000, Mounts, Graded(home)),
    item("ProtectHostname=", 50, Hostnames, Switch("change the name of the host")),
    early("ProtectSystem=", 1000, Mounts, Graded(system)),
    early("RootDirectory=/RootImage=", 200, Any, Kept(own_root, "see the root folder of the host")),
    item("LockPersonality=", 100, Filters, Switch("change its persona")),
    item("MemoryDenyWriteExecute=", 100, Filters, Switch("execute memory that it has written")),
    item("NoNewPrivileges=", 1000, Any, Kept(no_new_privileges, "gain rights by what it executes")),
    rights(&["SYS_ADMIN"], "CapabilityBoundingSet=~CAP_SYS_ADMIN", 1500, "do what the administrator does"),
    rights(
        &["SETUID", "SETGID", "SETPCAP"],
        "CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)",
        1500,
        "become other users and groups",
    ),
    rights(&["SYS_PTRACE"], "CapabilityBoundingSet=~CAP_SYS_PTRACE", 1500, "debug processes of others"),
    rights(&["SYS_TIME"], "CapabilityBoundingSet=~CAP_SYS_TIME", 1000, "set the clock"),
    rights(&["NET_ADMIN"], "CapabilityBoundingSet=~CAP_NET_ADMIN", 1000, "configure the network"),
    rights(&["SYS_RAWIO"], "CapabilityBoundingSet=~CAP_SYS_RAWIO", 1000, "address the hardware itself"),
    rights(&["SYS_MODULE"], "CapabilityBoundingSet=~CAP_SYS_MODULE", 1000, "load modules of the kernel"),
    rights(
        &["AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE"],
        "CapabilityBoundingSet=~CAP_AUDIT_*",
        500,
        "read, write and configure the audit",
    ),
    rights(&["SYSLOG"], "CapabilityBoundingSet=~CAP_SYSLOG", 500, "use the log of the kernel"),
    rights(
        &["SYS_NICE", "SYS_RESOURCE"],
        "CapabilityBoundingSet=~CAP_SYS_(NICE|RESOURCE)",
        500,
        "raise its limits and priorities",
    ),
    rights(&["MKNOD"], "CapabilityBoundingSet=~CAP_MKNOD", 500, "make nodes of devices"),
    rights(
        &["CHOWN", "FSETID", "SETFCAP"],
        "CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)",
        1000,
        "change owners, modes and rights of any file",
    ),
    rights(
        &["DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "IPC_OWNER"],
        "CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)",
        1000,
        "pass over permissions of files and IPC",
    ),
    rights(&["KILL"], "CapabilityBoundingSet=~CAP_KILL", 500, "send signals to any process"),
    rights(
        &["NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW"],
        "CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)",
        500,
        "bind low ports, broadcast, and send raw packets",
    ),
    rights(&["SYS_BOOT"], "CapabilityBoundingSet=~CAP_SYS_BOOT", 100, "reboot the host"),
    rights(&["MAC_ADMIN", "MAC_OVERRIDE"], "CapabilityBoundingSet=~CAP_MAC_*", 100, "change Smack's labels"),
    rights(&["LINUX_IMMUTABLE"], "CapabilityBoundingSet=~CAP_LINUX_IMMUTABLE", 75, "mark files as immutable"),
    rights(&["IPC_LOCK"], "CapabilityBoundingSet=~CAP_IPC_LOCK", 50, "lock memory"),
    rights(&["SYS_CHROOT"], "CapabilityBoundingSet=~CAP_SYS_CHROOT", 50, "change its root folder"),
    rights(&["BLOCK_SUSPEND"], "CapabilityBoundingSet=~CAP_BLOCK_SUSPEND", 25, "keep the host from sleep"),
    rights(&["WAKE_ALARM"], "CapabilityBoundingSet=~CAP_WAKE_ALARM", 25, "wake the host"),
    rights(&["LEASE"], "CapabilityBoundingSet=~CAP_LEASE", 25, "take leases on files"),
    rights(&["SYS_TTY_CONFIG"], "CapabilityBoundingSet=~CAP_SYS_TTY_CONFIG", 25, "hang up terminals"),
    rights(&["SYS_PACCT"], "CapabilityBoundingSet=~CAP_SYS_PACCT", 25, "switch process accounting"),
    rights(&["BPF"], "CapabilityBoundingSet=~CAP_BPF", 25, "load BPF programs"),
    item("UMask=", 100, Any, Graded(umask)),
    item("KeyringMode=", 1000, Any, Kept(own_keyring, "use the keys of others")),
    item("ProtectProc=", 1000, Mounts, Graded(proc)),
    item("ProcSubset=", 10, Mounts, Kept(only_processes, "read of /proc what is about no process")),
    item("NotifyAccess=", 1000, Any, Kept(main_reports, "have its children say how it is")),
    item("RemoveIPC=", 100, Any, Kept(removes_ipc, "leave IPC objects behind")),
    item("Delegate=", 100, Any, Kept(|_| Some(true), "manage a tree of control groups")),
    item("RestrictRealtime=", 500, Filters, Switch("use realtime scheduling")),
    item("RestrictSUIDSGID=", 1000, Filters, Switch("make files that run as their owner")),
    space("RestrictNamespaces=~user", 1500, 0x1000_0000, "make namespaces of users"),
    space("RestrictNamespaces=~mnt", 500, 0x0002_0000, "make namespaces of mounts"),
    space("RestrictNamespaces=~ipc", 500, 0x0800_0000, "make namespaces of IPC"),
    space("RestrictNamespaces=~pid", 500, 0x2000_0000, "make namespaces of processes"),
    space("RestrictNamespaces=~cgroup", 500, 0x0200_0000, "make namespaces of control groups"),
    space("RestrictNamespaces=~net", 500, 0x4000_0000, "make namespaces of networks"),
    space("RestrictNamespaces=~uts", 100, 0x0400_0000, "make namespaces of host names"),
    family("RestrictAddressFamilies=~AF_(INET|INET6)", 1500, INTERNET, "open Internet sockets"),
    family("RestrictAddressFamilies=~AF_UNIX", 25, Families::These(&["AF_UNIX"]), "open local sockets"),
    family(
        "RestrictAddressFamilies=~AF_NETLINK",
        200,
        Families::These(&["AF_NETLINK"]),
        "open netlink sockets",
    ),
    family(
        "RestrictAddressFamilies=~AF_PACKET",
        1000,
        Families::These(&["AF_PACKET"]),
        "open packet sockets",
    ),
    family("RestrictAddressFamilies=~…", 1250, Families::Others, "open sockets of rare families"),
    item("SystemCallArchitectures=", 1000, Filters, Graded(architectures)),
    calls_of("SystemCallFilter=~@swap", 1000, "@swap"),
    calls_of("SystemCallFilter=~@obsolete", 250, "@obsolete"),
    calls_of("SystemCallFilter=~@clock", 1000, "@clock"),
    calls_of("SystemCallFilter=~@cpu-emulation", 250, "@cpu-emulation"),
    calls_of("SystemCallFilter=~@debug", 1000, "@debug"),
    calls_of("SystemCallFilter=~@mount", 1000, "@mount"),
    calls_of("SystemCallFilter=~@module", 1000, "@module"),
    calls_of("SystemCallFilter=~@raw-io", 1000, "@raw-io"),
    calls_of("SystemCallFilter=~@reboot", 1000, "@reboot"),
    calls_of("SystemCallFilter=~@privileged", 700, "@privileged"),
    calls_of("SystemCallFilter=~@resources", 700, "@resources"),
    item("IPAddressDeny=", 1000, Means::Addresses, Graded(addresses)),
    item("DeviceAllow=", 1000, Means::Devices, Graded(devices)),
    item("AmbientCapabilities=", 500, Any, Kept(no_ambient, "use rights that every program inherits")),
];

const INTERNET: Families = Families::These(&["AF_INET", "AF_INET6"]);

const fn rights(names: &'static [&'static str], name: &'static str, weight: u64, can: &'static str) -> Item {
    item(name, weight, Any, Capabilities(names, can))
}

const fn space(name: &'static str, weight: u64, flag: u32, can: &'static str) -> Item {
    item(name, weight, Filters, Namespace(flag, can))
}

const fn family(name: &'static str, weight: u64, which: Families, can: &'static str) -> Item {
    item(name, weight, Filters, Check::Families(which, can))
}

const fn calls_of(name: &'static str, weight: u64, group: &'static str) -> Item {
    item(name, weight, Filters, Check::Calls(group))
}
