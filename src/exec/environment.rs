//! The environment of each process of a service: exactly what systemd 252 gives, and nothing of
//! whoever typed the command.
//!
//! Later wins: amr's own variables, `PassEnvironment=`, `Environment=`, `EnvironmentFile=` (read just
//! before each command), less `UnsetEnvironment=`.

mod host;

use super::credentials;
use super::descriptors::Passed;
use super::resolve::Request;
use crate::os::ids::{Credentials, Ids, User};
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
    passed: &Passed,
) -> Result<(Variables, Vec<String>), String> {
    let root = request.root;
    let mut e = Variables { vars: request.host.to_vec() };
    e.vars.extend(request.variables.vars.iter().cloned());
    passed.tell(&mut e);
    folders(&mut e, request);
    if !request.context.credentials.is_empty() {
        let folder = credentials::folder(request.places.runtime, request.unit);
        e.set("CREDENTIALS_DIRECTORY", root.outer(&folder).display().to_string());
    }
    match (request.context.plain.get("SetLoginEnvironment"), user) {
        (Some(0), _) | (None, None) => {}
        (_, Some(user)) => login(&mut e, user),
        (Some(_), None) => {
            let own = Ids::new(root).user(&whose.user.uid.to_string()).map_err(|e| e.to_string())?;
            own.iter().for_each(|own| login(&mut e, own));
        }
    }
    let unit = &request.context.environment;
    if request.context.has_terminal() {
        e.set("TERM", host::terminal(request.context.terminal.path()));
    }
    if !unit.search_path.is_empty() {
        e.set("PATH", unit.search_path.join(":"));
    }
    host::passed(&unit.pass).into_iter().for_each(|(name, value)| e.set(&name, value));
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
    host::locale(&mut e, root);
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

/// HOME, SHELL, LOGNAME and USER say nothing that is no use.
fn login(e: &mut Variables, user: &User) {
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
