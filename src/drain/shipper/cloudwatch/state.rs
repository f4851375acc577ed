//! The CloudWatch agent's state files: one small text file for each log.
//!
//! Line 1 is the highest offset, line 2 the log's path, line 3 (agents since 1.300057) the ranges
//! that were shipped, `0-100,200-300`, `5-` without an end; no newline at the end. The file's name
//! is the path with `/`, blank and `:` as `_`. There is no inode: a log is known by its path alone.
//! Source: `internal/state/{range,offset,manager}.go` of the agent.
//!
//! The files are written in place, so one may be read empty or short. What is short is told by the
//! two things that are written twice: the path (in the file's name) and the highest offset (in the
//! ranges). Offsets advance when a batch was acknowledged, but also when one was dropped, and an
//! agent that keeps too many ranges merges the oldest over their gap: see
//! `Shipper::trust`. Pure.

use crate::drain::cursor::{
    Acknowledged, Cursor, Fault, FaultKind, Identity, Input, NotAFile, Positions, Timestamp, Ttl, split,
};

/// Where the agent keeps its states.
pub const STATES: &str = "/opt/aws/amazon-cloudwatch-agent/logs/state";

/// Adds what one state file says. `file` is its name.
pub fn read(file: &str, text: &[u8], positions: &mut Positions) {
    read_written(file, text, None, positions);
}

