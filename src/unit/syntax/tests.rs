use super::*;
use proptest::prelude::*;

fn all<'a>(doc: &'a Document<'a>) -> impl Iterator<Item = &'a Assignment<'a>> {
    doc.items.iter().filter_map(|i| if let Item::Assignment(a) = i { Some(a) } else { None })
}

fn assignments<'a>(doc: &'a Document<'a>) -> Vec<(Option<&'a str>, &'a str, &'a str)> {
    all(doc).map(|a| (a.section.as_deref(), a.key.as_ref(), a.value.text.as_ref())).collect()
}

fn value<'a>(doc: &'a Document<'a>, key: &str) -> Value<'a> {
    all(doc).find(|a| a.key == key).unwrap().value.clone()
}

fn at(span: Span) -> (u32, u32, u32) {
    (span.line, span.col, span.len)
}

#[test]
fn sections_and_assignments() {
    let doc = Document::parse(b"[Unit]\nDescription = a = b \n\n[Service]\nType=simple");
    assert_eq!(
        assignments(&doc),
        [(Some("Unit"), "Description", "a = b"), (Some("Service"), "Type", "simple")]
    );
    assert!(doc.faults().is_empty());
    assert_eq!(at(value(&doc, "Description").full_span()), (2, 15, 5));
}

#[test]
fn comments_in_a_continued_line_are_skipped() {
    // Measured on 252: conformance case c41.
    let text = b"[Service]\nExecStart=/p one \\\n# a comment\n   two \\\n  ; indented\n   three\n# ends in \\\nExecStartPost=/say\n";
    let doc = Document::parse(text);
    assert_eq!(
        assignments(&doc),
        [
            (Some("Service"), "ExecStart", "/p one     two     three"),
            (Some("Service"), "ExecStartPost", "/say")
        ]
    );
    let v = value(&doc, "ExecStart");
    let two = v.text.find("two").unwrap();
    assert_eq!(at(v.span(two, 3)), (4, 4, 3));
    let three = v.text.find("three").unwrap();
    assert_eq!(at(v.span(three, 5)), (6, 4, 5));
    assert_eq!(at(v.span(v.text.len(), 0)), (6, 9, 0));
    assert_eq!(at(v.full_span()), (2, 11, 8));
}

