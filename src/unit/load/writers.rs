//! Who can change what a unit says: its files, and every folder on the way to them.
//!
//! Whoever can write a unit file, a drop-in or a folder that these are looked for in is root on this
//! host. Trusted are root, the user that amr works for, and, below a folder root, whoever owns that
//! folder; a group that may write is trusted where it is root's or the folder's own. Others are a
//! finding. A folder in which names belong to their makers (sticky, as /tmp) is one only where it holds
//! the file itself: a drop-in could be put beside it.
//!
//! An environment file, and what leads to it, may also be the service's user's: it then only says to that
//! user's processes what they could say to themselves.

use crate::os::ids;
use crate::os::root::{FileKind, Root, Stat};
use crate::unit::finding::Id;
use crate::unit::model::{Body, Finding, Origin, Severity, Unit};
use crate::unit::value::Span;
use std::path::{Path, PathBuf};

/// The sticky bit.
const STICKY: u32 = 0o1000;

/// What a unit's files are judged by.
struct WriterCheck<'a> {
    root: &'a Root,
    /// What the folder root is.
    top: Stat,
    /// The user that amr works for.
    own: u32,
    found: Vec<Finding>,
}

/// The files and folders of a unit that others can write, each once. `uid_of` knows users by name or
/// number; it is asked only where a file belongs to somebody who is not trusted.
#[must_use]
pub fn findings(root: &Root, unit: &Unit, uid_of: &dyn Fn(&str) -> Option<u32>) -> Vec<Finding> {
    let Ok(top) = root.top() else { return Vec::new() };
    let mut judge = WriterCheck { root, top, own: ids::effective_uid(), found: Vec::new() };
    let nobody = |_: u32| false;
    for path in unit.fragment.iter().chain(&unit.dropins) {
        judge.inspect(path, &nobody);
    }
    // It may be there and hold nothing yet.
    if let Some(fragment) = &unit.fragment {
        let mut folder = fragment.as_os_str().to_owned();
        folder.push(".d");
        judge.inspect(Path::new(&folder), &nobody);
    }
    let Body::Service(service) = &unit.body else { return judge.found };
    let user = service.context.identity.user.as_deref();
    let is_user = |uid: u32| user.and_then(uid_of) == Some(uid);
    for file in &service.context.environment.files {
        for path in root.glob(&file.path).unwrap_or_default() {
            judge.inspect(&path, &is_user);
        }
    }
    judge.found
}

