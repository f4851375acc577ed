//! A golden case: one text file that says what a host has, what is typed there, and what comes of it.
//!
//! ```text
//! # Why this case is here.
//! host: amazon-linux          a host of tests/golden/hosts (which may stand on another) to begin with
//! === gone                    what that host has and this one has not
//! etc/inittab
//! === tree                    folders, links and empty files, one a line; +x: may be executed
//! etc/rc3.d/
//! etc/rc3.d/S50db -> ../init.d/db
//! sbin/init +x
//! === file etc/init.d/db +x   a file with what follows in it (-n: without the last newline)
//! #!/bin/sh
//! === run                     one command a line
//! chkconfig --list
//! === stdout
//! db   0:off …
//! === stderr
//! === exit 0
//! === after                   what the commands changed: - gone, + new or changed
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// What stands at a path of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Folder,
    Link(String),
    File { text: String, executable: bool },
}

/// A host: what stands where, by path below its root.
pub type Tree = BTreeMap<String, Entry>;

/// The sections of a case whose contents come from running it.
const RESULTS: [&str; 4] = ["stdout", "stderr", "exit", "after"];

/// A case as it was read.
#[derive(Default)]
pub struct Case {
    pub tree: Tree,
    pub commands: Vec<String>,
    pub results: Results,
    /// Everything above the results, as it stands in the file.
    head: String,
}

/// What came out, or was to come out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Results {
    pub stdout: String,
    pub stderr: String,
    /// The codes of all commands.
    pub exit: String,
    /// `None`: this case does not look at what was changed.
    pub after: Option<String>,
}

impl Case {
    /// The case (or host) in a file; its hosts lie in the folder `hosts`.
    pub fn read(file: &Path, hosts: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut case = Self::default();
        for (title, body) in sections(&text) {
            let words: Vec<&str> = title.split_whitespace().collect();
            if !words.first().is_some_and(|w| RESULTS.contains(w)) {
                case.head.push_str(&if title.is_empty() {
                    body.clone()
                } else {
                    format!("=== {title}\n{body}")
                });
            }
            match words[..] {
                [] => {
                    if let Some(host) = body.lines().find_map(|l| l.strip_prefix("host: ")) {
                        case.tree = Self::read(&hosts.join(host), hosts).tree;
                    }
                }
                ["gone"] => body.lines().for_each(|gone| {
                    case.tree.retain(|path, _| path != gone && !path.starts_with(&format!("{gone}/")));
                }),
                ["tree"] => body.lines().for_each(|line| {
                    let (path, entry) = entry(line);
                    case.tree.insert(path, entry);
                }),
                ["file", ..] => {
                    // The name may have blanks in it; the flags come last.
                    let named = title.trim_start_matches("file ");
                    let (named, flag) = named.strip_suffix(" -n").map_or((named, ""), |n| (n, "-n"));
                    let (path, executable) = executable(named);
                    let text = without_newline(&body, &[flag]);
                    case.tree.insert(path.to_owned(), Entry::File { text, executable });
                }
                ["run"] => case.commands = body.lines().map(str::to_owned).collect(),
                ["stdout", ref flags @ ..] => case.results.stdout = without_newline(&body, flags),
                ["stderr", ref flags @ ..] => case.results.stderr = without_newline(&body, flags),
                ["exit", ref codes @ ..] => case.results.exit = codes.join(" "),
                ["after"] => case.results.after = Some(body),
                _ => panic!("{}: no such section: {title}", file.display()),
            }
        }
        case
    }

    /// The text of the case with these results.
    pub fn with(&self, got: &Results) -> String {
        let mut text = self.head.clone();
        for (name, body) in [("stdout", &got.stdout), ("stderr", &got.stderr)] {
            match body.strip_suffix('\n') {
                _ if body.is_empty() => {}
                Some(_) => text.push_str(&format!("=== {name}\n{body}")),
                None => text.push_str(&format!("=== {name} -n\n{body}\n")),
            }
        }
        text.push_str(&format!("=== exit {}\n", got.exit));
        if let Some(after) = &got.after {
            text.push_str(&format!("=== after\n{after}"));
        }
        text
    }
}

/// The parts of a file, the one before the first title with an empty one.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut parts = vec![(String::new(), String::new())];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("=== ") {
            Some(title) => parts.push((title.trim_end().to_owned(), String::new())),
            None => parts.last_mut().unwrap().1.push_str(line),
        }
    }
    parts
}

fn without_newline(body: &str, flags: &[&str]) -> String {
    if flags.contains(&"-n") { body.strip_suffix('\n').unwrap_or(body).to_owned() } else { body.to_owned() }
}

fn executable(name: &str) -> (&str, bool) {
    name.strip_suffix(" +x").map_or((name, false), |path| (path, true))
}

/// A line of `=== tree`.
fn entry(line: &str) -> (String, Entry) {
    if let Some((path, target)) = line.split_once(" -> ") {
        return (path.to_owned(), Entry::Link(target.to_owned()));
    }
    if let Some(path) = line.strip_suffix('/') {
        return (path.to_owned(), Entry::Folder);
    }
    let (path, executable) = executable(line);
    (path.to_owned(), Entry::File { text: String::new(), executable })
}

/// Makes the host in an empty folder.
pub fn make(tree: &Tree, root: &Path) {
    fs::create_dir_all(root).unwrap();
    for (path, entry) in tree {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match entry {
            Entry::Folder => fs::create_dir_all(path).unwrap(),
            Entry::Link(target) => symlink(target, path).unwrap(),
            Entry::File { text, executable } => {
                fs::write(&path, text).unwrap();
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}

/// What lies in a folder: links and files, and folders without any of them.
pub fn taken(root: &Path) -> Tree {
    fn walk(dir: &Path, at: &str, out: &mut Tree) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = format!("{at}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                walk(&entry.path(), &format!("{path}/"), out);
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path()).unwrap();
                out.insert(path, Entry::Link(target.to_string_lossy().into_owned()));
            } else if kind.is_file() {
                let executable = entry.metadata().unwrap().permissions().mode() & 0o111 != 0;
                let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
                out.insert(path, Entry::File { text, executable });
            }
        }
    }
    let mut tree = Tree::new();
    walk(root, "", &mut tree);
    tree
}

/// What became of `before`: `- PATH` for what is gone, `+ …` for what is new or another.
pub fn changes(before: &Tree, after: &Tree) -> String {
    let mut out = String::new();
    for (path, entry) in before.iter().filter(|(_, e)| **e != Entry::Folder) {
        if !after.contains_key(path) {
            out.push_str(&format!("- {}\n", shown(path, entry)));
        }
    }
    for (path, entry) in after.iter().filter(|(path, entry)| before.get(*path) != Some(entry)) {
        out.push_str(&format!("+ {}\n", shown(path, entry)));
        if let Entry::File { text, .. } = entry {
            text.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
        }
    }
    out
}

fn shown(path: &str, entry: &Entry) -> String {
    match entry {
        Entry::Folder => format!("{path}/"),
        Entry::Link(target) => format!("{path} -> {target}"),
        Entry::File { executable, .. } => format!("{path}{}", if *executable { " +x" } else { "" }),
    }
}
