//! The keys of memlog: which input a state belongs to, and by what it recognises its file.
//!
//! `filebeat::logs::[HASH-]native::INODE-DEVICE` (log, container, docker; HASH is that of the meta)
//! and `filestream::ID::IDENTITY::VALUE`. Any other kind (`journald::…`, `winlog::…`) is no file.
//! Forms that Filebeat does not write (numbers with leading zeros, upper-case digests) are not
//! taken, so that two keys are never one. Source: `registry_key.go`, `identifier.go` of Beats. Pure.

use crate::cursor::{FileId, Identity, Input};

/// A key, cut into its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// A file's.
    File(FileKey<'a>),
    /// That of something else; the kind.
    Other(&'a [u8]),
    /// A file's, in a form that is not known.
    Unknown,
}

/// The key of a file's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKey<'a> {
    /// [`Input::Log`] or [`Input::Filestream`]; the value may say `container` or `docker`.
    pub input: Input,
    /// The input's id; empty for the log input.
    pub input_id: &'a [u8],
    /// By what the file is recognised.
    pub identity: Identity<'a>,
    /// What stands before the identity's value; with [`Identity::Path`] the whole key.
    pub prefix: &'a [u8],
    /// What stands after it (`-SUFFIX` of a copy-truncate prospector).
    pub suffix: &'a [u8],
}

const IDENTITIES: [&[u8]; 4] = [b"native::", b"path::", b"inode_marker::", b"fingerprint::"];

/// How much of a file a fingerprint covers unless it is said: `prospector.scanner.fingerprint.length`.
pub const FINGERPRINT_LENGTH: u64 = 1024;

const FILESTREAM: &[u8] = b"filestream::";

/// Cuts a key.
#[must_use]
pub fn parse(key: &[u8]) -> Key<'_> {
    if let Some(rest) = key.strip_prefix(b"filebeat::logs::") {
        return file(key, rest, Input::Log, b"").map_or(Key::Unknown, Key::File);
    }
    if let Some(rest) = key.strip_prefix(FILESTREAM) {
        return filestream(key, rest).map_or(Key::Unknown, Key::File);
    }
    match find(key, b"::") {
        Some(at) => Key::Other(key.get(..at).unwrap_or_default()),
        None => Key::Unknown,
    }
}

/// `ID::IDENTITY::VALUE`: the id ends where the first identity's name stands between `::`.
fn filestream<'a>(key: &'a [u8], rest: &'a [u8]) -> Option<FileKey<'a>> {
    let mut from = 0;
    while let Some(at) = find(rest.get(from..)?, b"::") {
        let after = rest.get(from + at + 2..)?;
        if IDENTITIES.iter().any(|name| after.starts_with(name)) {
            return file(key, after, Input::Filestream, rest.get(..from + at)?);
        }
        from += at + 2;
    }
    None
}

/// `[HASH-]IDENTITY::VALUE`, the end of `key`.
fn file<'a>(key: &'a [u8], rest: &'a [u8], input: Input, input_id: &'a [u8]) -> Option<FileKey<'a>> {
    let name = find(rest, b"::").and_then(|at| rest.get(..at + 2))?;
    let value = rest.get(name.len()..)?;
    let plain = match (input, name.iter().position(|&byte| byte == b'-')) {
        (Input::Log, Some(dash)) => {
            let (hash, name) = name.split_at_checked(dash + 1)?;
            hash.iter().rev().skip(1).all(u8::is_ascii_hexdigit).then_some(name)?
        }
        _ => name,
    };
    let (identity, suffix) = match plain {
        b"native::" => inode(value)?,
        b"path::" if !value.is_empty() => (Identity::Path, &b""[..]),
        b"inode_marker::" => {
            let (ino, marker) = number(value)?;
            (Identity::InodeMarker { ino, marker: marker.strip_prefix(b"-")? }, &b""[..])
        }
        b"fingerprint::" => fingerprint(value)?,
        _ => return None,
    };
    let prefix = match identity {
        Identity::Path => key,
        Identity::Inode(_) | Identity::InodeMarker { .. } | Identity::Fingerprint { .. } => {
            key.get(..key.len() - value.len())?
        }
    };
    Some(FileKey { input, input_id, identity, prefix, suffix })
}

