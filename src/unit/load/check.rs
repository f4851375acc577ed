//! Do the `Condition…=` and `Assert…=` of a unit hold on this host? (systemd's condition.c)
//!
//! Looks at files through the root and at nothing else but the facts; a test that cannot be carried
//! out counts as failed, as for systemd. The tests that amr does not know never come here: the table
//! of directives marks them, and the unit keeps them as not applied.

use crate::os::root::{FileKind, Root};
use crate::unit::model::Check;
use crate::unit::specifier::Facts;
use crate::unit::value::boolean;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use strings::pattern::{Pattern, any_of_braces};

/// Longest kernel command line or table of mounts that is read, in bytes.
const SIZE_MAX: u64 = 1024 * 1024;

/// The first check that keeps the unit from running; `None` when all is met. Those with a leading
/// `|` count as one: it is met when any of them is (`condition_test_list`).
#[must_use]
pub fn unmet<'c>(root: &Root, facts: &Facts, checks: &'c [Check]) -> Option<&'c Check> {
    let met = |c: &Check| test(root, facts, c).is_some_and(|holds| holds != c.negate);
    let plain = checks.iter().find(|c| !c.trigger && !met(c));
    let mut triggers = checks.iter().filter(|c| c.trigger).peekable();
    let first = triggers.peek().copied();
    plain.or_else(|| if triggers.any(met) { None } else { first })
}

/// The bare test, without its `!`; `None` when it cannot be told, which is never as wished.
fn test(root: &Root, facts: &Facts, check: &Check) -> Option<bool> {
    let value = check.value.as_str();
    let path = Path::new(value);
    let stat = || root.stat(path).ok();
    match check.test.as_str() {
        "PathExists" => Some(root.exists(path)),
        "PathExistsGlob" => {
            Some(any_of_braces(value, &mut |pattern| root.glob(pattern).is_ok_and(|found| !found.is_empty())))
        }
        "PathIsDirectory" => Some(stat().is_some_and(|s| s.kind == FileKind::Dir)),
        "PathIsSymbolicLink" => Some(root.lstat(path).is_ok_and(|s| s.kind == FileKind::Symlink)),
        "PathIsMountPoint" => Some(is_mount_point(root, path).unwrap_or(false)),
        "PathIsReadWrite" if root.exists(path) => is_read_write(root, path),
        "PathIsReadWrite" => Some(false),
        "DirectoryNotEmpty" => {
            Some(root.list(path).is_ok_and(|found| found.iter().any(|e| is_content(&e.name))))
        }
        "FileNotEmpty" => Some(stat().is_some_and(|s| s.kind == FileKind::Regular && s.size > 0)),
        "FileIsExecutable" => {
            Some(stat().is_some_and(|s| s.kind == FileKind::Regular && s.mode & 0o111 != 0))
        }
        "FirstBoot" => Some(boolean::parse(value).ok()? == root.exists(Path::new("/run/systemd/first-boot"))),
        "User" => facts.user.as_ref().map(|user| {
            value == user.name || number(value) == Some(user.uid) || (value == "@system" && user.uid < 1000)
        }),
        "Group" => facts.user.as_ref().map(|user| value == user.group || number(value) == Some(user.gid)),
        "Environment" => Some(is_set(&facts.host.environment, value)),
        "Host" => Some(is_host(facts, value)),
        "KernelCommandLine" => {
            let line = root.read(Path::new("/proc/cmdline"), SIZE_MAX).ok()?;
            Some(has_option(&String::from_utf8_lossy(&line), value))
        }
        "KernelVersion" => kernel_matches(facts.host.kernel_release.as_deref()?, value),
        "Architecture" => facts.host.architecture.as_deref().map(|a| value == "native" || value == a),
        _ => None,
    }
}

/// Hidden files and leftovers of editors do not make a folder full.
fn is_content(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    !name.starts_with('.') && !name.ends_with('~')
}

/// Is something mounted here? `None` where the path cannot be looked at.
#[must_use]
pub fn is_mount_point(root: &Root, path: &Path) -> Option<bool> {
    let resolved = root.resolve(path).ok()?;
    let Some(parent) = resolved.parent() else { return Some(true) };
    let (here, above) = (root.stat(&resolved).ok()?, root.stat(parent).ok()?);
    Some(here.dev != above.dev || mounts(root).is_some_and(|m| m.iter().any(|m| m.point == resolved)))
}

fn is_read_write(root: &Root, path: &Path) -> Option<bool> {
    let resolved = root.resolve(path).ok()?;
    // The longest mount point above the path; of two on one point the later hides the earlier.
    let mounts = mounts(root)?;
    let on = mounts
        .iter()
        .filter(|m| resolved.starts_with(&m.point))
        .max_by_key(|m| m.point.components().count())?;
    Some(!on.read_only)
}

