//! Comments behind values, which systemd does not have: `Restart=always # keep it up`.

/// Where such a comment begins: a `#` behind a blank and outside of quotes.
pub(super) fn comment(text: &str) -> Option<usize> {
    text.find('#')?;
    let (mut quote, mut blank, mut escaped) = (None, false, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if blank => return Some(at),
            (_, _) => {}
        }
        blank = c == ' ' || c == '\t';
    }
    None
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn a_hash_behind_a_blank_outside_of_quotes() {
        for (text, at) in [
            ("always # keep", Some(7)),
            ("always\t#keep", Some(7)),
            ("always#keep", None),
            ("#x", None),
            ("/bin/sh -c 'a # b'", None),
            ("/bin/sh -c 'a' # b", Some(15)),
            (r"a \# b", None),
            (r#""it's # one" #"#, Some(13)),
        ] {
            assert_eq!(comment(text), at, "{text}");
        }
    }
}
