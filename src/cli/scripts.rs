//! The init scripts of a tree: what each one's header and override ask for, and where that is written.

use crate::host::{Init, init};
use crate::os::root::{FileKind, Root};
use crate::sysv::chkconfig::is_listed;
use crate::sysv::header::{Header, SEARCHED, Scan, chkconfig_line, scan, whole_lines};
use crate::sysv::subsys;
use crate::sysv::upstart::{self, Job};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where they are.
pub use crate::sysv::apply::SCRIPTS as FOLDER;

/// Where upstart's jobs are.
pub const JOBS: &str = "/etc/init";

/// An init script.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its name in init.d.
    pub name: String,
    /// Has it an executable bit?
    pub executable: bool,
    /// Whose it is.
    pub owner: Owner,
    /// What it asks for, its override applied; `None` where chkconfig would refuse it.
    pub header: Option<Header>,
    /// Is there an override in `/etc/chkconfig.d`?
    pub overridden: bool,
    /// Where its numbers are written.
    pub place: (PathBuf, u32),
    /// The subsys lock that its text names, where that is not its own name.
    pub lock: Option<String>,
    /// What it says, byte by byte, as far as it is searched for a header.
    pub bytes: Vec<u8>,
}

/// Whose a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// `#!/usr/sbin/amr initd`: it runs a unit.
    Amr,
    /// Anybody else's.
    Other,
}

/// All scripts, sorted by name; what cannot be read is left out, as chkconfig leaves it out.
#[must_use]
pub fn read(root: &Root) -> Vec<Script> {
    let names = |folder: &str| root.list(Path::new(folder)).unwrap_or_default();
    let overrides = names("/etc/chkconfig.d").into_iter().map(|e| e.name).collect::<BTreeSet<_>>();
    let files = names(FOLDER).into_iter().filter(|e| matches!(e.kind, FileKind::Regular | FileKind::Symlink));
    let named = files.filter(|e| is_listed(&e.name)).filter_map(|e| e.name.into_string().ok());
    named.filter_map(|name| read_one(root, name, &overrides)).collect()
}

/// What pid 1 runs itself, beside rc: upstart's jobs, or the `respawn` lines of inittab.
#[must_use]
pub fn jobs(root: &Root) -> Vec<Job> {
    let text = |path: &Path| {
        let bytes = root.read(path, SEARCHED).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    match init(root) {
        Init::Upstart => {
            let files = root.list(Path::new(JOBS)).unwrap_or_default().into_iter();
            let named = files.filter_map(|e| Some(e.name.to_str()?.strip_suffix(".conf")?.to_owned()));
            let read = |name: String| {
                Some(upstart::parse(&name, &text(&Path::new(JOBS).join(format!("{name}.conf")))?))
            };
            named.filter_map(read).collect()
        }
        Init::Sysvinit => upstart::inittab(&text(Path::new("/etc/inittab")).unwrap_or_default()),
        Init::Systemd | Init::Openrc | Init::Other => Vec::new(),
    }
}

fn read_one(root: &Root, name: String, overrides: &BTreeSet<OsString>) -> Option<Script> {
    let path = Path::new(FOLDER).join(&name);
    let head = root.read_head(&path, SEARCHED).ok()?;
    let bytes = whole_lines(&head).to_vec();
    let mut place = (path.clone(), chkconfig_line(&bytes).unwrap_or(1));
    let mut scanned = scan(&bytes).ok();
    let mut overridden = false;
    if overrides.contains(std::ffi::OsStr::new(&name)) {
        let file = Path::new("/etc/chkconfig.d").join(&name);
        if let Ok(text) = root.read(&file, SEARCHED)
            && let (Some(base), Ok(over)) = (scanned.clone(), scan(&text))
            && let Ok(both) = base.overridden(over)
        {
            place = (file, chkconfig_line(&text).unwrap_or(1));
            (scanned, overridden) = (Some(both), true);
        }
    }
    let lock = subsys::lock_written(&bytes).filter(|lock| *lock != name);
    Some(Script {
        executable: root.stat(&path).is_ok_and(|s| s.mode & 0o111 != 0),
        // One of which only a part is known is not to be written again.
        owner: if bytes.len() < head.len() { Owner::Other } else { owner(&bytes) },
        header: scanned.and_then(|s: Scan| s.accept().ok()),
        overridden,
        place,
        lock,
        name,
        bytes,
    })
}

/// By the first line.
fn owner(script: &[u8]) -> Owner {
    let first = script.split(|b| *b == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let mut words = first.strip_prefix("#!").unwrap_or_default().split_whitespace();
    let (program, argument) = (words.next().unwrap_or_default(), words.next());
    if program.rsplit('/').next() == Some("amr") && argument == Some("initd") {
        Owner::Amr
    } else {
        Owner::Other
    }
}
