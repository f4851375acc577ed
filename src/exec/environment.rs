//! The environment of each process of a service: exactly what systemd 252 gives, and nothing of
//! whoever typed the command.
//!
//! Later wins: amr's own variables, `Environment=`, `EnvironmentFile=` (read just before each
//! command), less `UnsetEnvironment=`.

use super::resolve::Request;
use crate::os::ids::{Credentials, User};
use crate::os::root::{Author, Reader, Root};
use crate::unit::exec::directories::Kind;
use crate::unit::exec::environment::EnvironmentFile;
use crate::unit::model::ExecPrivilege;
use crate::unit::value::env;
use std::path::Path;

/// As systemd has it on hosts where /bin is not /usr/bin.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An environment file is not longer than this.
const LIMIT: u64 = 4 << 20;

/// Shells that stand for "no login".
const NO_LOGIN: [&str; 6] =
    ["/sbin/nologin", "/usr/sbin/nologin", "/bin/false", "/usr/bin/false", "/bin/true", "/usr/bin/true"];

/// A list of variables, each name once.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    vars: Vec<(String, String)>,
}

impl Variables {
    /// Sets a variable; the last value of a name counts.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        match self.vars.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => *v = value.into(),
            None => self.vars.push((name.to_owned(), value.into())),
        }
    }

    /// The value of one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
    }

    /// For exec.
    #[must_use]
    pub fn into_pairs(self) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
        self.vars.into_iter().map(|(n, v)| (n.into(), v.into())).collect()
    }
}

/// Who runs the command.
#[derive(Clone, Copy)]
pub(super) struct RunAs<'a> {
    /// The user of the service.
    pub(super) user: &'a Credentials,
    /// What the line keeps of root's rights.
    pub(super) line: ExecPrivilege,
}

impl RunAs<'_> {
    /// Does the line have rights that the service has not?
    fn outranks(self) -> bool {
        self.line != ExecPrivilege::Normal && self.user.uid != 0
    }
}

/// The environment of a command, and what was kept out of it; an error is the sentence why it cannot be
/// known.
pub(super) fn build(
    request: &Request<'_>,
    user: Option<&User>,
    whose: RunAs<'_>,
) -> Result<(Variables, Vec<String>), String> {
    let root = request.root;
    let mut e = Variables { vars: of_host(root) };
    e.vars.extend(request.variables.vars.iter().cloned());
    folders(&mut e, request);
    login(&mut e, user);
    let unit = &request.context.environment;
    for (name, value) in &unit.set {
        e.set(name, value);
    }
    let mut kept_out = Vec::new();
    for file in &unit.files {
        read_file(&mut e, root, file, whose, &mut kept_out)?;
    }
    e.vars.retain(|(n, v)| {
        !unit.unset.iter().any(|u| u == n || u.split_once('=') == Some((n.as_str(), v.as_str())))
    });
    Ok((e, kept_out))
}

/// What each service of a host gets before its unit has a say: the variables of systemd's manager.
#[must_use]
pub fn of_host(root: &Root) -> Vec<(String, String)> {
    let mut e = Variables::default();
    e.set("PATH", SEARCH_PATH);
    locale(&mut e, root);
    e.vars
}

