//! What the environment of a service has of its host: the locale, the kind of terminal, and what the unit
//! asks of the variables of the host's init.

use super::{LIMIT, Variables};
use crate::os::root::{Reader, Root};
use crate::unit::exec::terminal::CONSOLE;
use crate::unit::value::env;
use std::path::Path;

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
pub(super) fn locale(e: &mut Variables, root: &Root) {
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

/// `PassEnvironment=`: what init has of these, as systemd passes what PID 1 has. The kernel gives init each word
/// `NAME=VALUE` of its command line that it does not know itself, and HOME=/, which is nobody's.
pub(super) fn passed(names: &[String]) -> Vec<(String, String)> {
    if names.is_empty() {
        return Vec::new();
    }
    let of_kernel = |(name, value): &(String, String)| name == "HOME" && value == "/";
    of_init().into_iter().filter(|pair| names.contains(&pair.0) && !of_kernel(pair)).collect()
}

/// The variables of the host's init; none where that may not be known.
fn of_init() -> Vec<(String, String)> {
    let read = Root::host().and_then(|host| host.read_kernel(Path::new("/proc/1/environ"), LIMIT));
    let bytes = read.unwrap_or_default();
    let pair = |text: &[u8]| {
        let (name, value) = std::str::from_utf8(text).ok()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    bytes.split(|b| *b == 0).filter_map(pair).collect()
}

/// What TERM says of a terminal: of the console what init says, else by the kind of device
/// (`default_term_for_tty`).
pub(super) fn terminal(path: &str) -> String {
    let name = path.strip_prefix("/dev/").unwrap_or(path);
    let (of_init, active) = if path == CONSOLE {
        let of_init = of_init().into_iter().find(|(name, _)| name == "TERM").map(|(_, value)| value);
        (of_init, active_console())
    } else {
        (None, None)
    };
    of_init.unwrap_or_else(|| kind(active.as_deref().unwrap_or(name)).to_owned())
}

/// A virtual console, or anything else that shows characters.
fn kind(name: &str) -> &'static str {
    let number =
        name.strip_prefix("tty").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if number { "linux" } else { "vt220" }
}

/// The device that the console is, the last of them.
fn active_console() -> Option<String> {
    let path = Path::new("/sys/class/tty/console/active");
    let bytes = Root::host().and_then(|host| host.read_kernel(path, LIMIT)).ok()?;
    Some(std::str::from_utf8(&bytes).ok()?.split_whitespace().last()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_terminals() {
        for (path, term) in [("/dev/tty1", "linux"), ("/dev/ttyS0", "vt220"), ("/dev/pts/3", "vt220")] {
            assert_eq!(terminal(path), term);
        }
    }
}
