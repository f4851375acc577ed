//! `PrivateDevices=`: a /dev with what every program expects (`mount_private_dev`).

use crate::os::error::Errno;
use crate::os::mounts::{self, Flags, Place};
use std::path::Path;

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

/// Held before the new one covers them.
pub(super) fn mount(dev: &Path) -> Result<(), Errno> {
    let of_host = |name: &str| Place::find(&dev.join(name));
    let devices: Vec<_> = DEVICES.iter().filter_map(|name| Some((name, of_host(name).ok()?))).collect();
    let folders: Vec<_> = FOLDERS.iter().map(|(name, must)| (name, must, of_host(name))).collect();
    let terminals = (mounts::link(&dev.join("ptmx")), of_host("ptmx"));
    let log = (mounts::link(&dev.join("log")), of_host("log"));
    let flags = Flags::MS_NOSUID | Flags::MS_NOEXEC | Flags::MS_STRICTATIME;
    mounts::place(dev)?.fill("tmpfs", flags, "mode=755,size=4m,nr_inodes=64k")?;
    for (name, must, folder) in folders {
        mounts::make_folder(&dev.join(name))?;
        match folder.and_then(|folder| mounts::place(&dev.join(name))?.cover(&folder, false)) {
            Err(errno) if *must => return Err(errno),
            _ => {}
        }
    }
    for (name, device) in &devices {
        match mounts::make_device(&dev.join(name), device) {
            // It is none.
            Ok(()) | Err(Errno::ENXIO) => {}
            Err(errno) => return Err(errno),
        }
    }
    match terminals {
        (Some(to), _) => mounts::make_link(&to, &dev.join("ptmx"))?,
        (None, device) => mounts::make_device(&dev.join("ptmx"), &device?)?,
    }
    for (name, to) in LINKS {
        mounts::make_link(Path::new(to), &dev.join(name))?;
    }
    // Where the daemon of the log listens, if there is one.
    match log {
        (Some(to), _) => mounts::make_link(&to, &dev.join("log")),
        (None, Ok(socket)) => {
            mounts::make_like(&dev.join("log"), &socket)?;
            mounts::place(&dev.join("log"))?.cover(&socket, false)
        }
        (None, Err(_)) => Ok(()),
    }
}
