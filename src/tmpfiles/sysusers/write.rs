//! Makes the users and groups: under the lock that passwd(1), useradd(8) and systemd-sysusers take, each file
//! replaced in one step by one with its owner, mode and label, the old one kept as `passwd-` and so on.

use super::database::Texts;
use super::line::Entry;
use super::plan::{Plan, World, plan, range};
use crate::os::clock;
use crate::os::error::Result;
use crate::os::ids::Ids;
use crate::os::lock::PasswdLock;
use crate::os::root::{Reader, Root};
use std::path::Path;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
const SHADOW: &str = "/etc/shadow";
const GSHADOW: &str = "/etc/gshadow";

/// Larger than any of them.
const LIMIT: u64 = 64 << 20;

/// Do it, or only say what would be done?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mode {
    Do,
    DryRun,
}

/// Makes whom the lines ask for and who is not there.
///
/// # Errors
/// The lock cannot be had, or a file cannot be read or replaced; those before it are.
pub fn make(root: &Root, entries: &[Entry], mode: Mode) -> Result<Plan> {
    let _lock = match mode {
        Mode::Do => Some(PasswdLock::take(root)?),
        Mode::DryRun => None,
    };
    let ids = Ids::new(root);
    let text = |path: &str| read(root, path).map(|bytes| bytes.unwrap_or_default());
    let defs = text("/etc/login.defs")?;
    let world = World {
        user: &|name| Ok(ids.user(name).map_err(|e| e.to_string())?.map(|user| (user.name, user.uid))),
        group: &|name| Ok(ids.group(name).map_err(|e| e.to_string())?.map(|group| (group.name, group.gid))),
        owner_of: &|path| root.stat(path).ok().map(|stat| (stat.uid, stat.gid)),
        range: range(&String::from_utf8_lossy(&defs)),
    };
    let planned = plan(entries, &world);
    if mode == Mode::DryRun {
        return Ok(planned);
    }
    let old = Texts {
        passwd: text(PASSWD)?,
        group: text(GROUP)?,
        shadow: read(root, SHADOW)?,
        gshadow: read(root, GSHADOW)?,
    };
    let today = clock::realtime().as_secs() / (24 * 60 * 60);
    let shells = ["/usr/sbin/nologin", "/sbin/nologin"];
    let nologin = shells.iter().find(|path| root.exists(Path::new(path))).unwrap_or(&"/sbin/nologin");
    let new = old.with(&planned, today, nologin);
    // Whoever reads between two of them must find the group of a user.
    let empty = Vec::new();
    let pairs = [
        (GROUP, Some(&old.group), Some(&new.group)),
        (GSHADOW, old.gshadow.as_ref(), new.gshadow.as_ref()),
        (PASSWD, Some(&old.passwd), Some(&new.passwd)),
        (SHADOW, old.shadow.as_ref(), new.shadow.as_ref()),
    ];
    for (path, old, new) in pairs {
        if let Some(new) = new.filter(|new| **new != *old.unwrap_or(&empty)) {
            root.safe_replace(Path::new(path), new, old.map(Vec::as_slice), 0o644)?;
        }
    }
    Ok(planned)
}

/// `None` where there is none.
fn read(root: &Root, path: &str) -> Result<Option<Vec<u8>>> {
    match root.safe_read(Path::new(path), LIMIT, Reader::Amr) {
        Ok((bytes, _)) => Ok(Some(bytes)),
        Err(e) if e.is_not_found() => Ok(None),
        Err(e) => Err(e),
    }
}
