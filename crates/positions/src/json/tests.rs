use super::*;
use proptest::prelude::*;

/// Gives its bytes in pieces of a size, so that every token meets the end of a buffer.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let (now, later) = self.0.split_at(self.1.min(self.0.len()).min(room.len()));
        room[..now.len()].copy_from_slice(now);
        self.0 = later;
        Ok(now.len())
    }
}

/// The value as serde_json would have it, read through the reader.
fn tree(reader: &mut Reader<'_>) -> Result<serde_json::Value, Error> {
    use serde_json::Value;
    Ok(match reader.peek()? {
        Next::Object => {
            reader.object()?;
            let mut map = serde_json::Map::new();
            let mut first = true;
            while let Some(name) = reader.name(first)? {
                let name = String::from_utf8_lossy(name).into_owned();
                map.insert(name, tree(reader)?);
                first = false;
            }
            Value::Object(map)
        }
        Next::Array => {
            reader.array()?;
            let mut list = Vec::new();
            while reader.element(list.is_empty())? {
                list.push(tree(reader)?);
            }
            Value::Array(list)
        }
        Next::String => Value::String(String::from_utf8_lossy(reader.string()?).into_owned()),
        Next::Number => match reader.number()? {
            Number::Unsigned(number) => number.into(),
            Number::Negative(number) => number.into(),
            Number::Other => 0.5.into(),
        },
        Next::Bool => Value::Bool(reader.bool()?),
        Next::Null => {
            reader.null()?;
            Value::Null
        }
        Next::End => return Err(reader.bad(Problem::End)),
    })
}

fn read(text: &[u8], piece: usize) -> Result<serde_json::Value, String> {
    let mut pieces = Pieces(text, piece);
    let mut reader = Reader::new(&mut pieces, 0);
    tree(&mut reader).map_err(|error| error.to_string())
}

#[test]
fn text_is_read_whatever_the_pieces() {
    let text =
        br#" {"a" : [1, -2, 18446744073709551615, true, false, null, "x\n\"\\\/\u00e9\ud83d\ude00\ud83dz"],
        "\u0062":{}, "c":[], "d":{"e":[[]]}}"#;
    let whole = read(text, text.len()).unwrap();
    assert_eq!(whole["b"], serde_json::json!({}));
    assert_eq!(whole["a"][6], "x\n\"\\/é😀\u{fffd}z");
    for piece in 1..40 {
        assert_eq!(read(text, piece).as_ref(), Ok(&whole), "{piece}");
        let mut pieces = Pieces(text, piece);
        let mut reader = Reader::new(&mut pieces, 0);
        reader.skip().unwrap();
        assert_eq!(reader.peek().unwrap(), Next::End);
    }
}

#[test]
fn errors_name_their_byte() {
    for (text, error) in [
        ("", "byte 0: the text ends in the middle of a value"),
        ("[1,2", "byte 4: the text ends in the middle of a value"),
        ("[1 2]", "byte 3: expected ',' or ']', found '2'"),
        ("[1,]", "byte 3: expected a value, found ']'"),
        ("{\"a\" 1}", "byte 5: expected ':', found '1'"),
        ("{a:1}", "byte 1: expected '\"', found 'a'"),
        ("{\"a\":1,}", "byte 7: expected '\"', found '}'"),
        ("\0\0\0", "byte 0: expected a value, found '\\u{0}'"),
        ("\"a\nb\"", "byte 2: expected no control byte in a string, found '\\n'"),
        ("\"\\x\"", "byte 2: an escape that JSON does not have"),
        ("\"\\u12g4\"", "byte 5: an escape that JSON does not have"),
        ("01", "byte 2: the text ends in the middle of a value"),
        ("-", "byte 1: the text ends in the middle of a value"),
        ("1.x", "byte 2: expected a digit, found 'x'"),
        ("nul", "byte 3: the text ends in the middle of a value"),
        ("trux", "byte 3: expected true, false or null, found 'x'"),
    ] {
        for piece in [1, 100] {
            assert_eq!(read(text.as_bytes(), piece), Err(error.to_owned()), "{text}");
        }
    }
}

#[test]
fn what_would_never_end_is_refused() {
    let mut deep = vec![b'['; 200];
    deep.extend([b']'; 200]);
    let error = Reader::new(&mut &deep[..], 0).skip().unwrap_err();
    assert_eq!(error.to_string(), "byte 128: nested deeper than 128");
    for start in ["\"", "\"\\n"] {
        let long = start.bytes().chain(std::iter::repeat_n(b'a', LONGEST + BUFFER)).collect::<Vec<_>>();
        let error = Reader::new(&mut &long[..], 0).skip().unwrap_err();
        assert!(error.to_string().ends_with("a string of more than 1048576 bytes"), "{error}");
    }
}

#[test]
fn strings_keep_bytes_that_are_no_text() {
    let mut text = &b"\"/log/\xff\xfe\""[..];
    let mut reader = Reader::new(&mut text, 0);
    assert_eq!(reader.string().unwrap(), b"/log/\xff\xfe");
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn it_reads_what_serde_json_writes(value in value(), pretty in any::<bool>(), piece in 1usize..50) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        prop_assert_eq!(read(&text, piece), Ok(value));
    }

    /// What it takes, serde_json takes too, but for bytes that are no UTF-8 and lone surrogates.
    #[test]
    fn it_takes_nothing_that_is_not_json(text in "[\\[\\]{}\",:0-9a-z\\\\ .eE+-]{0,30}", piece in 1usize..9) {
        let mut pieces = Pieces(text.as_bytes(), piece);
        let mut reader = Reader::new(&mut pieces, 0);
        let taken = reader.skip().is_ok() && reader.peek().is_ok_and(|next| next == Next::End);
        let peer = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(taken, peer, "{}", text);
    }

    #[test]
    fn any_bytes_end(text in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..9) {
        let _ = Reader::new(&mut Pieces(&text, piece), 0).skip();
    }
}

proptest! {
    #[test]
    fn a_beginning_is_told_as_the_standard_library_tells_it(text in "[ab]{0,20}", more in "[ab]{0,20}") {
        let both = [text.as_bytes(), more.as_bytes()].concat();
        prop_assert!(super::begins(&both, text.as_bytes()));
        prop_assert_eq!(super::begins(more.as_bytes(), text.as_bytes()), more.starts_with(&text));
    }
}
