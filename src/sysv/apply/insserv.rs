//! Reads what insserv reads of a tree.

use super::read::names;
use super::{CONFIGURATION_LIMIT, SCRIPTS};
use crate::os::root::Root;
use crate::sysv::chkconfig::{View, file_of};
use crate::sysv::depth::read_facilities;
use crate::sysv::header::{SEARCHED, whole_lines};
use crate::sysv::lsb;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What insserv reads: the block of each script (or of `one` alone), or of its override, and the facilities.
pub(super) fn read(root: &Root, one: Option<&OsStr>, view: &mut View) {
    let counts = |n: &&OsStr| !lsb::is_passed_over(n.as_bytes()) && one.is_none_or(|one| one == *n);
    for name in view.scripts.names().filter(counts) {
        let of = |folder: &str| {
            let bytes = root.read_head(Path::new(&file_of(folder, name)?), SEARCHED).ok()?;
            Some(lsb::parse(whole_lines(&bytes)))
        };
        let over =
            ["/etc/insserv/overrides", "/usr/share/insserv/overrides"].iter().find_map(|f| of(f)?.ok());
        if let Some(block) = over.map(Ok).or_else(|| of(SCRIPTS)) {
            view.blocks.insert(name.to_owned(), block);
        }
    }
    let mut files = vec![PathBuf::from("/etc/insserv.conf")];
    files.extend(names(root, "/etc/insserv.conf.d").iter().map(|n| Path::new("/etc/insserv.conf.d").join(n)));
    for file in files {
        if let Ok(bytes) = root.read(&file, CONFIGURATION_LIMIT) {
            read_facilities(&String::from_utf8_lossy(&bytes), &mut view.facilities);
        }
    }
}