impl WriterCheck<'_> {
    /// A file and the folders above it: as it is named, and where links lead. What is not there, or leads
    /// to no file or folder (a mask), is nobody's way in.
    fn inspect(&mut self, path: &Path, also: &dyn Fn(u32) -> bool) {
        let Ok(stat) = self.root.stat(path) else { return };
        if !matches!(stat.kind, FileKind::Regular | FileKind::Dir) {
            return;
        }
        let named = path.parent().and_then(|folder| self.root.resolve(folder).ok());
        for (end, holds) in [(self.root.resolve(path).ok(), true), (named, false)] {
            let Some(end) = end else { continue };
            for place in end.ancestors() {
                let is_beside = if holds { end.parent() == Some(place) } else { place == end };
                self.judge(place, is_beside, also);
            }
        }
    }

    fn judge(&mut self, place: &Path, is_beside: bool, also: &dyn Fn(u32) -> bool) {
        // What lies above a folder root, and the folder itself, is its owner's affair.
        if place == Path::new("/") && !self.root.is_host() {
            return;
        }
        let Ok(stat) = self.root.lstat(place) else { return };
        let Some((message, hint)) = self.fault(place, &stat, is_beside, also) else { return };
        let origin = Some(Origin { path: place.into(), span: Span::default() });
        if !self.found.iter().any(|f| f.origin == origin) {
            let (id, severity, line) = (Id::OthersCanWrite, Severity::Warning, String::new());
            self.found.push(Finding { id, severity, origin, line, message, hint: Some(hint) });
        }
    }

    fn fault(
        &self,
        place: &Path,
        stat: &Stat,
        is_beside: bool,
        also: &dyn Fn(u32) -> bool,
    ) -> Option<(String, String)> {
        let what = if stat.kind == FileKind::Dir { "this folder" } else { "this file" };
        let path: PathBuf = self.root.outer(place);
        let path = path.display();
        if ![0, self.own, self.top.uid].contains(&stat.uid) && !also(stat.uid) {
            let message = format!("{what} belongs to user {}, who can change what root runs", stat.uid);
            return Some((message, format!("chown root '{path}'")));
        }
        let held = stat.kind == FileKind::Dir && stat.mode & STICKY != 0 && !is_beside;
        if held {
            return None;
        }
        if stat.mode & 0o002 != 0 {
            let message = format!("everybody can write to {what}, and so change what root runs");
            return Some((message, format!("chmod o-w '{path}'")));
        }
        if stat.mode & 0o020 != 0 && ![0, self.top.gid].contains(&stat.gid) {
            let message = format!("group {} can write to {what}, and so change what root runs", stat.gid);
            return Some((message, format!("chmod g-w '{path}'")));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::load::tests::Tree;
    use crate::unit::load::{Loader, search_path};
    use crate::unit::name::UnitName;
    use crate::unit::specifier::Facts;

    const FILE: &str = "/etc/systemd/system/web.service";

    fn found(tree: &Tree) -> Vec<(String, String)> {
        let facts = Facts::default();
        let unit = Loader::new(&tree.root, &search_path(None), &facts)
            .load(&UnitName::parse("web.service").unwrap());
        let uid_of = |name: &str| (name == "svc").then_some(4711);
        let place = |f: Finding| (f.origin.unwrap().path.display().to_string(), f.message);
        findings(&tree.root, &unit, &uid_of).into_iter().map(place).collect()
    }

    fn tree() -> Tree {
        let text = "[Service]\nUser=svc\nExecStart=/bin/true\nEnvironmentFile=/srv/app/env\n";
        let tree = Tree::new(&[(FILE, text), ("/srv/app/env", "A=1\n"), ("/opt/x/y", "")]);
        // Whatever the umask of who runs this.
        for path in ["/etc", "/etc/systemd", "/etc/systemd/system", FILE, "/srv", "/srv/app", "/srv/app/env"]
        {
            tree.root.chmod(Path::new(path), 0o755).unwrap();
        }
        tree
    }

    #[test]
    fn what_root_alone_can_write_is_no_finding() {
        assert_eq!(found(&tree()), []);
    }

    #[test]
    fn each_file_and_folder_that_others_can_write_is_one() {
        for path in [FILE, "/etc/systemd/system", "/etc/systemd", "/etc", "/srv/app/env", "/srv"] {
            let tree = tree();
            tree.root.chmod(Path::new(path), 0o757).unwrap();
            let got = found(&tree);
            assert!(
                matches!(got.as_slice(), [(p, m)] if p == path && m.contains("everybody")),
                "{path}: {got:?}"
            );
        }
        let tree = tree();
        let folder = Path::new("/etc/systemd/system/web.service.d");
        tree.root.create_dir_all(folder, 0o777).unwrap();
        assert_eq!(found(&tree).len(), 1, "a folder of drop-ins that has none yet");
    }

    #[test]
    fn a_sticky_folder_is_one_only_beside_the_file() {
        let tree = tree();
        tree.root.chmod(Path::new("/etc"), 0o1777).unwrap();
        assert_eq!(found(&tree), []);
        tree.root.chmod(Path::new("/etc/systemd/system"), 0o1777).unwrap();
        assert_eq!(found(&tree).len(), 1);
    }

    #[test]
    fn where_a_link_leads_counts_as_well() {
        let tree = tree();
        tree.root.create_dir_all(Path::new("/opt/x"), 0o755).unwrap();
        tree.root.rename(Path::new(FILE), Path::new("/opt/x/web.service")).unwrap();
        std::os::unix::fs::symlink("../../../opt/x/web.service", tree.root.outer(Path::new(FILE))).unwrap();
        for path in ["/opt", "/opt/x"] {
            tree.root.chmod(Path::new(path), 0o755).unwrap();
        }
        assert_eq!(found(&tree), []);
        tree.root.chmod(Path::new("/opt/x"), 0o777).unwrap();
        assert_eq!(found(&tree).len(), 1);
    }

    #[test]
    fn owners_and_groups() {
        if ids::effective_uid() != 0 {
            println!("left out: only root gives files away");
            return;
        }
        let tree = tree();
        let own = |path: &str, uid, gid| tree.root.chown(Path::new(path), uid, gid).unwrap();
        own("/srv/app/env", 4711, 4711);
        own("/srv/app", 4711, 4711);
        assert_eq!(found(&tree), [], "the service's user may have its environment");
        own("/srv/app/env", 4712, 4711);
        own(FILE, 4711, 4711);
        let got = found(&tree);
        assert_eq!(got.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), [FILE, "/srv/app/env"]);
        assert!(got[0].1.contains("user 4711"), "{got:?}");
        own(FILE, 0, 4711);
        own("/srv/app/env", 0, 0);
        tree.root.chmod(Path::new(FILE), 0o664).unwrap();
        assert!(found(&tree)[0].1.contains("group 4711 can write to this file"));
        own(FILE, 0, 0);
        assert_eq!(found(&tree), []);
    }
}
