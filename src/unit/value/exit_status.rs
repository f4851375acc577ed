//! Sets of exit codes and signals: `SuccessExitStatus=` and its kin (`config_parse_set_status`). Pure.

use super::number::parse_u64;
use super::{ValueError, signal, words};
use crate::unit::model::StatusSet;

/// The names of exit codes in systemd.exec(5): those of libc, of LSB, of systemd itself and of BSD.
const NAMES: [(&str, u8); 67] = [
    ("SUCCESS", 0),
    ("FAILURE", 1),
    ("INVALIDARGUMENT", 2),
    ("NOTIMPLEMENTED", 3),
    ("NOPERMISSION", 4),
    ("NOTINSTALLED", 5),
    ("NOTCONFIGURED", 6),
    ("NOTRUNNING", 7),
    ("USAGE", 64),
    ("DATAERR", 65),
    ("NOINPUT", 66),
    ("NOUSER", 67),
    ("NOHOST", 68),
    ("UNAVAILABLE", 69),
    ("SOFTWARE", 70),
    ("OSERR", 71),
    ("OSFILE", 72),
    ("CANTCREAT", 73),
    ("IOERR", 74),
    ("TEMPFAIL", 75),
    ("PROTOCOL", 76),
    ("NOPERM", 77),
    ("CONFIG", 78),
    ("CHDIR", 200),
    ("NICE", 201),
    ("FDS", 202),
    ("EXEC", 203),
    ("MEMORY", 204),
    ("LIMITS", 205),
    ("OOM_ADJUST", 206),
    ("SIGNAL_MASK", 207),
    ("STDIN", 208),
    ("STDOUT", 209),
    ("CHROOT", 210),
    ("IOPRIO", 211),
    ("TIMERSLACK", 212),
    ("SECUREBITS", 213),
    ("SETSCHEDULER", 214),
    ("CPUAFFINITY", 215),
    ("GROUP", 216),
    ("USER", 217),
    ("CAPABILITIES", 218),
    ("CGROUP", 219),
    ("SETSID", 220),
    ("CONFIRM", 221),
    ("STDERR", 222),
    ("PAM", 224),
    ("NETWORK", 225),
    ("NAMESPACE", 226),
    ("NO_NEW_PRIVILEGES", 227),
    ("SECCOMP", 228),
    ("SELINUX_CONTEXT", 229),
    ("PERSONALITY", 230),
    ("APPARMOR", 231),
    ("ADDRESS_FAMILIES", 232),
    ("RUNTIME_DIRECTORY", 233),
    ("CHOWN", 235),
    ("SMACK_PROCESS_LABEL", 236),
    ("KEYRING", 237),
    ("STATE_DIRECTORY", 238),
    ("CACHE_DIRECTORY", 239),
    ("LOGS_DIRECTORY", 240),
    ("CONFIGURATION_DIRECTORY", 241),
    ("NUMA_POLICY", 242),
    ("CREDENTIALS", 243),
    ("BPF", 245),
    ("EXCEPTION", 255),
];

/// The name of a code, as `systemctl status` shows it: `EXEC` for 203.
#[must_use]
pub fn code_name(code: u8) -> Option<&'static str> {
    NAMES.iter().find(|(_, n)| *n == code).map(|(name, _)| *name)
}

/// Reads a list of codes (number or name) and signals.
///
/// # Errors
/// The first word that is neither; [`parse_list`] goes on behind it, as systemd does.
pub fn parse(value: &str) -> Result<StatusSet, ValueError> {
    let (set, ignored) = parse_list(value);
    ignored.into_iter().next().map_or(Ok(set), Err)
}

/// Reads a list of codes and signals; words that are neither are in the second list.
#[must_use]
pub fn parse_list(value: &str) -> (StatusSet, Vec<ValueError>) {
    let (mut set, mut ignored) = (StatusSet::default(), Vec::new());
    for word in words::split_bare(value) {
        if let Some(code) = code(&word.text) {
            if !set.codes.contains(&code) {
                set.codes.push(code);
            }
        } else if let Ok(signal) = signal::parse(&word.text) {
            if !set.signals.contains(&signal) {
                set.signals.push(signal);
            }
        } else {
            let message = format!(
                "'{}' is not an exit status from 0 to 255, nor the name of one or of a signal",
                word.text
            );
            ignored.push(ValueError::new(word.at, word.len, message));
        }
    }
    (set, ignored)
}

fn code(word: &str) -> Option<u8> {
    let named = NAMES.iter().find(|(name, _)| *name == word).map(|(_, code)| *code);
    named.or_else(|| parse_u64(word).ok().and_then(|n| u8::try_from(n).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::value::Signal;

    #[test]
    fn codes_and_signals() {
        for (value, codes, signals) in [
            ("DATAERR", vec![65], vec![]),
            ("SIGKILL 143", vec![143], vec![9]),
            ("TERM", vec![], vec![15]),
            ("TEMPFAIL 250 SIGKILL TEMPFAIL", vec![75, 250], vec![9]),
            // A number is a code, never a signal.
            ("15", vec![15], vec![]),
            ("CONFIG NOTCONFIGURED", vec![78, 6], vec![]),
            ("", vec![], vec![]),
        ] {
            let signals = signals.into_iter().map(Signal).collect();
            assert_eq!(parse(value), Ok(StatusSet { codes, signals }), "{value}");
        }
    }

    #[test]
    fn bad_words_are_left_out() {
        let (set, ignored) = parse_list("1 256 foo 2 sigterm");
        assert_eq!(set.codes, [1, 2]);
        assert_eq!(ignored.iter().map(|e| (e.at, e.len)).collect::<Vec<_>>(), [(2, 3), (6, 3), (12, 7)]);
        assert_eq!(parse("1 # ok").map_err(|e| e.at), Err(2));
    }

    #[test]
    fn names() {
        assert_eq!(code_name(203), Some("EXEC"));
        assert_eq!(code_name(231), Some("APPARMOR"));
        assert_eq!(code_name(100), None);
        for (name, code) in NAMES {
            assert_eq!(parse(name).unwrap().codes, [code]);
        }
    }
}
