//! Speed and memory of `amr drain --once` on a registry of a million states whose files are gone, beside
//! CPython's json.load of the same file; and of one more operation in a `log.json` of 10 MB.
//!
//! `cargo bench --bench registry`. Reach: read and judged, from the start of the process to its end, in
//! at most 1/4 of the CPU time that json.load alone takes, and of its memory; the
//! operation at a cost that does not depend on what was read before. Prints each ratio and fails when
//! one is missed; without python3 the first ratio is said to be left out.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod common;

use amr::drain::report::Report;
use amr::drain::shipper::filebeat::follow::{Change, Registry};
use amr::os::root::Root;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

const STATES: u64 = 1_000_000;
const ROUNDS: usize = 5;
const RATIO: f64 = 4.0;
/// One operation after 10 MB of others, beside one after ten of them.
const APART: f64 = 1.5;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("amr-bench-registry-{}", std::process::id()));
    let done = fs::create_dir_all(&folder).map_err(Into::into).and_then(|()| run(&folder));
    let _ = fs::remove_dir_all(&folder);
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("registry: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Outcome<bool> {
    let (array, memlog) = (folder.join("array"), folder.join("memlog"));
    fs::create_dir_all(&memlog)?;
    let checkpoint = memlog.join("1000001.json");
    write_array(&array)?;
    write_checkpoint(&checkpoint)?;
    fs::write(memlog.join("log.json"), "")?;
    fs::write(memlog.join("meta.json"), "{\"version\":\"1\"}")?;
    let inputs = "filebeat.inputs:\n- type: log\n  paths: ['/nowhere/*.log']\n";
    fs::write(folder.join("filebeat.yml"), inputs)?;
    let (binary, mut good) = (common::amr()?, true);
    let array = ("registry (array)", array.clone(), array);
    let memlog = ("memlog checkpoint", memlog, checkpoint);
    // All of amr first: the peak that wait(2) tells is that of the largest child so far.
    for registry in [&array.1, &memlog.1] {
        amr(&binary, folder, registry)?;
    }
    let peak = u64::try_from(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss())?;
    let python_is_here = Command::new("python3").arg("-V").output().is_ok();
    for (name, registry, file) in [array, memlog] {
        if !python_is_here {
            println!("{name}: json.load left out, python3 is not here");
            continue;
        }
        // In turns: what else the machine does disturbs both.
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(amr(&binary, folder, &registry)?);
            theirs.push(python(&file)?);
        }
        let room = theirs.iter().map(|(_, peak)| *peak).min().unwrap_or(0) / 4;
        println!(
            "{name}: at most {} MiB resident (reach: {}, a quarter of json.load's)",
            peak >> 10,
            room >> 10
        );
        good &= peak <= room;
        let (own, peer) = (median(ours), median(theirs.into_iter().map(|(time, _)| time).collect()));
        let ratio = peer / own;
        println!(
            "{name}: {STATES} states judged in {own:.3} s of CPU, json.load of its {} MB: {peer:.3} s; ratio \
             {ratio:.1} (reach: {RATIO})",
            fs::metadata(file)?.len() >> 20
        );
        good &= ratio >= RATIO;
    }
    Ok(one_operation(folder)? && good)
}

/// The middle one.
fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
}

/// CPU seconds of the whole command, which must end with the right answer.
fn amr(binary: &Path, folder: &Path, registry: &Path) -> Outcome<f64> {
    let report = folder.join("report.json");
    let before = cpu(UsageWho::RUSAGE_CHILDREN)?;
    let mut command = Command::new(binary);
    command.args(["drain", "filebeat", "--once", "--quiet", "--registry"]).arg(registry);
    command.arg("--config").arg(folder.join("filebeat.yml")).arg("--report").arg(&report);
    let status = command.arg("--reports").arg(folder.join("kept")).status()?;
    let own = cpu(UsageWho::RUSAGE_CHILDREN)? - before;
    let report = Report::parse(&fs::read(report)?)?;
    let gone = report.shippers.first().map(|shipper| shipper.states_without_file);
    if !status.success() || gone != Some(STATES) || report.verdict != "drained" {
        return Err(format!("{status}, '{}', {gone:?} states without a file", report.verdict).into());
    }
    Ok(own)
}

