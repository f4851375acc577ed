//! Which shippers are here: installed, or running, and where each keeps its positions.
//!
//! A running one is found by its executable and its command line; what it really uses counts more
//! than what a package would have it use: the lock that it holds on `filebeat.lock` (7.0 and later),
//! and the `log.json` that it has open. Nothing is executed: the version is what the registry's
//! neighbours and the package's files say. A driver: it reads `/proc` and files.

use super::filebeat::config::{self, Config, Flags, Setting};
use super::{Shipper, Version, cloudwatch};
use crate::os::error::Error as OsError;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{Root, Stat};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How large a configuration may be.
const LARGEST: u64 = 4 << 20;

/// A shipper that is here.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which.
    pub shipper: Shipper,
    /// Its process, if it runs.
    pub process: Option<ProcessId>,
    /// When that process began, in clock ticks since boot: its number alone may be another's later.
    pub started: Option<u64>,
    /// Where it keeps its positions: Filebeat's `registry` (file or folder), or the agent's folder of
    /// states.
    pub positions: PathBuf,
    /// `path.data`, for Filebeat.
    pub data: Option<PathBuf>,
    /// Its configuration file.
    pub configuration: Option<PathBuf>,
    /// What the configuration says.
    pub config: Config,
    /// Its version, where that can be told.
    pub version: Option<Version>,
    /// What could not be found out; each is a sentence.
    pub doubts: Vec<String>,
}

impl Found {
    /// Does the very process that was found still run? One that has ended and waits for its parent
    /// does not, nor does another one that has its number now.
    #[must_use]
    pub fn runs(&self, proc: &Proc) -> bool {
        let own =
            |pid| proc.stat(pid).is_ok_and(|stat| !stat.is_zombie() && Some(stat.start_time) == self.started);
        self.process.is_some_and(own)
    }
}

/// The places of a packaged Filebeat (deb and rpm).
const PACKAGE: [(&str, &str); 4] = [
    ("path.home", "/usr/share/filebeat"),
    ("path.config", "/etc/filebeat"),
    ("path.data", "/var/lib/filebeat"),
    ("path.logs", "/var/log/filebeat"),
];

