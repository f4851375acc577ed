//! Which configuration files count, and in which order (`conf_files_list` of systemd 252): of two files of
//! one name that of the earlier folder, all sorted by their names, whichever folder they lie in. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a name in one of the folders is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file with something in it.
    File,
    /// An empty file, or a link to /dev/null: it hides those of its name in later folders.
    Mask,
}

/// The folders for `NAME.d`, the first before the others. `runtime` is this host's /run.
#[must_use]
pub fn folders(runtime: &Path, name: &str) -> Vec<PathBuf> {
    let tops = [Path::new("/etc"), runtime, Path::new("/usr/local/lib"), Path::new("/usr/lib")];
    // A host whose /lib is another folder has files of packages there.
    tops.into_iter().chain([Path::new("/lib")]).map(|top| top.join(name)).collect()
}

/// Does a file of this name count at all?
#[must_use]
pub fn is_listed(name: &str) -> bool {
    name.ends_with(".conf") && !name.starts_with('.')
}

/// The files that count, in order, from what each folder holds.
#[must_use]
pub fn choose(found: &[(PathBuf, Vec<(String, Kind)>)]) -> Vec<PathBuf> {
    let mut first: BTreeMap<&str, Option<PathBuf>> = BTreeMap::new();
    for (folder, names) in found {
        for (name, kind) in names.iter().filter(|(name, _)| is_listed(name)) {
            first.entry(name).or_insert_with(|| (*kind == Kind::File).then(|| folder.join(name)));
        }
    }
    first.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_folder_wins_and_names_decide_the_order() {
        let name = |name: &str, kind| (name.to_owned(), kind);
        let found = [
            ("/etc/t".into(), vec![name("z.conf", Kind::File), name("b.conf", Kind::Mask)]),
            ("/run/t".into(), vec![name("z.conf", Kind::File), name("b.conf", Kind::File)]),
            (
                "/usr/lib/t".into(),
                vec![name("a.conf", Kind::File), name("a.conf~", Kind::File), name(".c.conf", Kind::File)],
            ),
        ];
        assert_eq!(choose(&found), [Path::new("/usr/lib/t/a.conf"), Path::new("/etc/t/z.conf")]);
        let of = folders(Path::new("/var/run"), "tmpfiles.d");
        assert_eq!(of.get(1).map(PathBuf::as_path), Some(Path::new("/var/run/tmpfiles.d")));
    }
}
