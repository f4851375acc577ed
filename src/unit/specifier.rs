//! `%`-specifiers of systemd 252 in values (systemd.unit(5), `unit_full_printf`). Pure: what they
//! stand for is given as [`Facts`].
//!
//! `%` and a letter or digit that 252 does not know is an error, so a misspelt one is never run. `%`
//! in front of anything else, and at the end, stays as it is.

use super::name::UnitName;
use super::value::{ValueError, escape};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

#[cfg(test)]
mod tests;

/// What specifiers stand for. `None` is a fact that could not be found out; using it is an error.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What the host says of itself. Most units do not ask.
    pub host: Arc<LazyFacts>,
    /// The user that amr runs as, as 252 means its manager's and not the unit's `User=`.
    pub user: Option<User>,
    /// The roots of `%t %S %C %L %E`, `%T` and `%V`.
    pub dirs: Dirs,
    /// `%y`, and its folder `%Y`: the unit's file, links resolved.
    pub fragment: Option<String>,
}

/// Facts of the host, found out when the first of them is asked for.
pub struct LazyFacts(LazyLock<HostFacts, Box<dyn FnOnce() -> HostFacts + Send>>);

impl LazyFacts {
    /// `find` is called once, or never.
    #[must_use]
    pub fn when_needed(find: impl FnOnce() -> HostFacts + Send + 'static) -> Arc<Self> {
        Arc::new(Self(LazyLock::new(Box::new(find))))
    }
}

impl Default for LazyFacts {
    fn default() -> Self {
        Self(LazyLock::new(Box::new(HostFacts::default)))
    }
}

impl Deref for LazyFacts {
    type Target = HostFacts;

    fn deref(&self) -> &HostFacts {
        &self.0
    }
}

impl fmt::Debug for LazyFacts {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(to)
    }
}

/// What the host says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// `%H`, and its first label `%l`.
    pub host_name: Option<String>,
    /// `%q`: `PRETTY_HOSTNAME=` of /etc/machine-info; the short host name where that is not set.
    pub pretty_host_name: Option<String>,
    /// `%m`
    pub machine_id: Option<String>,
    /// `%b`
    pub boot_id: Option<String>,
    /// `%v`, as `uname -r` has it.
    pub kernel_release: Option<String>,
    /// `%a`, in systemd's words: `x86-64`, `arm64`.
    pub architecture: Option<String>,
    /// The fields of os-release, unquoted. A field that is not there is empty; `None`: no such file.
    pub os_release: Option<Vec<(String, String)>>,
    /// What each service gets before its unit has a say.
    pub environment: Vec<(String, String)>,
    /// Bytes of memory, of which `MemoryMax=` may be a percentage.
    pub memory: Option<u64>,
    /// So many processes and threads at a time, of which `TasksMax=` may be a percentage.
    pub tasks: Option<u64>,
}

/// Who runs amr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `%u`
    pub name: String,
    /// `%U`
    pub uid: u32,
    /// `%g`
    pub group: String,
    /// `%G`
    pub gid: u32,
    /// `%h`
    pub home: String,
    /// `%s`
    pub shell: String,
}

impl Default for User {
    /// root
    fn default() -> Self {
        let (name, group) = ("root".to_owned(), "root".to_owned());
        Self { name, uid: 0, group, gid: 0, home: "/root".to_owned(), shell: "/bin/sh".to_owned() }
    }
}

/// The folders of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// `%t`; `%d` lies in it.
    pub runtime: String,
    /// `%S`
    pub state: String,
    /// `%C`
    pub cache: String,
    /// `%L`
    pub logs: String,
    /// `%E`
    pub configuration: String,
    /// `%T`
    pub tmp: String,
    /// `%V`
    pub var_tmp: String,
}

impl Default for Dirs {
    /// Those of systemd's system manager.
    fn default() -> Self {
        let own = str::to_owned;
        Self {
            runtime: own("/run"),
            state: own("/var/lib"),
            cache: own("/var/cache"),
            logs: own("/var/log"),
            configuration: own("/etc"),
            tmp: own("/tmp"),
            var_tmp: own("/var/tmp"),
        }
    }
}

/// Where a text stands, which decides what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope<'a> {
    /// `unit_full_printf`
    Value,
    /// `unit_name_printf`
    Name,
    /// What has no unit: these letters alone.
    Among(&'a str),
}

/// Expands the specifiers of a value or word.
///
/// # Errors
/// An unknown specifier, a fact that is missing, and escapes in the name that cannot be undone; the
/// place is that of the specifier.
pub fn expand(text: &str, facts: &Facts, name: &UnitName) -> Result<String, ValueError> {
    expand_in(Scope::Value, text, facts, Some(name))
}

/// Expands the specifiers of a unit's name, as in `After=foo@%i.service`. Those that unescape, and
/// those for folders, are unknown there.
///
/// # Errors
/// As [`expand`].
pub fn expand_name(text: &str, facts: &Facts, name: &UnitName) -> Result<String, ValueError> {
    expand_in(Scope::Name, text, facts, Some(name))
}

/// Expands the specifiers of a text that belongs to no unit, such as a line of tmpfiles.d(5), which knows
/// these letters.
///
/// # Errors
/// As [`expand`].
pub fn expand_among(letters: &str, text: &str, facts: &Facts) -> Result<String, ValueError> {
    expand_in(Scope::Among(letters), text, facts, None)
}