/// Every shipper that runs or is installed.
///
/// # Errors
/// `/proc` cannot be read, or shows no process although this one runs.
pub fn all(root: &Root) -> Result<Vec<Found>, OsError> {
    let proc = Proc::new(root.clone());
    let mut found = Vec::new();
    let pids = match proc.pids() {
        // A tree without /proc has no processes.
        Err(error) if error.is_not_found() && !root.is_host() => Vec::new(),
        other => other?,
    };
    if pids.is_empty() && root.is_host() {
        let cause = "it shows no process; is it mounted?";
        return Err(OsError::other("find processes in", "/proc", ErrorKind::NotFound, cause));
    }
    for pid in pids {
        match running(root, &proc, pid) {
            Ok(Some(one)) => found.push(one),
            Ok(None) => {}
            // It ended meanwhile, or is a kernel thread.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    merge_parents(&mut found);
    for installed in [installed_filebeat(root), installed_cloudwatch(root)].into_iter().flatten() {
        if !found.iter().any(|one| one.shipper == installed.shipper && one.positions == installed.positions) {
            found.push(installed);
        }
    }
    found.extend(agent_components(root, &found));
    for one in &mut found {
        one.process = one.process.or_else(|| one.data.as_deref().and_then(|data| locker(root, data)));
        one.started = one.process.and_then(|pid| proc.stat(pid).ok()).map(|stat| stat.start_time);
    }
    Ok(found)
}

/// The process that holds the lock of a data folder, by whatever name its executable goes.
fn locker(root: &Root, data: &Path) -> Option<ProcessId> {
    lock_holder(root, &data.join("filebeat.lock")).and_then(ProcessId::new)
}

/// The shipper that a process is.
fn running(root: &Root, proc: &Proc, pid: ProcessId) -> Result<Option<Found>, OsError> {
    // The executable first: it is one link, and nearly every process is done with.
    let exe = match proc.exe(pid) {
        Ok(exe) => Some(exe),
        // A kernel thread, or it has ended.
        Err(error) if error.is_not_found() && root.is_host() => return Ok(None),
        Err(_) => None,
    };
    if exe.as_deref().is_some_and(|exe| shipper_of(exe).is_none()) {
        return Ok(None);
    }
    let words = proc.cmdline(pid)?;
    let Some(first) = words.first() else { return Ok(None) };
    let Some((shipper, name)) = shipper_of(exe.as_deref().unwrap_or(Path::new(first))) else {
        return Ok(None);
    };
    let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    Ok(match shipper {
        // The watchdog of 1.x to 6.x; what it watches is found by itself.
        Shipper::Filebeat if name == "filebeat-god" => None,
        // One executable for all beats: the first word says which.
        Shipper::Filebeat if name != "filebeat" && words.first() != Some(&"filebeat") => None,
        Shipper::Filebeat => Some(running_filebeat(root, proc, pid, &words, exe.as_deref())),
        Shipper::CloudWatchAgent => Some(Found { process: Some(pid), ..cloudwatch_at(root) }),
    })
}

/// The shipper that an executable may be, and the executable's name.
fn shipper_of(exe: &Path) -> Option<(Shipper, &str)> {
    let name = exe.file_name()?.to_str()?;
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    Some((Shipper::ALL.into_iter().find(|one| one.executables().contains(&name))?, name))
}

fn running_filebeat(root: &Root, proc: &Proc, pid: ProcessId, words: &[&str], exe: Option<&Path>) -> Found {
    let flags = Flags::parse(words.iter().copied());
    let cwd = root.read_link(Path::new(&format!("/proc/{pid}/cwd"))).ok();
    let beside = exe.and_then(Path::parent).map(Path::to_path_buf);
    let mut found = filebeat(root, &flags, cwd.as_deref(), beside.as_deref());
    found.process = Some(pid);
    match open_registry(proc, pid) {
        Some(folder) if folder != found.positions && !folder.starts_with(&found.positions) => {
            found.data = None;
            found.positions = folder;
        }
        Some(_) | None => {}
    }
    if let Some(data) = &found.data
        && let Some(holder) = lock_holder(root, &data.join("filebeat.lock"))
        && holder != pid.get()
    {
        found.doubts.push(format!("process {holder} holds the lock of its data folder, not process {pid}"));
    }
    found
}

/// The folder of the `log.json` that a process has open.
fn open_registry(proc: &Proc, pid: ProcessId) -> Option<PathBuf> {
    let fds = proc.fds(pid).ok()?;
    fds.into_iter().find_map(|fd| {
        let path = proc.fd_link(pid, fd).ok()?;
        let folder = path.parent()?;
        let own = path.file_name() == Some(OsStr::new("log.json")) && folder.ends_with("registry/filebeat");
        own.then(|| folder.parent().map(Path::to_path_buf))?
    })
}

/// The process that holds a flock(2) on a file, from /proc/locks.
#[must_use]
pub fn lock_holder(root: &Root, file: &Path) -> Option<i32> {
    let stat = root.stat(file).ok()?;
    let locks = root.read(Path::new("/proc/locks"), LARGEST).ok()?;
    holder_of(&String::from_utf8_lossy(&locks), &stat)
}

/// `1: FLOCK  ADVISORY  WRITE 707 fe:00:1234 0 EOF`; a waiting one has `->` behind its number.
fn holder_of(locks: &str, stat: &Stat) -> Option<i32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words.as_slice() else { return None };
        let mut place = place.split(':');
        let major = u64::from_str_radix(place.next()?, 16).ok()?;
        let minor = u64::from_str_radix(place.next()?, 16).ok()?;
        let ino: u64 = place.next()?.parse().ok()?;
        let own = stat.device();
        (own == (u32::try_from(major).ok()?, u32::try_from(minor).ok()?) && ino == stat.ino)
            .then(|| pid.parse().ok())?
    })
}

/// A Filebeat of these flags: the places, from the flags, the configuration and the defaults.
fn filebeat(root: &Root, flags: &Flags, cwd: Option<&Path>, beside: Option<&Path>) -> Found {
    let absolute = |path: &str, base: Option<&Path>| match (Path::new(path).is_absolute(), base) {
        (true, _) | (false, None) => PathBuf::from(path),
        (false, Some(base)) => base.join(path),
    };
    let mut doubts = Vec::new();
    // Without flags: the home is where the executable lies, and everything is below it.
    let home = flags.setting("path.home").map(|path| absolute(path, cwd)).or(beside.map(Path::to_path_buf));
    let folder = flags.setting("path.config").map(|path| absolute(path, cwd)).or(home.clone());
    let name = flags.config.last().map_or("filebeat.yml", String::as_str);
    let file = absolute(name, folder.as_deref().or(cwd));
    let mut config = read_config(root, &file, flags, &mut doubts);
    if flags.config.len() > 1 {
        doubts.push("it was started with several configuration files, the last one was read".into());
    }
    if !flags.modules.is_empty() {
        doubts.push("it was started with -M, modules may have other settings".into());
    }
    add_includes(root, folder.as_deref(), &mut config, &mut doubts);
    let data = match (&config.data, &home) {
        (Setting::Set(path), _) => Some(absolute(path, home.as_deref().or(cwd))),
        (Setting::Default, Some(home)) => Some(home.join("data")),
        (Setting::Default, None) => None,
        (Setting::Unknown(text), _) => {
            doubts.push(format!("path.data is '{text}'"));
            None
        }
    };
    let registry = match &config.registry {
        Setting::Set(path) => path.as_str(),
        Setting::Default => "registry",
        Setting::Unknown(text) => {
            doubts.push(format!("the registry's path is '{text}'"));
            "registry"
        }
    };
    let base = data.clone().unwrap_or_else(|| PathBuf::from("/var/lib/filebeat"));
    Found {
        shipper: Shipper::Filebeat,
        process: None,
        started: None,
        positions: absolute(registry, Some(&base)),
        version: home.as_deref().and_then(|home| filebeat_version(root, home)),
        data,
        configuration: Some(file),
        config,
        doubts,
    }
}

