//! What was made for the service: its directories, its credentials, its socket. Pure.

use super::{Entry, HostPaths, Mode};
use crate::unit::exec::ExecContext;
use crate::unit::exec::credentials::FOLDER;
use crate::unit::exec::directories::{Kind, PRIVATE};
use std::path::Path;

/// The directories that were made for the service are its to write to, and there also where others of them are
/// covered: bound to where they are (`compile_bind_mounts`). Those of a dynamic user are bound into an empty
/// `private/`, or below another root to where they are looked for.
pub(super) fn directories(context: &ExecContext, runtime: &Path, all: &mut Vec<Entry>) {
    let root = context.mounts.root().is_some();
    for kind in Kind::ALL {
        let above = if kind == Kind::Runtime { runtime } else { Path::new(kind.above()) };
        let (set, private) = (context.directories.set(kind), above.join(PRIVATE));
        let hidden = context.is_private(kind);
        if hidden && !root && !set.names.is_empty() {
            all.push(emptied(&private));
        }
        for name in &set.names {
            let open = above.join(name);
            let source = if hidden { private.join(name) } else { open.clone() };
            let target = if root { &open } else { &source };
            let no_suid = context.identity.dynamic;
            let entry = Entry::new(target, Mode::BindRecursive, true).made_of(&source);
            all.push(Entry { no_suid, ..entry });
            if hidden && !root {
                all.push(Entry::new(&open, Mode::Link, true).made_of(&source));
            }
        }
    }
}

/// A folder in which only that is seen which is bound there.
fn emptied(path: &Path) -> Entry {
    let options = "mode=0755,nosuid,nodev,noexec,strictatime,size=64k,nr_inodes=100".to_owned();
    Entry { options, read_only: true, ..Entry::new(path, Mode::Tmpfs, false) }
}

/// Its credentials are all that it sees of the folder of them; who has none sees nothing of it (`setup_namespace`).
pub(super) fn credentials(host_paths: &HostPaths<'_>, all: &mut Vec<Entry>) {
    let above = host_paths.runtime.join(FOLDER);
    match host_paths.credentials {
        Some(own) => {
            all.push(emptied(&above));
            all.push(Entry { read_only: true, ..Entry::new(own, Mode::Bind, true).made_of(own) });
        }
        None => all.push(Entry::new(above, Mode::Inaccessible, true)),
    }
}

/// Below another root it speaks to who started it all the same.
pub(super) fn socket(host_paths: &HostPaths<'_>, all: &mut Vec<Entry>) {
    if let Some(socket) = host_paths.notify {
        all.push(Entry { read_only: true, ..Entry::new(socket, Mode::Bind, true).made_of(socket) });
    }
}
