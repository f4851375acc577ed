//! The facts of a SysV host: links, scripts, locks, insserv's files, the runlevel.
//!
//! A tree without any lock file was never booted: what its runlevel starts is then taken to run.

use crate::cli::scripts::{self, Script};
use crate::host::{Family, Runlevels, family};
use crate::order::sysv::beside::{Job, When};
use crate::order::sysv::{self, Depend, Link, LinkTarget, Numbers, Rc, SysvHost, tail};
use crate::os::error::Error;
use crate::os::root::{Entry, FileKind, Root};
use crate::sysv::level::Runlevel;
use crate::sysv::subsys;
use crate::sysv::upstart::{self, Trigger};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reads them.
///
/// # Errors
/// A folder of links or of locks is there and cannot be read: nothing can be said of it then.
pub fn gather(root: &Root, scripts: &[Script], known: Option<Runlevels>) -> Result<SysvHost, Error> {
    let rc = rc(root);
    let mut host = SysvHost {
        rc,
        levels: levels(root)?,
        scripts: scripts.iter().map(script).collect(),
        locks: None,
        lock_folder: subsys::FOLDER.to_owned(),
        depend: Depend { start: text(root, ".depend.start"), stop: text(root, ".depend.stop") },
        runlevel: runlevel(root, rc, known),
        jobs: jobs(root),
    };
    if rc == Rc::RedHat {
        host.locks = Some(locks(root, &host)?);
    }
    Ok(host)
}

/// What pid 1 runs itself, and when it stops each on the way to each level.
fn jobs(root: &Root) -> Vec<Job> {
    let all = scripts::jobs(root);
    let mut found: Vec<Job> = all.iter().map(job).collect();
    for level in Runlevel::ALL.map(Runlevel::get) {
        for (stopped, trigger) in upstart::stopped(&all, level) {
            let when = match trigger {
                Trigger::AtOnce => When::AtOnce,
                Trigger::Behind(other) => When::Behind(other),
                Trigger::BeforeScript(script) => When::BeforeScript(script),
                Trigger::AfterScript(script) => When::AfterScript(script),
            };
            let same = found.iter_mut().filter(|j| (&j.name, &j.file) == (&stopped.name, &stopped.file));
            same.for_each(|job| drop(job.stops.insert(level, when.clone())));
        }
    }
    found
}

fn job(job: &upstart::Job) -> Job {
    Job {
        name: job.name.clone(),
        file: job.file.clone(),
        stop_on: job.stop_on.clone(),
        kill_timeout: job.kill_timeout,
        only_waits: job.awaits.is_some(),
        stops: BTreeMap::new(),
    }
}

fn script(script: &Script) -> sysv::Script {
    let numbers = script.header.as_ref().and_then(|h| h.start.zip(h.stop));
    sysv::Script {
        name: script.name.clone(),
        executable: script.executable,
        numbers: numbers.map(|(start, stop)| Numbers {
            start: start.get(),
            stop: stop.get(),
            place: script.place.clone(),
        }),
        lock: script.lock.clone(),
    }
}

/// Which rc: Debian's follows insserv's files where all three are there and nobody said otherwise
/// (`/lib/init/rc`).
fn rc(root: &Root) -> Rc {
    let exists = |path: &str| root.exists(Path::new(path));
    let is_debian = match family(root) {
        Family::Debian => true,
        Family::RedHat => false,
        Family::Other => exists("/lib/init/rc"),
    };
    let filled = |name: &str| {
        root.stat(&Path::new(scripts::FOLDER).join(name))
            .is_ok_and(|s| s.kind == FileKind::Regular && s.size > 0)
    };
    if !is_debian {
        Rc::RedHat
    } else if !exists("/etc/init.d/.legacy-bootordering")
        && [".depend.boot", ".depend.start", ".depend.stop"].into_iter().all(filled)
    {
        Rc::DebianDepend
    } else {
        Rc::DebianNumbers
    }
}

fn text(root: &Root, name: &str) -> String {
    let bytes = root.read(&Path::new(scripts::FOLDER).join(name), 16 << 20).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn levels(root: &Root) -> Result<BTreeMap<u8, Vec<Link>>, Error> {
    let mut levels = BTreeMap::new();
    for level in Runlevel::ALL {
        let folder = level.folder();
        let entries = match root.list(Path::new(&folder)) {
            Err(e) if e.is_not_found() => continue,
            listed => listed?,
        };
        let links = entries.into_iter().filter_map(|e| link(root, &folder, &e)).collect();
        levels.insert(level.get(), links);
    }
    Ok(levels)
}

/// One name of an rcN.d folder; `None` for what rc's globs do not match anyway.
fn link(root: &Root, folder: &str, entry: &Entry) -> Option<Link> {
    let name = entry.name.to_str().filter(|n| tail(n).is_some())?;
    let path = Path::new(folder).join(name);
    let stat = root.stat(&path);
    let target = match (entry.kind, root.read_link(&path)) {
        (FileKind::Symlink, Ok(text)) => {
            let shown = text.to_string_lossy().into_owned();
            let in_scripts = text.parent().and_then(Path::file_name).is_some_and(|f| f == "init.d");
            match (&stat, text.file_name().and_then(|f| f.to_str())) {
                (Err(_), _) => LinkTarget::Dangling(shown),
                (Ok(_), Some(script)) if in_scripts => LinkTarget::Script(script.to_owned()),
                (Ok(_), _) => LinkTarget::Elsewhere(shown),
            }
        }
        (FileKind::Regular, _) => LinkTarget::RegularFile,
        _ => LinkTarget::Elsewhere("no script".to_owned()),
    };
    let executable = stat.is_ok_and(|s| s.mode & 0o111 != 0);
    Some(Link { name: name.to_owned(), target, executable })
}

fn locks(root: &Root, host: &SysvHost) -> Result<BTreeSet<String>, Error> {
    let entries = match root.list(Path::new(subsys::FOLDER)) {
        Err(e) if e.is_not_found() => Vec::new(),
        listed => listed?,
    };
    let names = entries.into_iter().filter(|e| e.kind == FileKind::Regular);
    let found = names.filter_map(|e| e.name.into_string().ok()).collect::<BTreeSet<_>>();
    if !found.is_empty() || root.is_host() {
        return Ok(found);
    }
    let started = host.links(host.runlevel, 'S').into_iter().filter_map(|l| tail(&l.name));
    Ok(started.map(str::to_owned).collect())
}

/// The level that the host lives in: not 0 or 6, which it is in while it goes down.
fn runlevel(root: &Root, rc: Rc, known: Option<Runlevels>) -> u8 {
    let lives = |c: char| c.to_digit(10).and_then(|d| u8::try_from(d).ok()).filter(|d| (1..=5).contains(d));
    let now = known.and_then(|l| lives(l.current).or_else(|| l.previous.and_then(lives)));
    let usual = match rc {
        Rc::RedHat => 3,
        Rc::DebianNumbers | Rc::DebianDepend => 2,
    };
    now.or_else(|| initdefault(root).and_then(lives)).unwrap_or(usual)
}

/// `id:3:initdefault:` of inittab(5).
fn initdefault(root: &Root) -> Option<char> {
    let bytes = root.read(Path::new("/etc/inittab"), 1 << 20).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (_, level, action) = (fields.next()?, fields.next()?, fields.next()?);
        level.chars().next().filter(|_| action == "initdefault" && !line.starts_with('#'))
    })
}