#[test]
fn continuation_rules() {
    for (text, want) in [
        (&b"[S]\nA=b\\\n\nC=d"[..], vec![("A", "b"), ("C", "d")]),
        (b"[S]\nA=b\\\\\nC=d", vec![("A", "b\\\\"), ("C", "d")]),
        (b"[S]\nA=b\\\\\\\nC=d", vec![("A", "b\\\\ C=d")]),
        (b"[S]\nA=b \\", vec![("A", "b")]),
        (b"[S]\nA=\\\nb", vec![("A", "b")]),
        (b"[S]\r\nA=b\\\r\nc\r\n", vec![("A", "b c")]),
        (b"[S]\rA=b\rC=d\0E=f", vec![("A", "b"), ("C", "d"), ("E", "f")]),
        (b"[S]\nA\\\n=b", vec![("A", "b")]),
        (b"[S]\nA=b\\ \nC=d", vec![("A", "b\\"), ("C", "d")]),
    ] {
        let doc = Document::parse(text);
        let got: Vec<_> = assignments(&doc).into_iter().map(|(_, k, v)| (k, v)).collect();
        assert_eq!(got, want, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn ends_of_lines_as_measured() {
    // A continued line tells them apart: where they make two ends, the empty line between ends it.
    // systemd-analyze 252.39 gave this for all sequences of up to three.
    let one = ["\n", "\r", "\0", "\n\r", "\r\n", "\n\0", "\r\0", "\n\r\0", "\r\n\0"];
    let marks = ["", "\n", "\r", "\0"];
    for n in 0..marks.len().pow(3) {
        let end = [marks[n / 16], marks[n / 4 % 4], marks[n % 4]].concat();
        let text = format!("[S]\nUMask\\{end}=7");
        let doc = Document::parse(text.as_bytes());
        let joined = assignments(&doc) == [(Some("S"), "UMask", "7")];
        assert_eq!(joined, one.contains(&end.as_str()), "{end:?}");
    }
}

#[test]
fn places_in_odd_files() {
    let doc = Document::parse(b"\xef\xbb\xbf[S]\r\n  A  =\r\nB=  x\r\n");
    assert!(doc.faults().is_empty());
    assert_eq!(at(value(&doc, "A").full_span()), (2, 7, 0));
    assert_eq!(at(value(&doc, "B").full_span()), (3, 5, 1));
    let Some(Item::Section(s)) = doc.items.first() else { panic!() };
    assert_eq!((s.name.as_ref(), at(s.span)), ("S", (1, 1, 3)));
}

#[test]
fn faults() {
    use FaultKind::*;
    for (text, kind, place) in [
        (&b"[S]\nno equals here\n"[..], NoEquals, (2, 1, 14)),
        (b"[S]\n  =x\n", NoKey, (2, 3, 2)),
        (b"[S]\nA=\xff\n", NotUtf8, (2, 3, 1)),
        (b"[S]\nA=b \\\nc \xff\n", NotUtf8, (3, 3, 1)),
        (b"[S] # why\nA=b\n", BadHeader, (1, 1, 9)),
        (b"[\n", BadHeader, (1, 1, 1)),
        (b"A=b\n[S]\n", OutsideSection, (1, 1, 1)),
        (b"words\n[S]\n", OutsideSection, (1, 1, 5)),
        (b"[S]\n.include /etc/x=y\n", Include, (2, 1, 17)),
    ] {
        let doc = Document::parse(text);
        let got: Vec<_> = doc.faults().iter().map(|f| (f.kind, at(f.span))).collect();
        assert_eq!(got, [(kind, place)], "{}", String::from_utf8_lossy(text));
    }
    assert_eq!(BadHeader.severity(), Severity::Error);
    assert_eq!(NoEquals.severity(), Severity::Warning);
    // systemd-analyze 252.39: "Failed to load configuration: Invalid argument".
    assert_eq!(NotUtf8.severity(), Severity::Error);
    assert!(Document::parse(b"# \xff\n[S]\nA=b\n").faults().is_empty());
}

#[test]
fn a_line_without_equals_leaves_the_rest() {
    // Measured on 252: conformance case c43.
    let doc = Document::parse(b"[Service]\nthis line has no equals sign\nExecStart=/bin/true\n");
    assert_eq!(assignments(&doc), [(Some("Service"), "ExecStart", "/bin/true")]);
}

#[test]
fn extensions_are_plain_items() {
    let doc = Document::parse(b"[X-Mine]\nX-Key=1\n[]\nk=2");
    assert_eq!(assignments(&doc), [(Some("X-Mine"), "X-Key", "1"), (Some(""), "k", "2")]);
    assert!(doc.faults().is_empty());
}

#[test]
fn too_long_lines_are_refused() {
    let long = [b"[S]\nA=".to_vec(), vec![b'x'; LINE_MAX], b"\nB=1\n".to_vec()].concat();
    let doc = Document::parse(&long);
    assert_eq!(doc.faults().iter().map(|f| f.kind).collect::<Vec<_>>(), [FaultKind::TooLong]);
    assert_eq!(doc.print(), long);
    let half = vec![b'x'; LINE_MAX / 2];
    let joined = [b"[S]\nA=".to_vec(), half.clone(), b"\\\n".to_vec(), half, b"\nB=1\n".to_vec()].concat();
    assert_eq!(Document::parse(&joined).faults().len(), 1);
}

#[test]
fn lines_for_the_caret() {
    let bytes = b"\xef\xbb\xbf[S]\r\nA=\xffb\nC=d";
    assert_eq!(physical_line(bytes, 1), "[S]");
    assert_eq!(physical_line(bytes, 2), "A=\u{fffd}b");
    assert_eq!(physical_line(bytes, 3), "C=d");
    assert_eq!(physical_line(bytes, 4), "");
    assert_eq!(physical_line(bytes, 0), "[S]");
}

fn unit_like() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b"[S]",
        b"Key=value",
        b"\\",
        b"\n",
        b"\r\n",
        b"\0",
        b"#",
        b";",
        b" ",
        b"=",
        BOM,
        b"\xff",
        "é".as_bytes(),
    ];
    let part = prop::sample::select(parts);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn print_gives_the_bytes_back(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(Document::parse(&bytes).print(), bytes);
    }

    #[test]
    fn print_gives_unit_like_bytes_back(bytes in unit_like()) {
        prop_assert_eq!(Document::parse(&bytes).print(), bytes);
    }

    /// Every byte of a value is found in the file where its span says.
    #[test]
    fn spans_point_at_their_bytes(bytes in unit_like()) {
        for item in Document::parse(&bytes).items {
            let Item::Assignment(a) = item else { continue };
            for (i, b) in a.value.text.bytes().enumerate() {
                let span = a.value.span(i, 1);
                let line = lines(&bytes).nth(span.line as usize - 1).unwrap().0;
                let at = span.col as usize - 1;
                // The mark is skipped once, so a second one counts.
                let here = [line, line.strip_prefix(BOM).unwrap_or(line)];
                prop_assert!(here.iter().any(|l| l.get(at) == Some(&b) || (b == b' ' && l.get(at) == Some(&b'\\'))));
            }
        }
    }
}