struct Mount {
    point: PathBuf,
    read_only: bool,
}

/// proc(5), mountinfo: `36 35 98:0 /root /point rw,noatime - ext3 /dev/root rw`.
fn mounts(root: &Root) -> Option<Vec<Mount>> {
    let text = root.read(Path::new("/proc/self/mountinfo"), SIZE_MAX).ok()?;
    let text = String::from_utf8_lossy(&text);
    let read = |line: &str| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(4);
        let (point, options) = (fields.next()?, fields.next()?);
        let of_all = file_system.split(' ').nth(2)?;
        let is_ro = |options: &str| options.split(',').any(|o| o == "ro");
        Some(Mount { point: unescape(point).into(), read_only: is_ro(options) || is_ro(of_all) })
    };
    Some(text.lines().filter_map(read).collect())
}

/// The kernel writes blanks and backslashes in names as `\040` and so on.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

fn number(value: &str) -> Option<u32> {
    value.parse().ok()
}

/// A name, or a name and its value.
fn is_set(variables: &[(String, String)], wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((name, value)) => variables.iter().any(|(n, v)| (n.as_str(), v.as_str()) == (name, value)),
        None => variables.iter().any(|(n, _)| n == wanted),
    }
}

/// A machine ID, or a pattern of host names.
fn is_host(facts: &Facts, value: &str) -> bool {
    let plain = value.replace('-', "").to_ascii_lowercase();
    if plain.len() == 32 && plain.bytes().all(|b| b.is_ascii_hexdigit()) {
        return facts.host.machine_id.as_deref() == Some(plain.as_str());
    }
    let host = facts.host.host_name.as_deref();
    host.is_some_and(|host| Pattern::new(value).is_ok_and(|pattern| pattern.matches_ignoring_case(host)))
}

/// With a `=` the whole word must be there, else a word that is or begins with `value=`.
fn has_option(line: &str, value: &str) -> bool {
    line.split_ascii_whitespace().any(|word| {
        word == value
            || (!value.contains('=') && word.strip_prefix(value).is_some_and(|rest| rest.starts_with('=')))
    })
}

