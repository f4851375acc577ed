//! System calls: their names, their numbers on each kind of program, and the groups that systemd 252 has of
//! them (`@file-system`). Pure.

use super::errno;
use std::collections::BTreeSet;
use std::sync::OnceLock;

const CALLS: &str = include_str!("syscall/calls.tsv");
const GROUPS: &str = include_str!("syscall/groups.tsv");

/// A kind of program, as the kernel tells them apart: by the table of system calls that they use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 64 bits of x86.
    X86_64,
    /// The same with short pointers; its numbers have a bit more ([`X32_BIT`]).
    X32,
    /// 32 bits of x86.
    I386,
    /// 64 bits of ARM.
    Aarch64,
}

/// In the number of a call of x32.
pub const X32_BIT: u32 = 0x4000_0000;

impl Arch {
    /// Those that run on a processor, its own last, in systemd's order (`seccomp_local_archs`); none where amr
    /// knows no numbers.
    #[must_use]
    pub fn local(processor: &str) -> &'static [Arch] {
        match processor {
            "x86_64" => &[Arch::I386, Arch::X32, Arch::X86_64],
            "aarch64" => &[Arch::Aarch64],
            _ => &[],
        }
    }

    /// As `SystemCallArchitectures=` names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86-64",
            Arch::X32 => "x32",
            Arch::I386 => "x86",
            Arch::Aarch64 => "arm64",
        }
    }

    fn column(self) -> usize {
        match self {
            Arch::X86_64 => 1,
            Arch::X32 => 2,
            Arch::I386 => 3,
            Arch::Aarch64 => 4,
        }
    }
}

/// Other words of `SystemCallArchitectures=` (`seccomp_arch_from_string`).
pub const OTHER_ARCHITECTURES: [&str; 17] = [
    "native",
    "arm",
    "mips",
    "mips64",
    "mips64-n32",
    "mips-le",
    "mips64-le",
    "mips64-le-n32",
    "parisc",
    "parisc64",
    "ppc",
    "ppc64",
    "ppc64-le",
    "riscv64",
    "s390",
    "s390x",
    "loongarch64",
];

/// How a program of a kind makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Its number in the kernel's table; `None` where the kind has no call of its own for it.
    pub own: Option<u32>,
    /// By the number of a call for several, which takes as its first argument which one.
    pub through: Option<(u32, u32)>,
}

/// The calls, sorted by name.
fn rows() -> &'static [&'static str] {
    static ROWS: OnceLock<Vec<&str>> = OnceLock::new();
    ROWS.get_or_init(|| CALLS.lines().filter(|line| !line.starts_with('#')).collect())
}

fn name_of(row: &'static str) -> &'static str {
    row.split_once('\t').map_or(row, |(name, _)| name)
}

fn row(name: &str) -> Option<&'static str> {
    let at = rows().binary_search_by(|row| name_of(row).cmp(name)).ok()?;
    rows().get(at).copied()
}

fn own(row: &str, arch: Arch) -> Option<u32> {
    let number: u32 = row.split('\t').nth(arch.column())?.parse().ok()?;
    Some(if arch == Arch::X32 { number | X32_BIT } else { number })
}

/// Is there a call of this name, on any processor?
#[must_use]
pub fn is_known(name: &str) -> bool {
    row(name).is_some()
}

/// How a program makes calls: by those of the names that it has there.
#[must_use]
pub fn numbers<'a>(names: &BTreeSet<&'a str>, arch: Arch) -> Vec<(&'a str, Numbers)> {
    let of = |row: &&'static str| {
        let name = names.get(name_of(row))?;
        let through = || {
            let (call, which) = row.rsplit_once('\t')?.1.split_once(' ')?;
            Some((own(self::row(call)?, arch)?, which.parse().ok()?))
        };
        let through = if arch == Arch::I386 { through() } else { None };
        Some((*name, Numbers { own: own(row, arch), through }))
    };
    rows().iter().filter_map(of).filter(|(_, n)| n.own.is_some() || n.through.is_some()).collect()
}

/// What a group is made of, other groups among them; `None` for no group.
fn group(name: &str) -> Option<&'static str> {
    if !name.starts_with('@') {
        return None;
    }
    GROUPS
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .find(|(group, _)| *group == name)
        .map(|(_, words)| words)
}

/// Is there such a group?
#[must_use]
pub fn is_group(name: &str) -> bool {
    group(name).is_some()
}

/// The names of all groups.
pub fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.split_once('\t')?.0))
}

