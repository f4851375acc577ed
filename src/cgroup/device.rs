//! What a path says of a device: the numbers of the disk behind it, or of the node itself.

use crate::os::root::{FileKind, Root};
use std::path::Path;

/// Major and minor number.
pub(super) type Numbers = (u32, u32);

/// The whole disk that a path stands for: a node, or any file on its file system (`lookup_block_device` of
/// systemd 252), through device-mapper where that has one disk below.
///
/// # Errors
/// As a sentence: why it cannot be told.
pub(super) fn disk(host: &Root, path: &str) -> Result<Numbers, String> {
    let stat = host.stat(Path::new(path)).map_err(|e| e.to_string())?;
    let (mut major, mut minor) = if stat.kind == FileKind::BlockDevice { stat.node() } else { stat.device() };
    if major == 0 {
        return Err(format!("no block device is behind '{path}'"));
    }
    // A stack of mappings ends; a loop would be the kernel's.
    for _ in 0..16 {
        match below(host, (major, minor)) {
            Some(device) => (major, minor) = device,
            None => break,
        }
    }
    Ok((major, minor))
}

/// The device of which this one is a part, or the only one that it maps.
fn below(host: &Root, (major, minor): Numbers) -> Option<Numbers> {
    let own = format!("/sys/dev/block/{major}:{minor}");
    let numbers = |path: String| {
        let text = super::text(host, Path::new(&path))?;
        let (major, minor) = text.trim().split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    if host.exists(Path::new(&format!("{own}/partition"))) {
        return numbers(format!("{own}/../dev"));
    }
    let slaves = host.list(Path::new(&format!("{own}/slaves"))).ok()?;
    let [slave] = &slaves[..] else { return None };
    numbers(format!("{own}/slaves/{}/dev", slave.name.to_str()?))
}

/// A node that may be opened: its kind and numbers.
///
/// # Errors
/// As [`disk`].
pub(super) fn node(host: &Root, path: &str) -> Result<(char, Numbers), String> {
    let stat = host.stat(Path::new(path)).map_err(|e| e.to_string())?;
    let kind = match stat.kind {
        FileKind::BlockDevice => 'b',
        FileKind::CharDevice => 'c',
        FileKind::Regular
        | FileKind::Dir
        | FileKind::Symlink
        | FileKind::Fifo
        | FileKind::Socket
        | FileKind::Other => return Err(format!("'{path}' is not a device node")),
    };
    Ok((kind, stat.node()))
}

/// The majors of a group of drivers (`char-pts`, `block-*`), from /proc/devices.
pub(super) fn majors(host: &Root, kind: char, pattern: &str) -> Vec<u32> {
    let text = super::text(host, Path::new("/proc/devices")).unwrap_or_default();
    let (characters, blocks) = text.split_once("Block devices:").unwrap_or((&text, ""));
    let part = if kind == 'c' { characters } else { blocks };
    let Ok(pattern) = strings::pattern::Pattern::new(pattern) else { return Vec::new() };
    let named = part.lines().filter_map(|line| {
        let (major, name) = line.trim().split_once(' ')?;
        pattern.matches(name).then(|| major.parse().ok())?
    });
    named.collect()
}
