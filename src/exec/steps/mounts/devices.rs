//! `PrivateDevices=`: a /dev with what every program expects (`mount_private_dev`).

use crate::os::error::Errno;
use crate::os::mounts::{self, Flags, OpenPath};
use std::path::{Path, PathBuf};

/// Devices that nobody can do harm with.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Folders that stay the host's, and whether they must.
const FOLDERS: [(&str, bool); 4] = [("pts", true), ("shm", true), ("mqueue", false), ("hugepages", false)];
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("core", "/proc/kcore"),
];

/// Those of the host, held before the new /dev covers them, or another root hides them.
pub(super) struct HostDevices {
    devices: Vec<(&'static str, OpenPath)>,
    folders: Vec<(&'static str, bool, Result<OpenPath, Errno>)>,
    /// Where a link leads, and what is there.
    terminals: (Option<PathBuf>, Result<OpenPath, Errno>),
    log: (Option<PathBuf>, Result<OpenPath, Errno>),
}

impl HostDevices {
    pub fn find() -> HostDevices {
        let dev = Path::new("/dev");
        let of_host = |name: &str| OpenPath::find(&dev.join(name));
        let both = |name: &str| (mounts::link(&dev.join(name)), of_host(name));
        HostDevices {
            devices: DEVICES.iter().filter_map(|name| Some((*name, of_host(name).ok()?))).collect(),
            folders: FOLDERS.iter().map(|(name, must)| (*name, *must, of_host(name))).collect(),
            terminals: both("ptmx"),
            log: both("log"),
        }
    }

    pub fn mount(&self, dev: &Path) -> Result<(), Errno> {
        let flags = Flags::MS_NOSUID | Flags::MS_NOEXEC | Flags::MS_STRICTATIME;
        mounts::place(dev)?.fill("tmpfs", flags, "mode=755,size=4m,nr_inodes=64k")?;
        for (name, must, folder) in &self.folders {
            mounts::make_folder(&dev.join(name))?;
            let covered = match folder {
                Ok(folder) => mounts::place(&dev.join(name)).and_then(|place| place.cover(folder, false)),
                Err(errno) => Err(*errno),
            };
            match covered {
                Err(errno) if *must => return Err(errno),
                _ => {}
            }
        }
        for (name, device) in &self.devices {
            match mounts::make_device(&dev.join(name), device) {
                // It is none.
                Ok(()) | Err(Errno::ENXIO) => {}
                Err(errno) => return Err(errno),
            }
        }
        match &self.terminals {
            (Some(to), _) => mounts::make_link(to, &dev.join("ptmx"))?,
            (None, Ok(device)) => mounts::make_device(&dev.join("ptmx"), device)?,
            (None, Err(errno)) => return Err(*errno),
        }
        for (name, to) in LINKS {
            mounts::make_link(Path::new(to), &dev.join(name))?;
        }
        // Where the daemon of the log listens, if there is one.
        match &self.log {
            (Some(to), _) => mounts::make_link(to, &dev.join("log")),
            (None, Ok(socket)) => {
                mounts::make_like(&dev.join("log"), socket)?;
                mounts::place(&dev.join("log"))?.cover(socket, false)
            }
            (None, Err(_)) => Ok(()),
        }
    }
}