/// A line that outranks the service takes nothing from a file that the service could have written: a
/// library to preload would run as root.
fn read_file(
    e: &mut Variables,
    root: &Root,
    file: &EnvironmentFile,
    whose: RunAs<'_>,
    kept_out: &mut Vec<String>,
) -> Result<(), String> {
    let found = match root.safe_glob(&file.path, whose.user) {
        Err(error) if file.missing_ok => {
            kept_out.push(error.to_string());
            return Ok(());
        }
        found => found.map_err(|e| e.to_string())?,
    };
    if found.is_empty() && !file.missing_ok {
        let path = root.outer(Path::new(&file.path));
        return Err(format!("cannot read '{}': No such file or directory", path.display()));
    }
    for path in found {
        match root.safe_read(&path, LIMIT, Reader::User(whose.user)) {
            Ok((_, Author::Others)) if whose.outranks() => kept_out.push(format!(
                "'{}' can be written by others than root: not applied to lines with '+', '!' or '!!'",
                root.outer(&path).display()
            )),
            Ok((bytes, _)) => match readable(&root.outer(&path), &bytes) {
                Ok(vars) => vars.iter().for_each(|(n, v)| e.set(n, v)),
                Err(why) if file.missing_ok => kept_out.push(why),
                Err(why) => return Err(why),
            },
            Err(error) if file.missing_ok && error.is_not_found() => {}
            Err(error) if file.missing_ok => kept_out.push(error.to_string()),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

/// What an `EnvironmentFile=` says. systemd reads nothing of one with a NUL or bytes that are not UTF-8,
/// and does not start the service.
fn readable(path: &Path, bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let file = env::parse_file(bytes);
    match file.refused {
        None => Ok(file.vars),
        Some((line, why)) => Err(format!(
            "cannot read '{}': line {line}: {why}; hint: convert the file with iconv",
            path.display()
        )),
    }
}

/// Where a host says in which language it speaks: systemd's file; Debian's; RHEL 6's, which rc sources.
const LOCALES: [&str; 3] = ["/etc/locale.conf", "/etc/default/locale", "/etc/sysconfig/i18n"];

/// The variables that systemd takes from there.
const LOCALE_VARIABLES: [&str; 14] = [
    "LANG",
    "LANGUAGE",
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_COLLATE",
    "LC_MONETARY",
    "LC_MESSAGES",
    "LC_PAPER",
    "LC_NAME",
    "LC_ADDRESS",
    "LC_TELEPHONE",
    "LC_MEASUREMENT",
    "LC_IDENTIFICATION",
];

/// The host's locale, as systemd's manager passes it on: the first file that is there. Where none says
/// anything C.UTF-8, if the host has that: to name a locale that is not there would only make programs
/// complain.
fn locale(e: &mut Variables, root: &Root) {
    let bytes = LOCALES
        .iter()
        .find_map(|path| root.safe_read(Path::new(path), LIMIT, Reader::Amr).ok().map(|(bytes, _)| bytes))
        .unwrap_or_default();
    let vars = env::parse_file(&bytes).vars;
    let known = |name: &str| LOCALE_VARIABLES.contains(&name);
    let mut found = false;
    for (name, value) in vars.into_iter().filter(|(n, v)| known(n) && !v.is_empty()) {
        e.set(&name, value);
        found = true;
    }
    let there = |name: &str| root.is_dir(&Path::new("/usr/lib/locale").join(name));
    if !found && (there("C.utf8") || there("C.UTF-8")) {
        e.set("LANG", "C.UTF-8");
    }
}

fn folders(e: &mut Variables, request: &Request<'_>) {
    for kind in Kind::ALL {
        let ((_, _, variable), names) = (kind.words(), &request.context.directories.set(kind).names);
        if !names.is_empty() {
            let above = request.places.above(kind);
            let outer = |name: &String| request.root.outer(&above.join(name)).display().to_string();
            e.set(variable, names.iter().map(outer).collect::<Vec<_>>().join(":"));
        }
    }
}

/// HOME, SHELL, LOGNAME and USER exist with `User=` only, and say nothing that is no use.
fn login(e: &mut Variables, user: Option<&User>) {
    let Some(user) = user else { return };
    let home = user.home.to_string_lossy();
    if home.starts_with('/') && home != "/" && home != "/nonexistent" {
        e.set("HOME", home);
    }
    if !user.name.is_empty() {
        e.set("LOGNAME", &user.name);
        e.set("USER", &user.name);
    }
    let shell = user.shell.to_string_lossy();
    if !shell.is_empty() && !NO_LOGIN.contains(&shell.as_ref()) {
        e.set("SHELL", shell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_utf8_says_where() {
        let path = Path::new("/etc/x.env");
        assert_eq!(readable(path, b"A=1\n"), Ok(vec![("A".to_owned(), "1".to_owned())]));
        for bytes in [&b"A=1\nNAME=J\xfcrgen\n"[..], b"A=1\nB=\0\n"] {
            let why = readable(path, bytes).unwrap_err();
            assert!(why.starts_with("cannot read '/etc/x.env': line 2: "), "{why}");
        }
    }
}
