//! Resource limits, setrlimit(2): those of amr itself, and those that a service gets where its unit says
//! nothing. Nobody's are the caller's: docs/decisions/inherits-nothing.md.

use super::root::Root;
use nix::errno::Errno;
pub use nix::sys::resource::Resource;
use std::path::Path;

const INFINITY: u64 = u64::MAX;
const MIB: u64 = 1 << 20;

/// setrlimit(2); `u64::MAX` is infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// `RLIMIT_…` of setrlimit(2).
    pub resource: Resource,
    /// What signals and errors go by.
    pub soft: u64,
    /// How far the process may raise it.
    pub hard: u64,
}

impl Limit {
    /// Gives it to this process: `false` where the kernel does not let it be raised so far, and it is as
    /// near as can be, as systemd's setrlimit_closest has it.
    pub fn apply(&self) -> nix::Result<bool> {
        let Some(row) = ROWS.iter().find(|row| row.resource == self.resource) else {
            return Err(Errno::EINVAL);
        };
        match set(row, self.soft, self.hard) {
            Ok(()) => Ok(true),
            Err(Errno::EPERM) => {
                let (_, have) = get(row)?;
                near(row, (self.soft, self.hard), have).map(|_| false)
            }
            Err(errno) => Err(errno),
        }
    }
}

/// A limit as the kernel knows it.
struct Row {
    resource: Resource,
    number: u32,
    /// In /proc/PID/limits.
    name: &'static str,
    /// What the kernel gives the first process; `None`: it reckons that from the memory there is.
    first: Option<(u64, u64)>,
    /// Below this amr itself cannot work; `None`: it is none of its affairs.
    needed: Option<u64>,
}

const fn row(
    resource: Resource,
    number: u32,
    name: &'static str,
    first: Option<(u64, u64)>,
    needed: Option<u64>,
) -> Row {
    Row { resource, number, name, first, needed }
}

const FREE: Option<(u64, u64)> = Some((INFINITY, INFINITY));

/// All of them.
// glibc and musl give the constants different types.
#[allow(clippy::unnecessary_cast)]
const ROWS: [Row; 16] = [
    row(Resource::RLIMIT_CPU, libc::RLIMIT_CPU as u32, "Max cpu time", FREE, Some(60)),
    row(Resource::RLIMIT_FSIZE, libc::RLIMIT_FSIZE as u32, "Max file size", FREE, Some(16 * MIB)),
    row(Resource::RLIMIT_DATA, libc::RLIMIT_DATA as u32, "Max data size", FREE, Some(32 * MIB)),
    row(
        Resource::RLIMIT_STACK,
        libc::RLIMIT_STACK as u32,
        "Max stack size",
        Some((8 * MIB, INFINITY)),
        Some(MIB / 2),
    ),
    row(Resource::RLIMIT_CORE, libc::RLIMIT_CORE as u32, "Max core file size", Some((0, INFINITY)), None),
    row(Resource::RLIMIT_RSS, libc::RLIMIT_RSS as u32, "Max resident set", FREE, None),
    row(Resource::RLIMIT_NPROC, libc::RLIMIT_NPROC as u32, "Max processes", None, None),
    row(Resource::RLIMIT_NOFILE, libc::RLIMIT_NOFILE as u32, "Max open files", Some((1024, 4096)), Some(64)),
    row(
        Resource::RLIMIT_MEMLOCK,
        libc::RLIMIT_MEMLOCK as u32,
        "Max locked memory",
        Some((MEMLOCK, MEMLOCK)),
        None,
    ),
    row(Resource::RLIMIT_AS, libc::RLIMIT_AS as u32, "Max address space", FREE, Some(64 * MIB)),
    row(Resource::RLIMIT_LOCKS, libc::RLIMIT_LOCKS as u32, "Max file locks", FREE, None),
    row(Resource::RLIMIT_SIGPENDING, libc::RLIMIT_SIGPENDING as u32, "Max pending signals", None, None),
    row(
        Resource::RLIMIT_MSGQUEUE,
        libc::RLIMIT_MSGQUEUE as u32,
        "Max msgqueue size",
        Some((819_200, 819_200)),
        None,
    ),
    row(Resource::RLIMIT_NICE, libc::RLIMIT_NICE as u32, "Max nice priority", Some((0, 0)), None),
    row(Resource::RLIMIT_RTPRIO, libc::RLIMIT_RTPRIO as u32, "Max realtime priority", Some((0, 0)), None),
    row(Resource::RLIMIT_RTTIME, libc::RLIMIT_RTTIME as u32, "Max realtime timeout", FREE, None),
];