fn inode(value: &[u8]) -> Option<(Identity<'_>, &[u8])> {
    let (ino, rest) = number(value)?;
    let (dev, suffix) = number(rest.strip_prefix(b"-")?)?;
    is_suffix(suffix).then_some((Identity::Inode(FileId { dev, ino }), suffix))
}

fn fingerprint(value: &[u8]) -> Option<(Identity<'_>, &[u8])> {
    let (hex, suffix) = value.split_at_checked(64)?;
    let mut sha256 = [0; 32];
    for (byte, pair) in sha256.iter_mut().zip(hex.as_chunks::<2>().0) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    let identity = Identity::Fingerprint { sha256, offset: 0, len: FINGERPRINT_LENGTH, growing: false };
    is_suffix(suffix).then_some((identity, suffix))
}

fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

fn is_suffix(suffix: &[u8]) -> bool {
    suffix.is_empty() || (suffix.len() > 1 && suffix.starts_with(b"-"))
}

/// A decimal number without leading zeros, and what follows it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut len) = (0u64, 0usize);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        len = len.wrapping_add(1);
    }
    let leading_zero = len > 1 && text.first() == Some(&b'0');
    if len == 0 || leading_zero { None } else { Some((value, text.get(len..)?)) }
}

fn find(text: &[u8], what: &[u8; 2]) -> Option<usize> {
    text.windows(2).position(|pair| pair == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId { dev: 64768, ino: 13_643_776 };

    fn file_key(key: &str) -> FileKey<'_> {
        match parse(key.as_bytes()) {
            Key::File(file) => file,
            other @ (Key::Other(_) | Key::Unknown) => panic!("{key}: {other:?}"),
        }
    }

    #[test]
    fn keys_of_the_log_input() {
        let key = file_key("filebeat::logs::native::13643776-64768");
        assert_eq!((key.input, key.identity), (Input::Log, Identity::Inode(FILE)));
        assert_eq!(key.prefix, b"filebeat::logs::native::");
        // A real sample, with the hash of a docker state's meta.
        let key = file_key("filebeat::logs::1b59052b95e61943-native::13643776-64768");
        assert_eq!(key.identity, Identity::Inode(FILE));
        assert_eq!(key.prefix, b"filebeat::logs::1b59052b95e61943-native::");
        assert_eq!(file_key("filebeat::logs::path::/var/log/a::b-1").identity, Identity::Path);
        assert_eq!(
            file_key("filebeat::logs::inode_marker::7-my-marker").identity,
            Identity::InodeMarker { ino: 7, marker: b"my-marker" }
        );
    }

    #[test]
    fn keys_of_filestream() {
        let key = file_key("filestream::my-id::native::13643776-64768-copy");
        assert_eq!((key.input, key.input_id), (Input::Filestream, b"my-id".as_slice()));
        assert_eq!((key.identity, key.suffix), (Identity::Inode(FILE), b"-copy".as_slice()));
        assert_eq!(file_key("filestream::.global::path::/var/log/x").input_id, b".global");
        assert_eq!(file_key("filestream::a::b::native::1-2").input_id, b"a::b");
        let key = format!("filestream::x::fingerprint::{}", "0a".repeat(32));
        let Identity::Fingerprint { sha256, len: 1024, offset: 0, growing: false } = file_key(&key).identity
        else {
            panic!("no fingerprint")
        };
        assert_eq!(sha256, [10; 32]);
    }

    #[test]
    fn keys_of_what_is_no_file() {
        assert_eq!(parse(b"journald::everything::LOCAL_SYSTEM_JOURNAL"), Key::Other(b"journald"));
        assert_eq!(parse(b"winlog::x"), Key::Other(b"winlog"));
    }

    #[test]
    fn forms_that_filebeat_does_not_write() {
        let digest = "0A".repeat(32);
        for key in [
            "",
            "x",
            "filebeat::logs::",
            "filebeat::logs::native::",
            "filebeat::logs::native::07-1",
            "filebeat::logs::native::7-01",
            "filebeat::logs::native::7-1x",
            "filebeat::logs::native::99999999999999999999-1",
            "filebeat::logs::xyz-native::7-1",
            "filebeat::logs::inode_marker::7",
            "filestream::x",
            "filestream::x::other::7-1",
            "filestream::x::native::7",
            "filestream::x::path::",
            &format!("filestream::x::fingerprint::{digest}"),
            "filestream::x::fingerprint::0a",
        ] {
            assert_eq!(parse(key.as_bytes()), Key::Unknown, "{key}");
        }
    }
}