fn expand_in(
    scope: Scope<'_>,
    text: &str,
    facts: &Facts,
    name: Option<&UnitName>,
) -> Result<String, ValueError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let at = text.len().saturating_sub(behind.len()).saturating_sub(1);
        let Some(letter) = behind.chars().next() else {
            out.push('%');
            return Ok(out);
        };
        if letter == '%' {
            out.push('%');
        } else if letter.is_ascii_alphanumeric() {
            let known = match scope {
                Scope::Value => true,
                Scope::Name => "ijnNpaAbBHlmMoqvwWgGuU".contains(letter),
                Scope::Among(letters) => letters.contains(letter),
            };
            let value = if known { lookup(letter, facts, name) } else { Err(unknown(letter)) };
            out.push_str(&value.map_err(|why| ValueError::new(at, 2, why))?);
        } else {
            out.push('%');
            out.push(letter);
        }
        rest = behind.get(letter.len_utf8()..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

fn lookup(letter: char, facts: &Facts, name: Option<&UnitName>) -> Result<String, String> {
    match letter {
        'n' | 'N' | 'p' | 'P' | 'i' | 'I' | 'j' | 'J' | 'f' => {
            name.map_or_else(|| Err(unknown(letter)), |name| of_name(letter, name))
        }
        'a' | 'b' | 'H' | 'l' | 'm' | 'q' | 'v' => of_host(letter, facts),
        'A' => os_field(letter, facts, "IMAGE_VERSION"),
        'B' => os_field(letter, facts, "BUILD_ID"),
        'M' => os_field(letter, facts, "IMAGE_ID"),
        'o' => os_field(letter, facts, "ID"),
        'w' => os_field(letter, facts, "VERSION_ID"),
        'W' => os_field(letter, facts, "VARIANT_ID"),
        'u' | 'U' | 'g' | 'G' | 'h' | 's' => of_user(letter, facts),
        't' => Ok(facts.dirs.runtime.clone()),
        'S' => Ok(facts.dirs.state.clone()),
        'C' => Ok(facts.dirs.cache.clone()),
        'L' => Ok(facts.dirs.logs.clone()),
        'E' => Ok(facts.dirs.configuration.clone()),
        'T' => Ok(facts.dirs.tmp.clone()),
        'V' => Ok(facts.dirs.var_tmp.clone()),
        'd' => name.map_or_else(
            || Err(unknown(letter)),
            |name| Ok(format!("{}/credentials/{name}", facts.dirs.runtime)),
        ),
        'y' => fragment(letter, facts).map(str::to_owned),
        'Y' => fragment(letter, facts).map(folder),
        'c' | 'r' | 'R' => Err(format!(
            "'%{letter}' names a control group path of systemd, which is deprecated since 233 and which amr does not have"
        )),
        _ => Err(unknown(letter)),
    }
}

fn unknown(letter: char) -> String {
    format!("unknown specifier '%{letter}': write '%%' for a percent sign")
}

fn missing(letter: char, what: &str) -> String {
    format!("cannot resolve '%{letter}': {what}")
}

fn of_name(letter: char, name: &UnitName) -> Result<String, String> {
    let prefix = name.prefix();
    // Empty where the prefix ends in a dash; there 252 aborts on '%J'.
    let last = prefix.rsplit_once('-').map_or(prefix, |(_, last)| last);
    let instance = name.instance().unwrap_or_default();
    let unescaped = |s: &str| escape::unescape(s).map_err(|e| missing(letter, &e.message));
    match letter {
        'n' => Ok(name.as_str().to_owned()),
        'N' => Ok(name.stem().to_owned()),
        'p' => Ok(prefix.to_owned()),
        'P' => unescaped(prefix),
        'i' => Ok(instance.to_owned()),
        'I' => unescaped(instance),
        'j' => Ok(last.to_owned()),
        'J' => unescaped(last),
        // The instance as a path, or else the prefix.
        _ => {
            let path = if name.instance().is_some() { instance } else { prefix };
            escape::unescape_path(path).map_err(|e| missing(letter, &e.message))
        }
    }
}

fn of_host(letter: char, facts: &Facts) -> Result<String, String> {
    let short = || facts.host.host_name.as_deref().map(|h| h.split('.').next().unwrap_or(h).to_owned());
    let (fact, what) = match letter {
        'a' => (facts.host.architecture.clone(), "the architecture is not known"),
        'b' => (
            facts.host.boot_id.clone(),
            "the boot id is not known: cannot read /proc/sys/kernel/random/boot_id",
        ),
        'H' => (facts.host.host_name.clone(), "the host name is not known"),
        'l' => (short(), "the host name is not known"),
        'm' => (facts.host.machine_id.clone(), "there is no machine id: /etc/machine-id is missing or empty"),
        'q' => {
            let pretty = facts.host.pretty_host_name.clone().filter(|p| !p.is_empty());
            (pretty.or_else(short), "the host name is not known")
        }
        _ => (facts.host.kernel_release.clone(), "the release of the kernel is not known"),
    };
    fact.ok_or_else(|| missing(letter, what))
}

fn os_field(letter: char, facts: &Facts, field: &str) -> Result<String, String> {
    let Some(fields) = &facts.host.os_release else {
        return Err(missing(letter, "there is neither /etc/os-release nor /usr/lib/os-release"));
    };
    Ok(fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default())
}

fn of_user(letter: char, facts: &Facts) -> Result<String, String> {
    let Some(user) = &facts.user else {
        return Err(missing(letter, "the user that runs amr has no entry in /etc/passwd"));
    };
    Ok(match letter {
        'u' => user.name.clone(),
        'U' => user.uid.to_string(),
        'g' => user.group.clone(),
        'G' => user.gid.to_string(),
        'h' => user.home.clone(),
        _ => user.shell.clone(),
    })
}

fn fragment(letter: char, facts: &Facts) -> Result<&str, String> {
    facts.fragment.as_deref().ok_or_else(|| missing(letter, "the unit has no file of its own"))
}

/// The folder that a path lies in.
fn folder(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}
