//! Who else can change what a path leads to: the owner of a folder on the way may put another one in its place,
//! and whoever may write a folder decides what lies in it. And when it was last changed what a path leads to.

use super::{FileKind, Root, Stat};
use crate::os::error::escape;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel itself follows.
const MAX_LINKS: u32 = 40;
/// Names in the folder can be removed and renamed by their owner alone, sticky(7).
const STICKY: u32 = 0o1000;

/// Somebody who can change a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Its owner.
    User(u32),
    /// The members of its group. (An access control list shows here, too: its mask stands in the group's bits.)
    Group(u32),
    /// Any user of the host.
    Everybody,
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(uid) => write!(f, "user {uid}"),
            Self::Group(gid) => write!(f, "group {gid}"),
            Self::Everybody => write!(f, "everybody"),
        }
    }
}

/// A folder, file or link that others can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Where it is, inside the root.
    pub at: PathBuf,
    /// Who can.
    pub who: Who,
}

impl std::fmt::Display for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}' can be changed by {}", escape(self.at.as_os_str()), self.who)
    }
}

/// What is met on the way.
#[derive(Clone, Copy)]
enum Step {
    /// A folder, or what is looked for, with so many names still to go.
    Place { left: usize },
    /// A link that leads on, or one more than is followed.
    Link { endless: bool },
}

/// What is asked of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nobody else puts another thing in the place of what lies in it.
    OnTheWay,
    /// Nobody else changes it, or adds to it.
    ItsOwn,
}

impl Root {
    /// The first place on the way to `inner`, links followed, that anybody can change but these users; that
    /// itself and the folder that holds it with all that they hold. `None`: nobody can. What is not there, or
    /// cannot be looked at, is nobody's.
    #[must_use]
    pub fn others(&self, inner: &Path, trusted: &[u32]) -> Option<Other> {
        // Where something is missing, whoever can may make it: that was asked of the folder.
        self.each_step(inner, &mut |at, stat, step| {
            let who = match step {
                Step::Place { left } => {
                    who(stat, if left > 1 { Asked::OnTheWay } else { Asked::ItsOwn }, trusted)
                }
                Step::Link { endless } => {
                    (endless || !trusted.contains(&stat.uid)).then_some(Who::User(stat.uid))
                }
            };
            who.map(|who| Other { at: at.to_owned(), who })
        })
    }

    /// When what `inner` leads to was last changed, seconds and nanoseconds since 1970: written, made, renamed,
    /// given to another owner or mode, or reached by a link on the way that is newer. A folder on the way that
    /// was put in another's place does not show. `None`: it is not there, or cannot be looked at.
    #[must_use]
    pub fn changed(&self, inner: &Path) -> Option<(i64, u32)> {
        let mut last = self.stat(inner).ok()?.changed();
        self.each_step(inner, &mut |_, stat, step| {
            if matches!(step, Step::Link { .. }) {
                last = last.max(stat.changed());
            }
            None::<()>
        });
        Some(last)
    }

    /// Calls `visit` with each folder on the way to `inner`, with each link that leads on, and with what is there,
    /// until it has an answer. `None` also where the way ends.
    fn each_step<T>(
        &self,
        inner: &Path,
        visit: &mut dyn FnMut(&Path, &Stat, Step) -> Option<T>,
    ) -> Option<T> {
        let mut at = PathBuf::from("/");
        let mut pending: VecDeque<OsString> = names(inner).collect();
        let (mut stat, mut links) = (self.lstat(&at).ok()?, 0);
        loop {
            if let Some(answer) = visit(&at, &stat, Step::Place { left: pending.len() }) {
                return Some(answer);
            }
            let name = pending.pop_front()?;
            if name == ".." {
                at.pop();
                stat = self.lstat(&at).ok()?;
                continue;
            }
            let next = at.join(&name);
            let here = self.lstat(&next).ok()?;
            if here.kind != FileKind::Symlink {
                (at, stat) = (next, here);
                continue;
            }
            links += 1;
            let endless = links > MAX_LINKS;
            if let Some(answer) = visit(&next, &here, Step::Link { endless }) {
                return Some(answer);
            }
            let target = self.read_link(&next).ok().filter(|_| !endless)?;
            if target.is_absolute() {
                at = PathBuf::from("/");
                stat = self.lstat(&at).ok()?;
            }
            names(&target).rev().for_each(|name| pending.push_front(name));
        }
    }
}

