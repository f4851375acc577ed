//! How long `amr drain --once` takes where nothing is left to ship.
//!
//! * 1 000 files: at most 6 ms over a drain of one file, which starts its processes, finds the shipper, gives up
//!   rights and syncs a report as well, where a bare static fork and exec takes 0.53 ms: the bound is so many times
//!   what that takes here.
//! * A host with 500 processes: what is asked of those that are shippers, their environment and folders,
//!   their locks and configuration, adds at most 1 ms to the list of all.
//! * 100 000 live files: at most twice a bare stat() of all of them, in the same run.
//!
//! Prints each number and fails above its bound. Needs gcc.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

mod common;

use amr::drain::inspect::{InspectOptions, Options, inspect, positions_of, shippers_of};
use amr::drain::judge::history::History;
use amr::drain::judge::verdict::Verdict;
use amr::drain::shipper;
use amr::drain::shipper::filebeat::Filebeat;
use amr::drain::shipper::host::Host;
use amr::drain::wait::pace::Goals;
use amr::os::root::Root;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// As the command itself has it.
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

const SMALL: usize = 1_000;
const LARGE: usize = 100_000;
const PER_FOLDER: usize = 1_000;
const SMALL_BOUND: f64 = 6.0 / 0.53;
const LARGE_BOUND: f64 = 2.0;
const PROCESSES: usize = 500;
const FOUND_BOUND: Duration = Duration::from_millis(1);
/// More than reports are kept.
const RUNS: usize = 40;

