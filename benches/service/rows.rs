//! The rows of the table.

use super::{Call, Result, Stage, installed, left_out, median, peers, row};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

/// One line for a time beside the bare one.
fn timed(what: &str, time: Duration, bare: Duration, reach: Option<f64>) -> bool {
    let times = ratio(time, bare);
    let met = reach.is_none_or(|reach| times <= reach);
    let words = reach.map(|reach| format!("<= {reach}x"));
    row(what, &millis(time), &format!("{times:.2}x"), words.as_deref().map(|w| (w, met)));
    met
}

/// Status, start, start and stop at the init door.
pub fn commands(stage: &Stage) -> Result<bool> {
    let others = peers::all(stage)?;
    stage.expect("one", "start")?;
    for peer in &others {
        peer.start.time()?;
    }
    let bare = Call::new(stage.program("bare"), &[]);
    let own = stage.initd("one", "status");
    let calls: Vec<&Call> = [&bare, &own].into_iter().chain(others.iter().map(|p| &p.status)).collect();
    let mut times = in_turns(&calls, 101)?.into_iter();
    let base = times.next().unwrap_or_default();
    row("a bare static fork and exec", &millis(base), "1.00x", None);
    let mut met = timed("status at the init door", times.next().unwrap_or_default(), base, Some(1.5));
    for (peer, time) in others.iter().zip(times) {
        timed(&format!("{} status", peer.name), time, base, None);
    }
    for peer in &others {
        peer.stop.time()?;
    }

    stage.expect("two", "start")?;
    stage.expect("two", "stop")?;
    let (start, stop) = (stage.initd("two", "start"), stage.initd("two", "stop"));
    let kin = ["start", "stop"].map(|verb| stage.initd("two", verb).without("no-cgroup"));
    let pairs = others.iter().flat_map(|p| [&p.start, &p.stop]);
    let own = [&bare, &start, &stop].into_iter().chain(&kin);
    let calls: Vec<&Call> = own.chain(pairs).collect();
    let times = in_turns(&calls, 41)?;
    let at = |n: usize| times.get(n).copied().unwrap_or_default();
    let base = at(0);
    met &= timed("start (simple): exec done, supervisor up", at(1), base, Some(5.0));
    for (peer, n) in others.iter().zip(2..) {
        timed(&format!("{} start", peer.name), at(2 * n + 1), base, None);
    }
    met &= timed("start and stop", at(1) + at(2), base, Some(8.0));
    met &= timed("start and stop without cgroups", at(3) + at(4), base, Some(8.0));
    for (peer, n) in others.iter().zip(2..) {
        timed(&format!("{} start and stop", peer.name), at(2 * n + 1) + at(2 * n + 2), base, None);
    }
    peers::missing();
    Ok(met)
}

/// The median of each call; they take turns, so that noise hits all alike.
fn in_turns(calls: &[&Call], rounds: usize) -> Result<Vec<Duration>> {
    let mut times = vec![Vec::with_capacity(rounds); calls.len()];
    for _ in 0..rounds {
        for (call, times) in calls.iter().zip(&mut times) {
            times.push(call.time()?);
        }
    }
    Ok(times.iter_mut().map(|t| median(t)).collect())
}

