//! Speed and memory of reading registries, beside CPython's json.load of the same file.
//!
//! `cargo bench --bench registry`. Reach: a million states in at most 1/8 of json.load's CPU time and
//! at most 100 bytes a state beyond 64 MiB; one operation in a `log.json` of 10 MB at a cost that
//! does not depend on what was read before. Prints each ratio and fails when one is missed; without
//! python3 the first ratio is said to be left out.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, clippy::expect_used)]

use amr::drain::cursor::{Cursors, Generation};
use amr::drain::shipper::filebeat::memlog::{Memlog, Step};
use amr::drain::shipper::filebeat::registry;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

const STATES: u64 = 1_000_000;

fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("amr-bench-registry-{}", std::process::id()));
    let done = std::fs::create_dir_all(&folder).and_then(|()| run(&folder));
    let _ = std::fs::remove_dir_all(&folder);
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("registry: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> std::io::Result<bool> {
    let (array, checkpoint) = (folder.join("registry"), folder.join("1000001.json"));
    write_array(&array)?;
    write_checkpoint(&checkpoint)?;
    let mut good = true;
    for (name, path) in [("registry (array)", &array), ("memlog checkpoint", &checkpoint)] {
        let peer = python(path);
        let (before, start) = (resident(), cpu());
        let cursors = load(path)?;
        let (own, grown) = (cpu() - start, resident().saturating_sub(before));
        let size = std::fs::metadata(path)?.len();
        assert_eq!(cursors.len() as u64, STATES);
        let each = grown / STATES;
        let within = grown <= STATES * 100 + (64 << 20);
        println!(
            "{name}: {STATES} states, {} MB: {own:.3} s of CPU, {each} bytes a state resident",
            size >> 20
        );
        good &= within;
        match peer {
            Some(peer) => {
                println!("  json.load: {peer:.3} s; ratio {:.1} (reach: 8)", peer / own);
                good &= peer / own >= 8.0;
            }
            None => println!("  json.load: left out, python3 is not here"),
        }
    }
    Ok(one_operation() && good)
}

fn load(path: &Path) -> std::io::Result<Cursors> {
    let file = File::open(path)?;
    if path.extension().is_some() {
        return Ok(Memlog::from_checkpoint(file, STATES + 1)?.into_positions().cursors);
    }
    Ok(registry::read(file, "registry", Generation::Array)?.cursors)
}

/// One more operation after 10 MB of them, beside one after ten.
fn one_operation() -> bool {
    let time = |before: u64| {
        let mut store = Memlog::new();
        let mut log = String::new();
        for id in 1..=before {
            log += &operation(id);
        }
        assert!(matches!(store.feed(log.as_bytes()), Ok(Step::Taken(_))));
        let rounds = 2000;
        let more: Vec<String> = (before + 1..=before + rounds).map(operation).collect();
        let start = cpu();
        for operation in &more {
            assert!(matches!(store.feed(operation.as_bytes()), Ok(Step::Taken(1))));
        }
        ((cpu() - start) / rounds as f64 * 1e6, log.len() >> 20)
    };
    let (_, (few, _), (many, size)) = (time(10), time(10), time(40_000));
    println!("one operation: {few:.2} us after 10 of them, {many:.2} us after {size} MB of them");
    // The table no longer fits the processor's cache, so it is not quite the same.
    many <= few * 3.0 + 2.0
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

/// The CPU time of json.load alone, as CPython itself counts it.
fn python(path: &Path) -> Option<f64> {
    let script = "import json,sys,time\nf=open(sys.argv[1],'rb')\nt=time.process_time()\njson.load(f)\n\
                  print(time.process_time()-t)";
    let out = Command::new("python3").arg("-c").arg(script).arg(path).output().ok()?;
    String::from_utf8_lossy(&out.stdout).trim().parse().ok()
}

/// User and system time of this process, in seconds.
fn cpu() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage(2) of the own process cannot fail");
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
        .sum()
}

/// Resident bytes of this process, from /proc/self/statm.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}
