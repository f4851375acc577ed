//! What the kernel says of a process, or of one of its threads, in a line.

use super::ProcessId;

/// /proc/PID/stat, proc(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcStat {
    /// The process.
    pub pid: ProcessId,
    /// Its name: any bytes, cut to 15 by the kernel.
    pub comm: Vec<u8>,
    /// `R`, `S`, `D`, `Z`, `T` …
    pub state: u8,
    /// The parent; 0 for none that is visible.
    pub ppid: i32,
    /// The process group.
    pub pgrp: i32,
    /// Session id: field 6 of /proc/PID/stat.
    pub session: i32,
    /// Its session has a terminal: field 7, `tty_nr`.
    pub has_terminal: bool,
    /// The kernel's flags of it (`PF_*` of its linux/sched.h): field 9.
    flags: u32,
    /// CPU time in user and kernel mode, in clock ticks (100 a second on every architecture).
    pub cpu_ticks: u64,
    /// Clock ticks since boot.
    pub start_time: u64,
    /// Pages in memory.
    pub rss_pages: u64,
}

impl ProcStat {
    /// Has it ended?
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Has it run its last instruction? The kernel may still be taking it apart: `PF_EXITING`, the same on every
    /// kernel.
    pub fn is_exiting(&self) -> bool {
        const PF_EXITING: u32 = 4;
        self.is_zombie() || self.flags & PF_EXITING != 0
    }

    /// From the line in /proc/PID/stat. The name in it may hold blanks and parentheses, so the
    /// last `)` ends it.
    pub fn parse(line: &[u8]) -> Option<ProcStat> {
        let open = line.iter().position(|&b| b == b'(')?;
        let close = line.iter().rposition(|&b| b == b')')?;
        let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
        let comm = line.get(open + 1..close)?.to_vec();
        let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
        // Field 3 of proc(5) is the first one here.
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).copied();
        Some(ProcStat {
            pid: ProcessId::new(pid)?,
            comm,
            state: *field(3)?.as_bytes().first()?,
            ppid: field(4)?.parse().ok()?,
            pgrp: field(5)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            has_terminal: field(7)? != "0",
            flags: field(9)?.parse().ok()?,
            cpu_ticks: field(14)?.parse::<u64>().ok()?.saturating_add(field(15)?.parse().ok()?),
            start_time: field(22)?.parse().ok()?,
            rss_pages: field(24)?.parse::<i64>().ok()?.try_into().unwrap_or(0),
        })
    }
}