/// systemd's DefaultLimitNOFILE=: programs that use select(2) would break above the first number.
const NOFILE: (u64, u64) = (1024, 524_288);
/// systemd's DefaultLimitMEMLOCK=, and the kernel's own since Linux 5.16.
const MEMLOCK: u64 = 8 * MIB;

/// A limit that cannot be raised and is too low for amr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// As /proc/PID/limits names it: `open files`.
    pub name: &'static str,
    /// The limit that this process has, in the resource's own unit.
    pub have: u64,
    /// What amr needs.
    pub needed: u64,
}

/// With less memory than this, beyond what it has to begin with, amr cannot say a word.
const LEAST: usize = 1 << 20;

/// Raises the limits on memory where they leave little, as far as the kernel lets it, and looks whether
/// there is any to be had then. For before anything else. A program that does not fit into the limit is
/// ended by the kernel before it begins.
#[must_use]
pub fn make_room() -> bool {
    let memory = |row: &&Row| matches!(row.resource, Resource::RLIMIT_AS | Resource::RLIMIT_DATA);
    for row in ROWS.iter().filter(memory) {
        let Ok((soft, hard)) = get(row) else { continue };
        if row.needed.is_some_and(|needed| soft < needed) {
            // What stays too low shows in what can be had.
            let _ = near(row, (INFINITY, INFINITY), hard);
        }
    }
    let mut some: Vec<u8> = Vec::new();
    std::hint::black_box(&mut some).try_reserve_exact(LEAST).is_ok()
}

/// Raises what would keep this process, or a supervisor that it starts, from its work: as far as the
/// kernel lets it, which for root with CAP_SYS_RESOURCE is as far as one likes. Lowers nothing.
///
/// # Errors
/// What stays too low.
pub fn lift() -> Result<(), Shortage> {
    for (row, needed) in ROWS.iter().filter_map(|row| Some((row, row.needed?))) {
        let Ok((soft, hard)) = get(row) else { continue };
        let wanted = if row.resource == Resource::RLIMIT_NOFILE { NOFILE.1 } else { INFINITY };
        // A stack that may grow without end is laid out another way by the kernel.
        let soft_wanted = if row.resource == Resource::RLIMIT_STACK { 8 * MIB } else { wanted };
        let have = if soft < soft_wanted {
            near(row, (soft_wanted, wanted.max(hard)), hard).unwrap_or(soft)
        } else {
            soft
        };
        if have < needed {
            return Err(Shortage { name: row.name.trim_start_matches("Max "), have, needed });
        }
    }
    Ok(())
}

/// Gives this process limits of its own, none of the caller's: those of the first process, without
/// bounds on what a supervisor needs. Returns those that its services are to have where they differ.
pub(super) fn reset(host: &Root) -> Vec<Limit> {
    let first = host.read_kernel(Path::new("/proc/1/limits"), 64 << 10).unwrap_or_default();
    let first = String::from_utf8_lossy(&first);
    ROWS.iter().filter_map(|row| reset_one(row, of_services(row, &first)?)).collect()
}

