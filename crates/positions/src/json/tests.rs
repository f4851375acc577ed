use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// Gives its bytes in pieces of a size, so that every value meets the end of a window.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let (now, later) = self.0.split_at(self.1.min(self.0.len()).min(room.len()));
        room[..now.len()].copy_from_slice(now);
        self.0 = later;
        Ok(now.len())
    }
}

/// Every element of an array, as a text or a tree, and the byte at which it begins.
fn elements(text: &[u8], piece: usize) -> Result<Vec<(u64, Value)>, (u64, String)> {
    let mut pieces = Pieces(text, piece);
    let mut window = Window::new(&mut pieces, 100);
    let mut all = Vec::new();
    assert_eq!(window.peek().unwrap(), Some(b'['));
    let list = window.list(b']', |window| {
        window.peek()?;
        let place = window.place();
        all.push((place, window.value(|json| serde::Deserialize::deserialize(json))?));
        Ok(())
    });
    list.map(|()| all).map_err(|error| error.fault().unwrap())
}

fn text(json: &[u8]) -> Vec<u8> {
    let mut into = Vec::new();
    Window::new(&mut &json[..], 0)
        .value(|json| Text { name: "x", into: &mut into }.deserialize(json))
        .unwrap();
    into
}

#[test]
fn texts_are_taken_as_go_takes_them() {
    assert_eq!(text(br#""x\n\"\\\/\u00e9\ud83d\ude00""#), "x\n\"\\/é😀".as_bytes());
    for lone in [r#""a\ud83dz""#, r#""a\ude00z""#, r#""a\ud83d\u007a""#] {
        assert_eq!(text(lone.as_bytes()), "a\u{fffd}z".as_bytes(), "{lone}");
    }
    assert_eq!(text(br#""\ud83d\ud83d\ude00\udead""#), "\u{fffd}😀\u{fffd}".as_bytes());
    assert_eq!(text("\"\u{d000}\u{d7ff}\"".as_bytes()), "\u{d000}\u{d7ff}".as_bytes());
    // It may be the name of a file as it stands.
    assert_eq!(text(b"\"/log/\xff\xfe\""), b"/log/\xff\xfe");
}

#[test]
fn errors_name_their_byte() {
    for (text, at, problem) in [
        ("[{},[", 105, "the text ends too soon"),
        ("[{} {}]", 104, "expected ',' or ']', found '{'"),
        ("[{},]", 104, "expected value"),
        ("[{},\n{\"a\":\n1 x}]", 113, "expected `,` or `}`"),
        ("[{}, {\"a\" 1}]", 110, "expected `:`"),
        ("[\"a\nb\"]", 104, "control character (\\u0000-\\u001F) found while parsing a string"),
    ] {
        for piece in [1, 100] {
            assert_eq!(elements(text.as_bytes(), piece), Err((at, problem.into())), "{text}");
        }
    }
}

#[test]
fn what_would_never_end_is_refused() {
    let long = [b"[\"", vec![b'a'; 3 * LONGEST].as_slice()].concat();
    let problem = format!("a value of more than {LONGEST} bytes");
    assert_eq!(elements(&long, usize::MAX), Err((101, problem)));
    let deep = vec![b'['; 1_000_000];
    let mut source = deep.as_slice();
    let mut window = Window::new(&mut source, 0);
    assert!(window.value(|json| <IgnoredAny as serde::Deserialize>::deserialize(json)).is_err());
}

proptest! {
    #[test]
    fn elements_are_found_whatever_the_pieces(
        values in prop::collection::vec((any::<String>(), any::<i64>()), 0..6), pretty in any::<bool>(), piece in 1usize..50,
    ) {
        let all: Vec<Value> = values.iter().map(|(name, value)| serde_json::json!({ name: [value] })).collect();
        let text = if pretty { serde_json::to_vec_pretty(&all) } else { serde_json::to_vec(&all) }.unwrap();
        let found = elements(&text, piece).unwrap();
        for (place, _) in &found {
            prop_assert_eq!(text[usize::try_from(*place).unwrap() - 100], b'{');
        }
        prop_assert_eq!(found.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), all);
    }
}
