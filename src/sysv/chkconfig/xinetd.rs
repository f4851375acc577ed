//! xinetd's services: whether each is enabled, and its file with that set. Pure.

/// Does a file of `/etc/xinetd.d` leave its service enabled? The last `disable` line decides;
/// without one it is on.
#[must_use]
pub fn is_enabled(file: &[u8]) -> bool {
    let decides = |line: &[u8]| {
        let line = line.trim_ascii_start();
        line.starts_with(b"disable").then(|| {
            let value = line.iter().position(|b| *b == b'=').and_then(|at| line.get(at + 1..));
            value.is_some_and(|v| !v.trim_ascii_start().starts_with(b"yes"))
        })
    };
    let lines = file.split(|b| *b == b'\n').filter(|l| !l.starts_with(b"#"));
    lines.filter_map(decides).next_back().unwrap_or(true)
}

/// The file with the service enabled or not (`setXinetdService`): the one `disable` line stands behind the
/// brace, whatever there was before, and empty lines go.
#[must_use]
pub(super) fn set(file: &[u8], is_enabled: bool) -> Vec<u8> {
    let word = if is_enabled { "no" } else { "yes" };
    let mut out = Vec::with_capacity(file.len() + 16);
    for line in file.split(|b| *b == b'\n') {
        let text = line.trim_ascii_start();
        if text.is_empty() || text.starts_with(b"disable") {
            continue;
        }
        out.extend_from_slice(line);
        out.push(b'\n');
        if text.starts_with(b"{") {
            out.extend_from_slice(format!("\tdisable\t= {word}\n").as_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{is_enabled, set};

    /// What chkconfig 1.3.49 writes.
    #[test]
    fn one_line_behind_the_brace() {
        let file = b"# default: off\nservice rsync\n{\n\tdisable\t= yes\n\n\tsocket_type = stream\n}";
        let on = "# default: off\nservice rsync\n{\n\tdisable\t= no\n\tsocket_type = stream\n}\n";
        assert_eq!(String::from_utf8_lossy(&set(file, true)), on);
        assert!(is_enabled(on.as_bytes()) && !is_enabled(&set(on.as_bytes(), false)));
    }

    #[test]
    fn the_last_disable_line_decides() {
        assert!(is_enabled(b"service x\n{\n\tdisable\t= no\n}\n"));
        assert!(!is_enabled(b"service x\n{\n\tdisable = no\n disable = yes\n}\n"));
        assert!(!is_enabled(b"disable\n"));
        assert!(is_enabled(b"# disable = yes\n"));
        assert!(is_enabled(b""));
    }
}