fn read_config(root: &Root, file: &Path, flags: &Flags, doubts: &mut Vec<String>) -> Config {
    let name = crate::os::error::escape(file.as_os_str());
    let text = match root.read(file, LARGEST) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            doubts.push(error.to_string());
            // The flags count all the same.
            String::new()
        }
    };
    config::read(&name, &text, flags).unwrap_or_else(|error| {
        doubts.push(format!("{name}:{error}"));
        config::read(&name, "", flags).unwrap_or_default()
    })
}

/// Reads what the configuration includes; what cannot be read is a doubt.
fn add_includes(root: &Root, folder: Option<&Path>, config: &mut Config, doubts: &mut Vec<String>) {
    let mut at = 0;
    // An included configuration may include more; it ends, for no file is that deep in practice.
    while let Some(include) = config.includes.get(at).cloned().filter(|_| at < 64) {
        at += 1;
        let base = folder.unwrap_or(Path::new("/")).join(&include.pattern);
        let files = base.to_str().map(|pattern| root.glob(pattern));
        let files = match files {
            Some(Ok(files)) => files,
            Some(Err(error)) => {
                doubts.push(error.to_string());
                continue;
            }
            None => continue,
        };
        for file in files {
            let name = crate::os::error::escape(file.as_os_str());
            match root.read(&file, LARGEST) {
                Err(error) => doubts.push(error.to_string()),
                Ok(bytes) => {
                    if let Err(error) = config.add(include.holds, &name, &String::from_utf8_lossy(&bytes)) {
                        doubts.push(format!("{name}:{error}"));
                    }
                }
            }
        }
    }
}

/// The packaged Filebeat, if its configuration or data are there.
fn installed_filebeat(root: &Root) -> Option<Found> {
    let there = ["/etc/filebeat/filebeat.yml", "/var/lib/filebeat"];
    if !there.iter().any(|path| root.exists(Path::new(path))) {
        return None;
    }
    let settings = PACKAGE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let flags = Flags { settings, ..Flags::default() };
    Some(filebeat(root, &flags, None, None))
}

/// The version that the first line of the README in the home folder names, `# Welcome to Filebeat
/// 7.8.1`; `None` where a package has left it out.
fn filebeat_version(root: &Root, home: &Path) -> Option<Version> {
    let readme = root.read(&home.join("README.md"), LARGEST).ok()?;
    let readme = String::from_utf8_lossy(&readme).into_owned();
    readme.lines().next()?.rsplit(' ').next().and_then(Version::parse)
}

fn installed_cloudwatch(root: &Root) -> Option<Found> {
    root.exists(Path::new(cloudwatch::STATES)).then(|| cloudwatch_at(root))
}

fn cloudwatch_at(root: &Root) -> Found {
    let version = root.read(Path::new("/opt/aws/amazon-cloudwatch-agent/bin/CWAGENT_VERSION"), 4096).ok();
    Found {
        shipper: Shipper::CloudWatchAgent,
        process: None,
        started: None,
        positions: cloudwatch::STATES.into(),
        data: None,
        configuration: None,
        config: Config::default(),
        version: version.and_then(|text| Version::parse(String::from_utf8_lossy(&text).trim())),
        doubts: vec!["which files the CloudWatch agent takes is not read from its configuration".into()],
    }
}

/// The registries of Elastic Agent's components that no running process was found for.
fn agent_components(root: &Root, found: &[Found]) -> Vec<Found> {
    let pattern = "/opt/Elastic/Agent/data/elastic-agent-*/run/*/registry";
    let folders = root.glob(pattern).unwrap_or_default();
    let known = |folder: &PathBuf| found.iter().any(|one| one.positions == *folder);
    let new = folders.into_iter().filter(|folder| !known(folder));
    new.map(|folder| Found {
        shipper: Shipper::Filebeat,
        process: None,
        started: None,
        data: folder.parent().map(Path::to_path_buf),
        positions: folder,
        configuration: None,
        config: Config::default(),
        version: None,
        doubts: vec!["the Elastic Agent gives its inputs to this component at run time".into()],
    })
    .collect()
}

/// Two processes of one Filebeat (a wrapper that kept its words) share their positions: the one that
/// was found last, the child, is kept.
fn merge_parents(found: &mut Vec<Found>) {
    let mut kept: Vec<Found> = Vec::new();
    for one in found.drain(..) {
        kept.retain(|other| other.shipper != one.shipper || other.positions != one.positions);
        kept.push(one);
    }
    *found = kept;
}

#[cfg(test)]
mod tests;
