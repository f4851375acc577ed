//! Which family of distribution: where init scripts live and how they talk.

use super::text;
use crate::os::root::Root;
use std::path::Path;

/// The two families that differ in what init scripts look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// RHEL, CentOS, Fedora, Amazon Linux: chkconfig headers, /etc/rc.d, subsys locks.
    RedHat,
    /// Debian, Ubuntu: LSB headers, insserv, update-rc.d.
    Debian,
    /// Neither.
    Other,
}

/// By os-release(5), and on hosts from before it by the release files.
pub fn family(root: &Root) -> Family {
    let release = text(root, "/etc/os-release").or_else(|| text(root, "/usr/lib/os-release"));
    if let Some(found) = release.as_deref().and_then(by_os_release) {
        return found;
    }
    let exists = |path: &str| root.exists(Path::new(path));
    if ["/etc/redhat-release", "/etc/system-release"].into_iter().any(exists) {
        Family::RedHat
    } else if exists("/etc/debian_version") {
        Family::Debian
    } else {
        Family::Other
    }
}

/// ID first, then ID_LIKE, nearest relative first.
fn by_os_release(release: &str) -> Option<Family> {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    let names = [value("ID"), value("ID_LIKE")].into_iter().flatten();
    let names: Vec<String> =
        names.flat_map(|v| v.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    names.iter().find_map(|name| match name.as_str() {
        "rhel" | "centos" | "fedora" | "amzn" | "ol" | "rocky" | "almalinux" => Some(Family::RedHat),
        "debian" | "ubuntu" | "devuan" | "raspbian" => Some(Family::Debian),
        _ => None,
    })
}