/// The group of root has in it whom root has put there.
fn who(stat: &Stat, asked: Asked, trusted: &[u32]) -> Option<Who> {
    let kept = asked == Asked::OnTheWay && stat.mode & STICKY != 0;
    if !trusted.contains(&stat.uid) {
        Some(Who::User(stat.uid))
    } else if stat.mode & 0o002 != 0 && !kept {
        Some(Who::Everybody)
    } else if stat.mode & 0o020 != 0 && stat.gid != 0 && !kept {
        Some(Who::Group(stat.gid))
    } else {
        None
    }
}

fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> + '_ {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::ids::effective_uid;
    use crate::os::root::tests::Scratch;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_newest_of_a_file_and_the_links_to_it_counts() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let real = |name: &str| root.outer(Path::new(name));
        let changed = |name: &str| root.changed(Path::new(name));
        fs::create_dir_all(real("/a")).unwrap();
        fs::write(real("/a/f"), "").unwrap();
        symlink("a", real("/way")).unwrap();
        symlink("loop", real("/loop")).unwrap();
        let second = |seconds| std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        let file = fs::File::open(real("/a/f")).unwrap();
        file.set_modified(second(500)).unwrap();
        assert_eq!(changed("/a/f"), Some(root.stat(Path::new("/a/f")).unwrap().ctime), "an old time was set");
        file.set_modified(second(1 << 33)).unwrap();
        assert_eq!(changed("/a/f"), Some((1 << 33, 0)));
        file.set_modified(second(500)).unwrap();
        let link = nix::sys::time::TimeSpec::new(1 << 33, 0);
        let flags = nix::sys::stat::UtimensatFlags::NoFollowSymlink;
        let at = nix::fcntl::AT_FDCWD;
        nix::sys::stat::utimensat(at, &real("/way"), &link, &link, flags).unwrap();
        assert_eq!(changed("/way/f"), Some((1 << 33, 0)));
        assert_eq!((changed("/loop/f"), changed("/none")), (None, None));
    }

    #[test]
    fn whoever_can_write_a_folder_on_the_way_is_named() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let real = |name: &str| root.outer(Path::new(name));
        fs::create_dir_all(real("/a/b")).unwrap();
        fs::write(real("/a/b/f"), "").unwrap();
        symlink("a/b", real("/way")).unwrap();
        let mode =
            |name: &str, bits: u32| fs::set_permissions(real(name), Permissions::from_mode(bits)).unwrap();
        let me = effective_uid();
        let (gid, all) =
            (root.stat(Path::new("/a")).unwrap().gid, ["/a", "/a/b", "/a/b/f", "/way/f", "/a/../a/b/f"]);
        let asked = |name: &str| root.others(Path::new(name), &[me]).map(|other| (other.at, other.who));
        mode("/", 0o755);
        mode("/a", 0o755);
        mode("/a/b", 0o755);
        mode("/a/b/f", 0o644);
        for name in all {
            assert_eq!(asked(name), None, "{name}");
            // Whom nobody names is another, with the root folder itself.
            assert_eq!(root.others(Path::new(name), &[me + 1]).unwrap().who, Who::User(me));
        }
        let at = |name: &str, who| Some((PathBuf::from(name), who));
        mode("/a", 0o777);
        for name in all {
            assert_eq!(asked(name), at("/a", Who::Everybody), "{name}");
        }
        // What lies in a sticky folder is its owner's; the folder's next name is anybody's.
        mode("/a", 0o1777);
        assert_eq!((asked("/a/b/f"), asked("/a/b")), (None, at("/a", Who::Everybody)));
        mode("/a", 0o775);
        assert_eq!(asked("/a/b/f"), at("/a", Who::Group(gid)).filter(|_| gid != 0));
        mode("/a", 0o755);
        mode("/a/b/f", 0o666);
        assert_eq!((asked("/way/f"), asked("/a/b")), (at("/a/b/f", Who::Everybody), None));
        mode("/a/b", 0o777);
        assert_eq!(asked("/a/b/none"), at("/a/b", Who::Everybody), "anybody can make it");
        symlink("loop", real("/loop")).unwrap();
        assert_eq!(asked("/loop/x"), at("/loop", Who::User(me)));
    }
}