fn reset_one(row: &Row, service: (u64, u64)) -> Option<Limit> {
    let (soft, hard) = get(row).ok()?;
    let own = match (row.needed, row.resource) {
        (_, Resource::RLIMIT_NOFILE) => (service.1, service.1),
        (None, _) | (_, Resource::RLIMIT_STACK) => service,
        (Some(_), _) => (INFINITY, INFINITY),
    };
    if own != (soft, hard) {
        let _ = near(row, own, hard);
    }
    let (soft, hard) = get(row).ok()?;
    // What the kernel did not give amr it will not give a service.
    let limit = Limit { resource: row.resource, soft: service.0.min(hard), hard: service.1.min(hard) };
    ((limit.soft, limit.hard) != (soft, hard)).then_some(limit)
}

/// What systemd 252 as the first process would give: what that has, and its own defaults.
fn of_services(row: &Row, first: &str) -> Option<(u64, u64)> {
    let (soft, hard) = parse(first, row.name).or(row.first)?;
    Some(if row.resource == Resource::RLIMIT_NOFILE {
        (soft.min(NOFILE.0), hard.max(NOFILE.1))
    } else if row.resource == Resource::RLIMIT_MEMLOCK {
        (soft.max(MEMLOCK), hard.max(MEMLOCK))
    } else {
        (soft, hard)
    })
}

/// A limit in /proc/PID/limits, proc_pid_limits(5).
fn parse(table: &str, name: &str) -> Option<(u64, u64)> {
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    let value = |word: &str| if word == "unlimited" { Some(INFINITY) } else { word.parse().ok() };
    let mut words = line.split_whitespace().map(value);
    let (soft, hard) = (words.next()??, words.next()??);
    (soft <= hard).then_some((soft, hard))
}

/// As near as the kernel allows; the soft limit that it is then.
fn near(row: &Row, (soft, hard): (u64, u64), have: u64) -> nix::Result<u64> {
    match set(row, soft, hard) {
        // More than its own hard limit is not for everybody.
        Err(Errno::EPERM) => {
            let hard = hard.min(have);
            set(row, soft.min(hard), hard).map(|()| soft.min(hard))
        }
        done => done.map(|()| soft),
    }
}

fn get(row: &Row) -> nix::Result<(u64, u64)> {
    super::sys::limit(row.number)
}

fn set(row: &Row, soft: u64, hard: u64) -> nix::Result<()> {
    super::sys::set_limit(row.number, soft, hard)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
        Max cpu time              unlimited            unlimited            seconds   \n\
        Max stack size            8388608              unlimited            bytes     \n\
        Max processes             96365                96365                processes \n\
        Max open files            1024                 4096                 files     \n\
        Max locked memory         65536                65536                bytes     \n";

    fn limits(resource: Resource, table: &str) -> Option<(u64, u64)> {
        of_services(ROWS.iter().find(|row| row.resource == resource).unwrap(), table)
    }

    #[test]
    fn services_get_what_init_has_and_systemds_defaults() {
        assert_eq!(limits(Resource::RLIMIT_NOFILE, INIT), Some((1024, 524_288)));
        assert_eq!(limits(Resource::RLIMIT_MEMLOCK, INIT), Some((8 << 20, 8 << 20)));
        assert_eq!(limits(Resource::RLIMIT_STACK, INIT), Some((8 << 20, INFINITY)));
        assert_eq!(limits(Resource::RLIMIT_NPROC, INIT), Some((96365, 96365)));
        // Of the kernel where the table does not tell, and nothing where that cannot be known.
        assert_eq!(limits(Resource::RLIMIT_CORE, INIT), Some((0, INFINITY)));
        assert_eq!(limits(Resource::RLIMIT_NOFILE, ""), Some((1024, 524_288)));
        assert_eq!(limits(Resource::RLIMIT_NPROC, ""), None);
        let container = "Max open files            1048576              1048576              files\n";
        assert_eq!(limits(Resource::RLIMIT_NOFILE, container), Some((1024, 1_048_576)));
        assert_eq!(parse("Max open files 9 5 files", "Max open files"), None, "soft above hard");
    }

    #[test]
    fn every_limit_stands_once_under_its_own_number() {
        for row in &ROWS {
            assert_eq!(row.resource as u32, row.number);
            assert_eq!(ROWS.iter().filter(|r| r.number == row.number || r.name == row.name).count(), 1);
        }
    }
}
