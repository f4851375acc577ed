//! Which init is pid 1.

use super::text;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{FileKind, Root};
use std::path::Path;

/// The programs that may be pid 1, as far as they differ for services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Init {
    /// systemd runs the services; amr steps aside.
    Systemd,
    /// Upstart, which runs SysV rc scripts (Amazon Linux AMI, RHEL 6).
    Upstart,
    /// sysvinit with rc scripts.
    Sysvinit,
    /// OpenRC, under whatever pid 1.
    Openrc,
    /// Something else, or a container without an init.
    Other,
}

/// Was the host booted with systemd? As sd_booted(3): the folder is made by pid 1 alone.
pub fn booted_with_systemd(root: &Root) -> bool {
    root.lstat(Path::new("/run/systemd/system")).is_ok_and(|stat| stat.kind == FileKind::Dir)
}

/// Did systemd itself call this process (from a unit that it generated for an init script, say)?
/// `parent` is the parent's pid.
pub fn called_by_systemd(root: &Root, parent: i32) -> bool {
    parent == 1 && booted_with_systemd(root)
}

/// On the host, the init that runs; in a tree, the one that would.
pub fn init(root: &Root) -> Init {
    if booted_with_systemd(root) {
        return Init::Systemd;
    }
    if !root.is_host() {
        return by_files(root);
    }
    // A tree with systemd in it may be run by a shell as pid 1, as containers are.
    let comm = ProcessId::new(1).and_then(|pid| Proc::new(root.clone()).stat(pid).ok());
    match comm.as_ref().map(|stat| stat.comm.as_slice()) {
        Some(b"init" | b"upstart" | b"openrc-init") => match by_files(root) {
            Init::Systemd => Init::Other,
            found @ (Init::Upstart | Init::Sysvinit | Init::Openrc | Init::Other) => found,
        },
        Some(_) | None => Init::Other,
    }
}

/// By what is installed.
fn by_files(root: &Root) -> Init {
    let target = root.resolve(Path::new("/sbin/init")).ok();
    let program = target.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    match program {
        Some("systemd") => Init::Systemd,
        Some("openrc-init") => Init::Openrc,
        Some("busybox") if root.exists(Path::new("/sbin/openrc")) => Init::Openrc,
        Some("init" | "upstart") => {
            // Upstart's jobs; Debian's sysvinit has an initctl too, but only as a FIFO.
            if root.exists(Path::new("/sbin/initctl")) && root.is_dir(Path::new("/etc/init")) {
                Init::Upstart
            } else if text(root, "/etc/inittab").is_some_and(|table| table.contains("openrc")) {
                Init::Openrc
            } else {
                Init::Sysvinit
            }
        }
        Some(_) | None => Init::Other,
    }
}