/// The calls of a group, or the call itself; sorted. Those that only other libraries know are left out.
#[must_use]
pub fn members(name: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    collect(name, &mut found);
    found
}

fn collect(name: &str, found: &mut BTreeSet<&'static str>) {
    match group(name) {
        Some(words) => words.split(' ').for_each(|word| collect(word, found)),
        None => found.extend(row(name).map(name_of)),
    }
}

/// What a call gets that may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Refusal {
    /// The end, by SIGSYS.
    Kill,
    /// This error.
    Errno(i32),
}

impl Refusal {
    /// `kill`, or an error by name or number (`seccomp_parse_errno_or_action`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Refusal> {
        if text == "kill" { Some(Refusal::Kill) } else { errno::parse(text).map(Refusal::Errno) }
    }

    /// As systemctl prints it.
    #[must_use]
    pub fn show(self) -> String {
        match self {
            Refusal::Kill => "kill".into(),
            Refusal::Errno(number) => errno::name(number).map_or_else(|| number.to_string(), str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels() {
        let names = BTreeSet::from(["read", "accept4", "mmap2", "ioctl", "swapcontext", "shmat"]);
        let of = |arch| numbers(&names, arch);
        let own = |n: u32| Numbers { own: Some(n), through: None };
        assert_eq!(
            of(Arch::X86_64),
            [("accept4", own(288)), ("ioctl", own(16)), ("read", own(0)), ("shmat", own(30))]
        );
        assert_eq!(
            of(Arch::Aarch64),
            [("accept4", own(242)), ("ioctl", own(29)), ("read", own(63)), ("shmat", own(196))]
        );
        let x32 = |n: u32| own(n | X32_BIT);
        assert_eq!(
            of(Arch::X32),
            [("accept4", x32(288)), ("ioctl", x32(514)), ("read", x32(0)), ("shmat", x32(30))]
        );
        let through = |n: u32, call: u32, which: u32| Numbers { own: Some(n), through: Some((call, which)) };
        assert_eq!(
            of(Arch::I386),
            [
                ("accept4", through(364, 102, 18)),
                ("ioctl", own(54)),
                ("mmap2", own(192)),
                ("read", own(3)),
                ("shmat", through(397, 117, 21)),
            ]
        );
    }

    /// The table is sorted, each name once; on this processor the numbers are those of the C library.
    #[test]
    fn the_table_is_a_table() {
        let names: Vec<_> = rows().iter().map(|row| name_of(row)).collect();
        assert!(
            names.is_sorted() && names.len() > 470 && rows().iter().all(|row| row.split('\t').count() == 6)
        );
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let native = Arch::local(std::env::consts::ARCH).last().unwrap();
        for (name, number) in [
            ("openat", libc::SYS_openat),
            ("clone", libc::SYS_clone),
            ("seccomp", libc::SYS_seccomp),
            ("statx", libc::SYS_statx),
            ("process_mrelease", libc::SYS_process_mrelease),
            ("keyctl", libc::SYS_keyctl),
        ] {
            assert_eq!(own(row(name).unwrap(), *native).map(i64::from), Some(number), "{name}");
        }
    }

    #[test]
    fn groups_are_those_of_252() {
        assert_eq!(groups().count(), 29);
        assert_eq!(members("@module"), BTreeSet::from(["delete_module", "finit_module", "init_module"]));
        assert!(members("@privileged").contains("kexec_load"), "through @reboot");
        let service = members("@system-service");
        assert!(service.contains("execve") && service.contains("fchmodat2") && !service.contains("mount"));
        assert_eq!((members("uname"), members("nonsense")), (BTreeSet::from(["uname"]), BTreeSet::new()));
        assert!(
            is_group("@known") && !is_group("@nonsense") && is_known("swapcontext") && !is_known("uretprobe")
        );
    }

    #[test]
    fn refusals() {
        assert_eq!(Refusal::parse("kill"), Some(Refusal::Kill));
        assert_eq!(
            (Refusal::parse("EPERM"), Refusal::parse("1")),
            (Some(Refusal::Errno(1)), Some(Refusal::Errno(1)))
        );
        assert_eq!(
            (Refusal::parse("ENONSENSE"), Refusal::parse("-1"), Refusal::parse("")),
            (None, None, None)
        );
        assert_eq!(
            (Refusal::Kill.show(), Refusal::Errno(84).show(), Refusal::Errno(500).show()),
            ("kill".into(), "EILSEQ".into(), "500".into())
        );
    }
}