/// What one more operation costs in a log that is followed.
fn one_operation(folder: &Path) -> Outcome<bool> {
    let (few, _) = follow(&folder.join("few"), 10)?;
    let (many, size) = follow(&folder.join("many"), 40_000)?;
    let ratio = many / few;
    println!(
        "one operation: {few:.2} us after 10 of them, {many:.2} us after {size} MB of them; ratio {ratio:.2} \
         (reach: {APART})"
    );
    Ok(ratio <= APART)
}

/// Microseconds of CPU for one operation: appended, noticed and taken; and the log's megabytes before.
fn follow(folder: &Path, before: u64) -> Outcome<(f64, u64)> {
    const MORE: u64 = 2000;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("meta.json"), "{\"version\":\"1\"}")?;
    let mut log = OpenOptions::new().create(true).append(true).open(folder.join("log.json"))?;
    log.write_all((1..=before).map(operation).collect::<String>().as_bytes())?;
    let size = log.metadata()?.len() >> 20;
    let mut registry = Registry::find(&Root::host()?, folder)?;
    let start = cpu(UsageWho::RUSAGE_SELF)?;
    for id in before + 1..=before + MORE {
        log.write_all(operation(id).as_bytes())?;
        if registry.refresh()? != Change::Advanced {
            return Err("an operation was not taken".into());
        }
    }
    Ok(((cpu(UsageWho::RUSAGE_SELF)? - start) / MORE as f64 * 1e6, size))
}

fn operation(id: u64) -> String {
    let inode = 10_010_663 + id % 1000;
    format!(
        "{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"filebeat::logs::native::{inode}-65024\",\"v\":{{\"source\":\
         \"/var/log/app/a{inode}.log\",\"ttl\":-1,\"id\":\"native::{inode}-65024\",\"prev_id\":\"\",\"type\":\"log\",\
         \"FileStateOS\":{{\"inode\":{inode},\"device\":65024}},\"identifier_name\":\"native\",\"offset\":{id},\
         \"timestamp\":[652235322,1795212674]}}}}\n"
    )
}

fn write_array(path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for n in 0..STATES {
        let lead = if n == 0 { '[' } else { ',' };
        write!(
            out,
            "{lead}{{\"source\":\"/var/log/app{}/server-{n}.log\",\"offset\":{},\"timestamp\":\
             \"2026-11-20T22:11:48.187251043Z\",\"ttl\":-1,\"type\":\"log\",\"meta\":null,\
             \"FileStateOS\":{{\"inode\":{},\"device\":65024}}}}",
            n % 100,
            n * 37,
            10_000_000 + n
        )?;
    }
    out.write_all(b"]\n")
}

fn write_checkpoint(path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for n in 0..STATES {
        let lead = if n == 0 { "[\n" } else { ",\n" };
        write!(
            out,
            "{lead}{{\"_key\":\"filestream::my-id::native::{}-65024\",\"ttl\":1800000000000,\"updated\":\
             [10892077,1795212685],\"cursor\":{{\"offset\":{}}},\"meta\":{{\"source\":\
             \"/var/log/app{}/server-{n}.log\",\"identifier_name\":\"native\"}}}}",
            10_000_000 + n,
            n * 37,
            n % 100
        )?;
    }
    out.write_all(b"\n]\n")
}

/// The CPU time of json.load alone, as CPython itself counts it, and the process's peak in KiB.
fn python(path: &Path) -> Outcome<(f64, u64)> {
    let script = "import json,sys,time,resource\nf=open(sys.argv[1],'rb')\nt=time.process_time()\njson.load(f)\n\
                  print(time.process_time()-t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)";
    let out = Command::new("python3").arg("-c").arg(script).arg(path).output()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let (time, peak) = text.trim().split_once(' ').ok_or("python3 has failed")?;
    Ok((time.parse()?, peak.parse()?))
}

/// User and system time, in seconds.
fn cpu(who: UsageWho) -> Outcome<f64> {
    let usage: Usage = getrusage(who)?;
    let times = [usage.user_time(), usage.system_time()];
    Ok(times.iter().map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6).sum())
}