/// Memory and idleness of supervisors, three of them running.
pub fn supervisors(stage: &Stage) -> Result<bool> {
    const REACH: u64 = 96;
    const WINDOW: Duration = Duration::from_secs(10);
    let names = ["one", "two", "three"];
    let mut pids = Vec::new();
    // All alike: pages of the program that only one of them had come through would count as its own.
    stage.expect("one", "stop")?;
    for name in names {
        stage.expect(name, "start")?;
        let lock = stage.root().join(format!("run/amr-supervise/{name}.service/lock"));
        pids.push(fs::read_to_string(lock)?.trim().parse::<i32>()?);
    }
    // Ten seconds after a start the PID file is written, and nothing is waited for any more.
    std::thread::sleep(Duration::from_secs(11));
    let most = pids.iter().map(|p| private_kib(*p)).collect::<Result<Vec<u64>>>()?.into_iter().max();
    let most = most.unwrap_or_default();
    let mut met = most <= REACH;
    row("private memory of an idle supervisor", &format!("{most} KiB"), "", Some(("<= 96 KiB", met)));
    for peer in peers::supervisors(stage)? {
        row(&peer.name, &format!("{} KiB", peer.private_kib), "", None);
    }

    let wakes = |pids: &[i32]| pids.iter().map(|p| switches(*p)).sum::<Result<u64>>();
    let before = wakes(&pids)?;
    std::thread::sleep(WINDOW);
    let woken = wakes(&pids)? - before;
    let asleep = pids.iter().all(|p| waits_for_ever(*p));
    let idle = woken == 0 && asleep;
    met &= idle;
    let text = if asleep { "no timer" } else { "a timer is armed" };
    let what = format!("wake-ups of 3 idle supervisors in {} s, {text}", WINDOW.as_secs());
    row(&what, &woken.to_string(), "", Some(("0", idle)));
    Ok(met)
}

/// What a process does not share with others.
pub fn private_kib(pid: i32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    crate::common::private_kib(&text)
}

fn switches(pid: i32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"].iter().map(|key| field(&text, key)).sum())
}

fn field(text: &str, key: &str) -> u64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(key));
    rest.and_then(|r| r.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Is it in poll(2) without a time limit? The kernel says so in /proc/PID/syscall: number, then
/// arguments; -1 as third of poll, a null pointer as third of ppoll.
fn waits_for_ever(pid: i32) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    match (words.first().copied(), words.get(3).copied()) {
        (Some("7"), Some(limit)) => limit.ends_with("ffffffff"),
        (Some("271"), Some(limit)) => limit == "0x0",
        _ => false,
    }
}

/// From SIGKILL to the next process, which says that it runs.
pub fn restart(stage: &Stage) -> Result<bool> {
    let (own, bare) = (stage.dir.join("own.fifo"), stage.dir.join("bare.fifo"));
    let (mut own_fifo, mut bare_fifo) = (fifo(&own)?, fifo(&bare)?);
    let service = stage.program("service");
    let line = format!("ExecStart={} {}\nRestart=always\nRestartSec=0", service.display(), own.display());
    stage.unit("back", &line)?;
    stage.expect("back", "start")?;
    let mut bare_loop = std::process::Command::new(stage.program("loop")).arg(&service).arg(&bare).spawn()?;
    let (mut own_pid, mut bare_pid) = (pid_from(&mut own_fifo)?, pid_from(&mut bare_fifo)?);
    let (mut own_times, mut bare_times) = (Vec::new(), Vec::new());
    for _ in 0..41 {
        bare_times.push(killed(&mut bare_pid, &mut bare_fifo)?);
        own_times.push(killed(&mut own_pid, &mut own_fifo)?);
        // What a supervisor does after a restart is not part of the next one.
        std::thread::sleep(Duration::from_millis(20));
    }
    bare_loop.kill()?;
    bare_loop.wait()?;
    kill(Pid::from_raw(bare_pid), Signal::SIGKILL)?;
    let base = median(&mut bare_times);
    row("killed: a bare loop of fork and exec", &millis(base), "1.00x", None);
    // A record is written before the new process executes: docs/decisions/intent-first.md.
    let met = timed("killed to new process running (RestartSec=0)", median(&mut own_times), base, Some(1.5));
    for peer in peers::supervisors_restart(stage)? {
        timed(&peer.0, peer.1, base, None);
    }
    Ok(met)
}

/// A FIFO that is open on both sides, so that it never ends.
pub fn fifo(path: &Path) -> Result<File> {
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU)?;
    Ok(OpenOptions::new().read(true).write(true).open(path)?)
}

/// What a service writes first.
pub fn pid_from(fifo: &mut File) -> Result<i32> {
    let mut bytes = [0; 4];
    fifo.read_exact(&mut bytes)?;
    Ok(i32::from_ne_bytes(bytes))
}

