//! Which drop-ins belong to a unit, in which order, and the assignments of all files as one list. Pure.
//!
//! systemd.unit(5), dropin.c: folders of the more specific name come first, and within a name those
//! of the earlier search path; of two files with one name the first wins, whatever the folder; the
//! winners are then applied in the order of their names. The order of the list that [`settings`]
//! returns is thus the order in which assignments count: later scalars win, lists add up, and an
//! empty assignment clears what stands before it, be it in another file.

use super::name::{UnitKind, UnitName};
use super::syntax::{Assignment, Document, Item};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file of a unit.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// Path inside the root.
    pub path: Arc<Path>,
    /// What stands in it.
    pub bytes: &'a [u8],
    /// The same, parsed.
    pub document: Document<'a>,
}

impl<'a> Source<'a> {
    /// Parses a file.
    #[must_use]
    pub fn new(path: &Path, bytes: &'a [u8]) -> Self {
        Self { path: path.into(), document: Document::parse(bytes), bytes }
    }
}

/// One assignment with the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The file.
    pub source: &'a Source<'a>,
    /// The section, without brackets.
    pub section: &'a str,
    /// Key and value.
    pub assignment: &'a Assignment<'a>,
}

/// The assignments of all files, in order. One outside of a section is left out: it is a fault of
/// its document already.
pub fn settings<'a>(sources: &'a [Source<'a>]) -> impl Iterator<Item = Setting<'a>> {
    sources.iter().flat_map(|source| {
        source.document.items.iter().filter_map(move |item| match item {
            Item::Assignment(assignment) => {
                let section = assignment.section.as_deref()?;
                Some(Setting { source, section, assignment })
            }
            Item::Section(_) | Item::Comment { .. } | Item::Blank { .. } | Item::Junk { .. } => None,
        })
    })
}

/// The names whose `.d`, `.wants` and `.requires` folders count for `name`, the most specific
/// first: `foo-bar@x.service`, `foo-bar@.service`, `foo-.service`, `foo-@x.service`, `foo-@.service`.
/// The whole kind (`service`) is not among them: see [`kind_folder`].
#[must_use]
pub fn folder_names(name: &UnitName) -> Vec<String> {
    let mut names = Vec::new();
    add_folder_names(name.prefix(), name.instance(), name.kind().as_str(), &mut names);
    names
}

/// As `unit_file_find_dirs`: a name, its template, the names with one part less. A template has no
/// instance to hand down, so that the shorter names below it are plain ones.
fn add_folder_names(prefix: &str, instance: Option<&str>, ending: &str, names: &mut Vec<String>) {
    let name = match instance {
        Some(instance) => format!("{prefix}@{instance}.{ending}"),
        None => format!("{prefix}.{ending}"),
    };
    if names.contains(&name) {
        return;
    }
    names.push(name);
    let instance = instance.filter(|instance| !instance.is_empty());
    if instance.is_some() {
        add_folder_names(prefix, Some(""), ending, names);
    }
    let dash = prefix.strip_suffix('-').unwrap_or(prefix).rfind('-');
    // "-" alone is a prefix of nothing: "-.mount" is the root of the tree.
    if let Some(shorter) = dash.filter(|dash| *dash > 0).and_then(|dash| prefix.get(..=dash)) {
        add_folder_names(shorter, instance, ending, names);
    }
}

/// The name whose folder (`service.d`) counts for all units of a kind, after all others.
#[must_use]
pub fn kind_folder(kind: UnitKind) -> &'static str {
    kind.as_str()
}

/// The drop-ins that apply, in order. `candidates` are file names with their paths, in the order
/// in which folders win; a name that does not end in `.conf` is no drop-in.
#[must_use]
pub fn effective_dropins(candidates: impl IntoIterator<Item = (String, PathBuf)>) -> Vec<PathBuf> {
    let mut by_name = BTreeMap::new();
    for (name, path) in candidates {
        if is_dropin(&name) {
            by_name.entry(name).or_insert(path);
        }
    }
    by_name.into_values().collect()
}

/// Is this the name of a drop-in? Hidden files and the leftovers of editors and packages are not.
#[must_use]
pub fn is_dropin(name: &str) -> bool {
    name.strip_suffix(".conf").is_some_and(|stem| !stem.is_empty()) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(name: &str) -> Vec<String> {
        folder_names(&UnitName::parse(name).unwrap())
    }

    #[test]
    fn folders_of_a_name_from_special_to_general() {
        assert_eq!(folders("foo.service"), ["foo.service"]);
        assert_eq!(folders("a-b-c.service"), ["a-b-c.service", "a-b-.service", "a-.service"]);
        assert_eq!(folders("a-b-.service"), ["a-b-.service", "a-.service"]);
        assert_eq!(folders("foo@x-y.service"), ["foo@x-y.service", "foo@.service"]);
        assert_eq!(
            folders("a-b@x.service"),
            ["a-b@x.service", "a-b@.service", "a-.service", "a-@x.service", "a-@.service"]
        );
        assert_eq!(folders("a-b@.service"), ["a-b@.service", "a-.service"]);
        assert_eq!(folders("-.mount"), ["-.mount"]);
    }

    #[test]
    fn the_first_file_of_a_name_wins_and_names_give_the_order() {
        let candidates = [
            ("20-b.conf", "/etc/x.service.d/20-b.conf"),
            ("30.txt", "/etc/x.service.d/30.txt"),
            (".hidden.conf", "/etc/x.service.d/.hidden.conf"),
            ("10-a.conf", "/run/x.service.d/10-a.conf"),
            ("20-b.conf", "/usr/x.service.d/20-b.conf"),
            ("05.conf", "/usr/service.d/05.conf"),
        ];
        let paths = effective_dropins(candidates.map(|(n, p)| (n.to_owned(), PathBuf::from(p))));
        let expected = ["/usr/service.d/05.conf", "/run/x.service.d/10-a.conf", "/etc/x.service.d/20-b.conf"];
        assert_eq!(paths, expected.map(PathBuf::from));
    }

    #[test]
    fn settings_follow_the_files() {
        let sources = [
            Source::new(Path::new("/a"), b"Outside=1\n[Unit]\nA=1\n[Service]\nB=2\n[Unit]\nC=3\n"),
            Source::new(Path::new("/b"), b"[Unit]\nA=\n"),
        ];
        let seen: Vec<_> = settings(&sources)
            .map(|s| (s.source.path.to_str().unwrap(), s.section, s.assignment.key.as_ref()))
            .collect();
        assert_eq!(
            seen,
            [("/a", "Unit", "A"), ("/a", "Service", "B"), ("/a", "Unit", "C"), ("/b", "Unit", "A")]
        );
    }
}