fn main() {
    let folder = std::env::temp_dir().join(format!("amr-bench-drain-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let Small { whole, one, start, bare } = small(&folder);
    let (found, listed) = crowded(&folder.join("crowded"));
    let (ours, stat) = large(&folder.join("large"));
    fs::remove_dir_all(&folder).unwrap();
    let small = whole.saturating_sub(one);
    let times = small.as_secs_f64() / bare.as_secs_f64();
    let ratio = ours.as_secs_f64() / stat.as_secs_f64();
    println!(
        "{SMALL} files, nothing to ship: {small:?} over one file, {times:.1} times a bare fork and exec (bound \
         {SMALL_BOUND:.1}); the whole {whole:?}, one file {one:?}, `amr --version` {start:?}, bare {bare:?}"
    );
    let adds = found.saturating_sub(listed);
    println!(
        "{PROCESSES} processes: {adds:?} over the list of all, {listed:?}, to find a shipper (bound {FOUND_BOUND:?})"
    );
    println!("{LARGE} live files: {ours:?}, bare stat() {stat:?}, ratio {ratio:.2} (bound {LARGE_BOUND})");
    assert!(times <= SMALL_BOUND, "nothing to ship takes {small:?}");
    assert!(adds <= FOUND_BOUND, "finding a shipper among {PROCESSES} processes takes {adds:?}");
    assert!(ratio <= LARGE_BOUND, "{LARGE} files take {ratio:.2} times a bare stat()");
}

/// The shortest of several runs of each, taken in turns: what the machine does besides only adds.
fn best<const N: usize>(mut runs: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..RUNS {
        for (run, best) in runs.iter_mut().zip(&mut best) {
            let start = Instant::now();
            run();
            *best = (*best).min(start.elapsed());
        }
    }
    best
}

struct Small {
    whole: Duration,
    one: Duration,
    start: Duration,
    bare: Duration,
}

/// The command itself: its processes start, judge, keep their report and end.
fn small(folder: &Path) -> Small {
    let amr = common::amr().unwrap();
    let [mut many, mut one] = [("small", SMALL), ("one", 1)].map(|(name, files)| {
        let folder = folder.join(name);
        let options = lay(&folder, files).0;
        let mut command = Command::new(&amr);
        command.args(["drain", "filebeat", "--once", "--quiet", "--registry"]).arg(options.registry.unwrap());
        command.arg("--config").arg(options.config.unwrap()).arg("--reports").arg(folder.join("kept"));
        command
    });
    let mut version = Command::new(&amr);
    version.arg("--version").stdout(std::process::Stdio::null());
    let bare = folder.join("bare");
    common::compile(&bare, common::BARE).unwrap();
    let mut bare = Command::new(bare);
    let succeeds = |command: &mut Command| assert!(command.status().unwrap().success());
    let [whole, one, start, bare] = best([
        &mut || succeeds(&mut many),
        &mut || succeeds(&mut one),
        &mut || succeeds(&mut version),
        &mut || succeeds(&mut bare),
    ]);
    Small { whole, one, start, bare }
}

/// Ended when they are not needed any more.
struct Crowd(Vec<Child>);

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Finding the shippers among many processes, one of which has Filebeat's name; and listing them all.
fn crowded(folder: &Path) -> (Duration, Duration) {
    lay(folder, 1);
    let named = folder.join("filebeat");
    fs::copy("/bin/sleep", &named).unwrap();
    let sleeping = |program: &Path| Command::new(program).arg("600").current_dir(folder).spawn().unwrap();
    let _crowd = Crowd(
        std::iter::repeat_with(|| sleeping(Path::new("sleep")))
            .take(PROCESSES - 1)
            .chain([sleeping(&named)])
            .collect(),
    );
    let root = Root::host().unwrap();
    let [found, listed] = best([
        &mut || assert!(!shipper::find(&Host::inspect(&root).unwrap()).unwrap().is_empty()),
        &mut || assert!(Host::inspect(&root).unwrap().processes.len() >= PROCESSES),
    ]);
    (found, listed)
}

fn large(folder: &Path) -> (Duration, Duration) {
    let (options, files) = lay(folder, LARGE);
    let root = Root::host().unwrap();
    let found = shippers_of(&root, &options).unwrap().pop().unwrap();
    let source = positions_of(&found, Duration::from_secs(60)).unwrap();
    let goals = Goals::MOVING;
    let terms = InspectOptions::now(&goals);
    let [ours, bare] = best([
        &mut || {
            let mut history = History::default();
            let look = inspect(&root, &found, &options, source.positions(), &mut history, &terms).unwrap();
            assert_eq!(look.verdict, Verdict::Drained);
        },
        &mut || {
            for file in &files {
                assert!(fs::metadata(file).unwrap().is_file());
            }
        },
    ]);
    (ours, bare)
}

/// Files that are acknowledged to their end, their registry and their configuration.
fn lay(folder: &Path, count: usize) -> (Options, Vec<PathBuf>) {
    let mut registry = String::from("[");
    let mut files = Vec::with_capacity(count);
    for number in 0..count {
        let parent = folder.join(format!("logs/{}", number / PER_FOLDER));
        if number % PER_FOLDER == 0 {
            fs::create_dir_all(&parent).unwrap();
        }
        let path = parent.join(format!("{number}.log"));
        fs::write(&path, "a\n").unwrap();
        let stat = fs::metadata(&path).unwrap();
        let comma = if number == 0 { "" } else { "," };
        write!(
            registry,
            "{comma}{{\"source\":\"{}\",\"offset\":2,\"timestamp\":\"2100-01-01T00:00:00Z\",\"ttl\":-1,\
             \"type\":\"log\",\"FileStateOS\":{{\"inode\":{},\"device\":{}}}}}",
            path.display(),
            stat.ino(),
            stat.dev()
        )
        .unwrap();
        files.push(path);
    }
    registry.push(']');
    let (at, config) = (folder.join("registry"), folder.join("filebeat.yml"));
    fs::write(&at, registry).unwrap();
    let text = format!("filebeat.inputs:\n- type: log\n  paths: ['{}/logs/*/*.log']\n", folder.display());
    fs::write(&config, text).unwrap();
    let options =
        Options { shipper: Some(&Filebeat), registry: Some(at), config: Some(config), ..Options::default() };
    (options, files)
}