/// All expressions must hold: `>=4.14`, `<5`, or a pattern such as `4.*`.
fn kernel_matches(release: &str, value: &str) -> Option<bool> {
    let mut words = value.split_ascii_whitespace().peekable();
    words.peek()?;
    let mut all = true;
    while let Some(word) = words.next() {
        let operator = ["<=", ">=", "!=", "<", ">", "="].into_iter().find(|o| word.starts_with(o));
        let Some(operator) = operator else {
            all &= Pattern::new(word).is_ok_and(|pattern| pattern.matches(release));
            continue;
        };
        let rest = word.get(operator.len()..).filter(|r| !r.is_empty());
        // A blank may stand behind the operator.
        let version = match rest {
            Some(rest) => rest,
            None => words.next()?,
        };
        let order = compare_versions(release, version);
        all &= match operator {
            "<=" => order.is_le(),
            ">=" => order.is_ge(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            ">" => order.is_gt(),
            _ => order.is_eq(),
        };
    }
    Some(all)
}

/// Numbers by value, letters by code, part by part; what is longer is newer (`strverscmp_improved`
/// without its marks for pre-releases).
fn compare_versions(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| {
        let mut parts: Vec<String> = Vec::new();
        let mut last = None;
        for c in text.chars() {
            let class = (c.is_ascii_digit(), c.is_ascii_alphabetic());
            match parts.last_mut() {
                Some(part) if last == Some(class) => part.push(c),
                _ => parts.push(c.to_string()),
            }
            last = Some(class);
        }
        parts.retain(|p| p.chars().all(|c| c.is_ascii_alphanumeric()));
        parts
    };
    let (a, b) = (parts(a), parts(b));
    for (x, y) in a.iter().zip(&b) {
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            (Ok(_), Err(_)) => Ordering::Greater,
            (Err(_), Ok(_)) => Ordering::Less,
            (Err(_), Err(_)) => x.cmp(y),
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::load::tests::Tree;
    use crate::unit::model::Origin;
    use crate::unit::specifier::{HostFacts, LazyFacts, User};
    use crate::unit::value::Span;

    /// `|!Test=value`
    fn check(text: &str) -> Check {
        let (trigger, text) = text.strip_prefix('|').map_or((false, text), |t| (true, t));
        let (negate, text) = text.strip_prefix('!').map_or((false, text), |t| (true, t));
        let (test, value) = text.split_once('=').unwrap();
        let origin = Origin { path: Path::new("/u").into(), span: Span::default() };
        Check { test: test.into(), trigger, negate, value: value.into(), origin }
    }

    fn facts() -> Facts {
        let host = HostFacts {
            host_name: Some("Web-1.example".into()),
            machine_id: Some("0123456789abcdef0123456789abcdef".into()),
            kernel_release: Some("4.9.38-16.35.amzn1.x86_64".into()),
            architecture: Some("x86-64".into()),
            environment: vec![("PATH".into(), "/bin".into())],
            ..HostFacts::default()
        };
        Facts { host: LazyFacts::when_needed(|| host), user: Some(User::default()), ..Facts::default() }
    }

    #[test]
    fn single_tests() {
        let tree = Tree::new(&[
            ("/d/full/x", "data"),
            ("/d/hidden/.x", ""),
            ("/d/link", "-> /d/full"),
            ("/d/dangling", "-> /nowhere"),
            ("/d/empty", ""),
            ("/proc/cmdline", "root=/dev/xvda quiet amr.mode=x\n"),
            (
                "/proc/self/mountinfo",
                "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /d/full ro,nosuid - ext4 /dev/b rw\n",
            ),
        ]);
        for (text, holds) in [
            ("PathExists=/d/link", true),
            ("PathExists=/d/dangling", false),
            ("!PathExists=/d/dangling", true),
            ("PathExistsGlob=/d/f*/x", true),
            ("PathExistsGlob=/d/z*", false),
            ("PathExistsGlob=/d/{z,f*}/{y,x}", true),
            ("PathExistsGlob=/d/{z,y}", false),
            ("PathIsDirectory=/d/link", true),
            ("PathIsDirectory=/d/empty", false),
            ("PathIsSymbolicLink=/d/dangling", true),
            ("PathIsSymbolicLink=/d/full", false),
            ("PathIsMountPoint=/d/full", true),
            ("PathIsMountPoint=/d", false),
            ("PathIsMountPoint=/", true),
            ("PathIsReadWrite=/d/link/x", false),
            ("PathIsReadWrite=/d/empty", true),
            ("PathIsReadWrite=/nowhere", false),
            ("DirectoryNotEmpty=/d/full", true),
            ("DirectoryNotEmpty=/d/hidden", false),
            ("DirectoryNotEmpty=/nowhere", false),
            ("!DirectoryNotEmpty=/nowhere", true),
            ("FileNotEmpty=/d/full/x", true),
            ("FileNotEmpty=/d/empty", false),
            ("FileIsExecutable=/d/full/x", false),
            ("FileIsExecutable=/d/full", false),
            ("Host=web-*", true),
            ("Host=web", false),
            ("Host=01234567-89AB-cdef-0123-456789abcdef", true),
            ("KernelCommandLine=quiet", true),
            ("KernelCommandLine=amr.mode", true),
            ("KernelCommandLine=amr.mode=y", false),
            ("KernelCommandLine=amr", false),
            ("KernelVersion=>=4.9", true),
            ("KernelVersion=>= 4.10", false),
            ("KernelVersion=>4 <5", true),
            ("KernelVersion=4.9.*", true),
            ("KernelVersion=!=4.9.38", true),
            ("Architecture=x86-64", true),
            ("Architecture=native", true),
            ("Architecture=arm64", false),
            ("FirstBoot=no", true),
            ("FirstBoot=yes", false),
            ("FirstBoot=perhaps", false),
            ("User=root", true),
            ("User=0", true),
            ("User=@system", true),
            ("User=nobody", false),
            ("Group=root", true),
            ("Group=99", false),
            ("Environment=PATH", true),
            ("Environment=PATH=/bin", true),
            ("Environment=PATH=/sbin", false),
            ("!Environment=NOSUCH", true),
        ] {
            assert_eq!(unmet(&tree.root, &facts(), &[check(text)]).is_none(), holds, "{text}");
        }
    }

    #[test]
    fn all_plain_ones_and_one_of_the_triggers() {
        let tree = Tree::new(&[("/yes", "x")]);
        let holds = |texts: &[&str]| {
            let checks: Vec<_> = texts.iter().map(|t| check(t)).collect();
            unmet(&tree.root, &facts(), &checks).is_none()
        };
        assert!(holds(&[]));
        assert!(holds(&["PathExists=/yes", "|PathExists=/no", "|PathExists=/yes"]));
        assert!(!holds(&["PathExists=/yes", "|PathExists=/no", "|!PathExists=/yes"]));
        assert!(!holds(&["PathExists=/no", "|PathExists=/yes"]));
        assert!(!holds(&["Unheard=x"]) && !holds(&["!Unheard=x"]), "what cannot be told has failed");
    }

    #[test]
    fn versions() {
        for (a, b, order) in [
            ("4.9", "4.10", Ordering::Less),
            ("4.14", "4.14", Ordering::Equal),
            ("4.14.1", "4.14", Ordering::Greater),
            ("5", "4.99-x", Ordering::Greater),
            ("4.9.1-rc", "4.9.1-1", Ordering::Less),
        ] {
            assert_eq!(compare_versions(a, b), order, "{a} {b}");
        }
    }
}