/// Adds what one state file says that was written at `updated`, which the file itself does not tell.
pub fn read_written(file: &str, text: &[u8], updated: Option<Timestamp>, positions: &mut Positions) {
    let mut fault = |at: usize, kind| {
        positions.faults.push(Fault { file: file.into(), at: at as u64, kind });
    };
    if text.first().is_none_or(|&byte| byte == 0) {
        return fault(0, FaultKind::Blank);
    }
    let mut lines = text.split(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let Some(most) = number(first) else { return fault(0, FaultKind::Value("offset")) };
    let Some(path) = lines.next().filter(|path| !path.is_empty()) else {
        return fault(text.len(), FaultKind::Missing("path"));
    };
    if !path.starts_with(b"/") {
        positions.not_files.push(NotAFile { key: path.into(), kind: (*b"cloudwatch").into() });
        return;
    }
    if !is_name_of(file.as_bytes(), path) {
        return fault(first.len() + 1, FaultKind::Value("path"));
    }
    let listed = match lines.next() {
        None => whole(most),
        // Of a state without a byte. Else what belongs there is not written yet.
        Some(b"") if most == 0 => Vec::new(),
        Some(line) => match ranges(line) {
            Some(listed) if listed.last().map_or(0, |&(_, end)| end) == most => listed,
            Some(_) | None => return fault(first.len() + path.len() + 2, FaultKind::Value("ranges")),
        },
    };
    let (folder, name) = split(path);
    let cursor = Cursor {
        identity: Identity::Path,
        seen: None,
        folder,
        name,
        acknowledged: Acknowledged::Ranges(&listed),
        ttl: Ttl::Never,
        input: Input::CloudWatch,
        input_id: b"",
        meta: b"",
        updated,
    };
    if let Err(full) = positions.cursors.add(&cursor) {
        positions.faults.push(Fault { file: file.into(), at: 0, kind: full.into() });
    }
}

fn whole(most: u64) -> Vec<(u64, u64)> {
    if most == 0 { Vec::new() } else { vec![(0, most)] }
}

/// The ranges of a line, sorted and not touching; `None` if it is none.
fn ranges(line: &[u8]) -> Option<Vec<(u64, u64)>> {
    let mut all = line.split(|&byte| byte == b',').map(range).collect::<Option<Vec<_>>>()?;
    all.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(all.len());
    for (start, end) in all {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    Some(merged)
}

fn range(text: &[u8]) -> Option<(u64, u64)> {
    let dash = text.iter().position(|&byte| byte == b'-')?;
    let (start, end) = text.split_at(dash);
    let end = match end.get(1..)? {
        b"" => u64::MAX,
        end => number(end)?,
    };
    Some((number(start)?, end)).filter(|(start, end)| start < end)
}

fn number(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text).ok()?;
    // `parse` would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// `file` is what the agent calls the state of `path`.
fn is_name_of(file: &[u8], path: &[u8]) -> bool {
    let written = |byte: &u8| if matches!(byte, b'/' | b' ' | b':') { b'_' } else { *byte };
    file.len() == path.len() && path.iter().map(written).eq(file.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::cursor::Generation;
    use proptest::prelude::*;

    fn parse(file: &str, text: &[u8]) -> Positions {
        let mut positions = Positions::new(Generation::CloudWatch);
        read(file, text, &mut positions);
        positions
    }

    fn shipped(text: &str) -> Result<Vec<(u64, u64)>, String> {
        let positions = parse("_var_log_messages", text.as_bytes());
        match (positions.cursors.iter().next(), positions.faults.first()) {
            (Some(cursor), []) => match cursor.acknowledged {
                Acknowledged::Ranges(ranges) => Ok(ranges.to_vec()),
                other
                @ (Acknowledged::Nothing | Acknowledged::Offset(_) | Acknowledged::OffsetEof { .. }) => {
                    Err(format!("{other:?}"))
                }
            },
            (None, [fault]) => Err(fault.to_string()),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn both_formats() {
        assert_eq!(shipped("300\n/var/log/messages"), Ok(vec![(0, 300)]));
        assert_eq!(shipped("0\n/var/log/messages"), Ok(vec![]));
        assert_eq!(shipped("0\n/var/log/messages\n"), Ok(vec![]));
        assert_eq!(shipped("300\n/var/log/messages\n0-100,200-300"), Ok(vec![(0, 100), (200, 300)]));
        assert_eq!(shipped("300\n/var/log/messages\n200-300,0-100,50-200"), Ok(vec![(0, 300)]));
        let endless = "18446744073709551615\n/var/log/messages\n5-";
        assert_eq!(shipped(endless), Ok(vec![(5, u64::MAX)]));
    }

    #[test]
    fn a_path_with_blanks_and_what_is_no_path() {
        let positions = parse("_a_b_c.log", b"7\n/a b:c.log");
        assert_eq!(positions.cursors.get(0).map(|cursor| cursor.path()), Some(b"/a b:c.log".to_vec()));
        assert_eq!(parse("System", b"7\nSystem").not_files.len(), 1);
    }

    #[test]
    fn what_cannot_be_is_a_fault() {
        for (text, fault) in [
            ("", "_var_log_messages: byte 0: the file is empty"),
            ("\0\0", "_var_log_messages: byte 0: the file is empty"),
            ("x\n/var/log/messages", "_var_log_messages: byte 0: 'offset'"),
            ("+3\n/var/log/messages", "_var_log_messages: byte 0: 'offset'"),
            ("99999999999999999999\n/var/log/messages", "_var_log_messages: byte 0: 'offset'"),
            ("3", "_var_log_messages: byte 1: the state lacks 'path'"),
            ("3\n/var/log/other", "_var_log_messages: byte 2: 'path'"),
            ("300\n/var/log/messages\n0-100,200-", "_var_log_messages: byte 22: 'ranges'"),
            ("300\n/var/log/messages\n0-100,30", "_var_log_messages: byte 22: 'ranges'"),
            ("300\n/var/log/messages\n", "_var_log_messages: byte 22: 'ranges'"),
            ("300\n/var/log/messages\n9-3", "_var_log_messages: byte 22: 'ranges'"),
        ] {
            let found = shipped(text).unwrap_err();
            assert!(found.starts_with(fault), "{text:?}: {found}");
        }
    }

    proptest! {
        /// A state that is read short is a fault, or claims no byte that the whole one does not;
        /// but for the cut right behind the path, which is a state of the older format.
        #[test]
        fn a_cut_claims_no_more(pieces in prop::collection::vec((1u64..500, 1u64..500), 1..5), cut in any::<prop::sample::Index>()) {
            let mut at = 0;
            let mut ranges = Vec::new();
            for (gap, len) in pieces {
                ranges.push((at + gap, at + gap + len));
                at += gap + len;
            }
            let line: Vec<String> = ranges.iter().map(|(start, end)| format!("{start}-{end}")).collect();
            let text = format!("{at}\n/var/log/messages\n{}", line.join(","));
            let cut = cut.index(text.len() + 1);
            let head = text.find("messages").unwrap() + 8;
            prop_assume!(cut != head);
            match shipped(&text[..cut]) {
                Ok(short) => prop_assert_eq!(short, ranges),
                Err(fault) => prop_assert!(fault.starts_with("_var_log_messages: byte ")),
            }
        }

        #[test]
        fn any_bytes_end(text in prop::collection::vec(any::<u8>(), 0..100)) {
            parse("_x", &text);
        }
    }
}
