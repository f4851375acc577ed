//! Links that tmpfiles.d(5) asks for, and their owners.

use super::give::own_name;
use super::{InTheWay, Perms, Placed, SafePlace, is_own};
use crate::os::error::Result;
use crate::os::root::walk::Last;
use crate::os::root::write::with_temp_name;
use crate::os::root::{FileKind, Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{readlinkat, renameat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};
use std::path::Path;

const LINK: &str = "link";

impl Root {
    /// Makes a link and the folders above it. A link that leads elsewhere stays, as does anything else, unless
    /// what is in the way goes: then the new one takes its place in one step.
    ///
    /// # Errors
    /// It cannot be made, or what is there must not be taken away.
    pub fn place_link(&self, inner: &Path, target: &Path, perms: &Perms, way: InTheWay) -> Result<Placed> {
        let fail = |e: Errno| self.error(LINK, inner, e);
        self.safe_parents(LINK, inner)?;
        let place = self.safe_place(LINK, inner, Last::Keep)?;
        let placed = match &place.entry {
            None => {
                symlinkat(target, &place.dir, place.name()).map_err(fail)?;
                Placed::Made
            }
            Some(stat) if stat.kind == FileKind::Symlink && self.leads_to(inner, &place, target)? => {
                Placed::Kept
            }
            Some(_) if way == InTheWay::Stays => return Ok(Placed::Left),
            Some(stat) if stat.kind == FileKind::Dir => {
                self.make_way(LINK, inner, &place, way)?;
                symlinkat(target, &place.dir, place.name()).map_err(fail)?;
                Placed::Made
            }
            Some(stat) => self.relink(inner, &place, stat, target)?,
        };
        let new = placed == Placed::Made;
        let owned = self.own_link(inner, perms, new)?;
        Ok(if placed == Placed::Kept { owned } else { placed })
    }

    /// The new link in place of what is there, which is no folder.
    fn relink(&self, inner: &Path, place: &SafePlace, stat: &Stat, target: &Path) -> Result<Placed> {
        if !place.is_removable(stat) {
            return Err(self.unsafe_path(LINK, inner, "what is there is not theirs"));
        }
        with_temp_name(|name| symlinkat(target, &place.dir, name))
            .and_then(|(temp, ())| {
                renameat(&place.dir, temp.as_str(), &place.dir, place.name()).inspect_err(|_| {
                    // The first error is the one to report.
                    let _ = unlinkat(&place.dir, temp.as_str(), UnlinkatFlags::NoRemoveDir);
                })
            })
            .map_err(|e| self.error(LINK, inner, e))?;
        Ok(Placed::Made)
    }

    /// A link has no mode, and no descriptor to change its owner by: only where root alone could put it.
    pub(super) fn own_link(&self, inner: &Path, perms: &Perms, new: bool) -> Result<Placed> {
        let place = self.safe_place(LINK, inner, Last::Keep)?;
        let Some(stat) = place.entry.filter(|stat| stat.kind == FileKind::Symlink) else {
            return Ok(Placed::Kept);
        };
        let (uid, gid, _) = perms.resolve(&stat, new);
        if (uid, gid) == (stat.uid, stat.gid) {
            return Ok(Placed::Kept);
        }
        if !(place.folder.alone || (place.folder.steady && is_own(stat.uid))) {
            return Err(self.unsafe_path(LINK, inner, "it lies"));
        }
        own_name(&place, uid, gid).map_err(|e| self.error(LINK, inner, e))?;
        Ok(Placed::Changed)
    }

    fn leads_to(&self, inner: &Path, place: &SafePlace, target: &Path) -> Result<bool> {
        let now = readlinkat(&place.dir, place.name()).map_err(|e| self.error(LINK, inner, e))?;
        Ok(now == target.as_os_str())
    }
}
