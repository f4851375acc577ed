//! xinetd's services, as far as `--list` and a query need them. Pure.

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

#[cfg(test)]
mod tests {
    use super::is_enabled;

    #[test]
    fn the_last_disable_line_decides() {
        assert!(is_enabled(b"service x\n{\n\tdisable\t= no\n}\n"));
        assert!(!is_enabled(b"service x\n{\n\tdisable = no\n disable = yes\n}\n"));
        assert!(!is_enabled(b"disable\n"));
        assert!(is_enabled(b"# disable = yes\n"));
        assert!(is_enabled(b""));
    }
}
