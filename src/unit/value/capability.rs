//! Sets of capabilities: `CapabilityBoundingSet=CAP_CHOWN CAP_KILL` (capabilities(7)). Pure.

use super::words::{self, Word};
use super::{ValueError, number};

/// The names without `CAP_`; the place in the list is the number (linux/capability.h).
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The bit of `CAP_CHOWN`, in any case of letters, or of `0`.
#[must_use]
pub fn bit(name: &str) -> Option<u64> {
    if let Some(number) = number::parse_i32(name) {
        return 1_u64.checked_shl(u32::try_from(number).ok()?);
    }
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("CAP_")?;
    let number = NAMES.iter().position(|n| *n == name)?;
    1_u64.checked_shl(u32::try_from(number).ok()?)
}

/// The capabilities of a set as systemctl prints them: `cap_chown cap_kill`.
#[must_use]
pub fn show(set: u64) -> String {
    let names = NAMES.iter().enumerate().filter(|(number, _)| set >> number & 1 == 1);
    names.map(|(_, name)| format!("cap_{}", name.to_ascii_lowercase())).collect::<Vec<_>>().join(" ")
}

/// Reads names and numbers as one set of bits; they may stand in quotes. The second list holds the
/// words that are neither: systemd ignores them.
#[must_use]
pub fn parse(value: &str) -> (u64, Vec<ValueError>) {
    let (mut set, mut errors) = (0, Vec::new());
    for Word { at, len, text } in words::split_relaxed(value) {
        match bit(&text) {
            Some(bit) => set |= bit,
            None => errors.push(ValueError::new(at, len, format!("unknown capability '{text}'"))),
        }
    }
    (set, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_kernel() {
        for (name, number) in
            [("CAP_CHOWN", 0), ("cap_kill", 5), ("CAP_SYS_ADMIN", 21), ("CAP_CHECKPOINT_RESTORE", 40)]
        {
            assert_eq!(bit(name), Some(1 << number), "{name}");
        }
        assert_eq!((bit("CHOWN"), bit("5"), bit("64"), bit("-1")), (None, Some(1 << 5), None, None));
    }

    #[test]
    fn unknown_words_are_left_out_with_their_place() {
        let (set, errors) = parse("CAP_CHOWN  CAP_NOT CAP_KILL");
        assert_eq!(set, 1 | 1 << 5);
        assert_eq!(errors, [ValueError::new(11, 7, "unknown capability 'CAP_NOT'")]);
        assert_eq!(parse(""), (0, Vec::new()));
        assert_eq!(parse("\"CAP_CHOWN\" '5"), (1 | 1 << 5, Vec::new()));
    }
}
