//! Sets of capabilities: `CapabilityBoundingSet=CAP_CHOWN CAP_KILL` (capabilities(7)). Pure.

use super::ValueError;

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

/// The bit of `CAP_CHOWN`, in any case of letters.
#[must_use]
pub fn bit(name: &str) -> Option<u64> {
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

/// Reads names between blanks as one set of bits. The second list holds the words that are no names:
/// systemd ignores them.
#[must_use]
pub fn parse(value: &str) -> (u64, Vec<ValueError>) {
    let (mut set, mut errors, mut at) = (0, Vec::new(), 0);
    for word in value.split([' ', '\t', '\n']) {
        match bit(word) {
            Some(bit) => set |= bit,
            None if word.is_empty() => {}
            None => errors.push(ValueError::new(at, word.len(), format!("there is no capability '{word}'"))),
        }
        at += word.len() + 1;
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
        assert_eq!(bit("CHOWN"), None);
    }

    #[test]
    fn unknown_words_are_left_out_with_their_place() {
        let (set, errors) = parse("CAP_CHOWN  CAP_NOT CAP_KILL");
        assert_eq!(set, 1 | 1 << 5);
        assert_eq!(errors, [ValueError::new(11, 7, "there is no capability 'CAP_NOT'")]);
        assert_eq!(parse(""), (0, Vec::new()));
    }
}