/// Kills the process and waits for the next one.
pub fn killed(pid: &mut i32, fifo: &mut File) -> Result<Duration> {
    let begin = Instant::now();
    kill(Pid::from_raw(*pid), Signal::SIGKILL)?;
    *pid = pid_from(fifo)?;
    Ok(begin.elapsed())
}

/// How many MB of lines are pumped in one run.
const SHOUTED: u64 = 600;

/// The log of a service that shouts, beside plain writes of the same bytes.
pub fn pump(stage: &Stage) -> Result<bool> {
    let shout = stage.program("shout");
    stage.unit("loud", &format!("Type=oneshot\nExecStart={} {SHOUTED}", shout.display()))?;
    let start = stage.initd("loud", "start");
    let (mut own, mut disk) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        own.push(start.time()?);
        disk.push(plain_writes(stage)?);
    }
    let logs = stage.root().join("var/log/amr-units");
    let sizes = fs::read_dir(&logs)?.map(|e| Ok(e?.metadata()?.len())).sum::<Result<u64>>()?;
    if sizes < 4 * (10 << 20) {
        return Err(format!("the logs hold {sizes} bytes only").into());
    }
    let speed = |time: Duration| SHOUTED as f64 / time.as_secs_f64();
    let (own, disk) = (speed(median(&mut own)), speed(median(&mut disk)));
    let met = own >= 300.0 || own >= 0.9 * disk;
    row(
        "log pump: 100-byte lines, stamped, rotating",
        &format!("{own:.0} MB/s"),
        "",
        Some((">= 300 MB/s", met)),
    );
    row("plain writes of what the log gets", &format!("{disk:.0} MB/s"), "", None);
    for (name, speed) in peers::loggers(stage)? {
        row(&name, &format!("{speed:.0} MB/s"), "", None);
    }
    Ok(met)
}

/// 128 bytes for each line of 100, in files of 10 MiB of which five are kept.
fn plain_writes(stage: &Stage) -> Result<Duration> {
    let piece = vec![b'x'; 128 * 655];
    let begin = Instant::now();
    let mut left = SHOUTED * 1_280_000;
    let mut file = File::create(stage.dir.join("plain.0"))?;
    let (mut size, mut number) = (0, 0);
    while left > 0 {
        file.write_all(&piece)?;
        size += piece.len() as u64;
        left = left.saturating_sub(piece.len() as u64);
        if size >= 10 << 20 {
            (size, number) = (0, (number + 1) % 5);
            let path = stage.dir.join(format!("plain.{number}"));
            let _ = fs::remove_file(&path);
            file = File::create(path)?;
        }
    }
    Ok(begin.elapsed())
}

/// Small, and without a dynamic linker.
pub fn binary(stage: &Stage) -> Result<bool> {
    const INTERP: [u8; 4] = 3_u32.to_le_bytes();
    let bytes = fs::read(&stage.amr)?;
    // ELF64: entry size at 54, count at 56, the table at 32; the type is each entry's first word.
    let number = |at: usize, len: usize| {
        let field = bytes.get(at..at + len).unwrap_or_default();
        field.iter().rev().fold(0_usize, |n, b| n << 8 | usize::from(*b))
    };
    let (table, each, count) = (number(32, 8), number(54, 2), number(56, 2));
    let entries = (0..count).filter_map(|n| bytes.get(table + n * each..));
    let is_static = count > 0 && entries.into_iter().all(|entry| !entry.starts_with(&INTERP));
    let mb = bytes.len() as f64 / 1e6;
    let met = is_static && bytes.len() <= 4_000_000;
    let what = if is_static { "binary, static" } else { "binary, NOT static" };
    row(what, &format!("{mb:.2} MB"), "", Some(("<= 4 MB", met)));
    Ok(met)
}

/// For peers: says which of these are not here.
pub fn say_missing(names: &[&str]) {
    names.iter().filter(|name| installed(name).is_none()).for_each(|name| left_out(name));
}
