//! Against serde_json where it says the same, and by hand where it does not.

use super::{Value, decode, encode};
use proptest::prelude::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, Default, PartialEq)]
struct Point {
    x: i32,
    name: Option<String>,
    note: String,
}
crate::record! { Point { x, name } optional { note } }

#[derive(Clone, Debug, Default, PartialEq)]
struct Loose {
    x: i32,
    y: u8,
}
crate::record! { default Loose { x, y } }

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    None,
    At(Point),
    Box { low: Point, high: Vec<u32> },
}
crate::choice! { Shape { None } value { At } fields { Box { low, high } } }

fn text<T: super::Json>(what: &T) -> String {
    String::from_utf8(encode(what)).unwrap()
}

#[test]
fn records_and_choices_keep_their_form() {
    let point = Point { x: -3, name: None, note: String::new() };
    let noted = Point { note: "a\"\u{1}é".into(), name: Some("n".into()), ..point.clone() };
    assert_eq!(text(&point), r#"{"x":-3,"name":null}"#);
    assert_eq!(text(&noted), r#"{"x":-3,"name":"n","note":"a\"\u0001é"}"#);
    let all = vec![Shape::None, Shape::At(point.clone()), Shape::Box { low: noted, high: vec![1, 2] }];
    assert_eq!(
        text(&all),
        r#"["None",{"At":{"x":-3,"name":null}},{"Box":{"low":{"x":-3,"name":"n","note":"a\"\u0001é"},"high":[1,2]}}]"#
    );
    assert_eq!(decode::<Vec<Shape>>(text(&all).as_bytes()), Ok(all));
    assert_eq!(decode(br#" { "later" : [{}, 1.5e3] , "x" : -3 } "#), Ok(point));
    assert_eq!(decode(br#"{"x":7}"#), Ok(Loose { x: 7, y: 0 }));
}

#[test]
fn errors_name_the_place_and_the_cause() {
    for (bad, message) in [
        ("{\"x\":1,\n \"y\":256}", "a number out of range at line 2 column 9"),
        ("{\"x\":tru}", "expected a number at line 1 column 6"),
        ("{\"x\":1", "the text ends in the middle of a value at line 1 column 7"),
        ("{\"x\":1,}", "expected a string at line 1 column 8"),
        ("{\"x\":1} x", "something follows the value at line 1 column 9"),
    ] {
        assert_eq!(decode::<Loose>(bad.as_bytes()).unwrap_err().to_string(), message, "{bad}");
    }
    assert_eq!(
        decode::<Point>(b"{}").unwrap_err().to_string(),
        "the field 'x' is missing at line 1 column 3"
    );
    assert_eq!(
        decode::<Shape>(b"\"Nine\"").unwrap_err().to_string(),
        "unknown word 'Nine' at line 1 column 7"
    );
    let deep = "[".repeat(100_000);
    assert!(decode::<Value>(deep.as_bytes()).unwrap_err().to_string().starts_with("nested deeper"));
}

#[test]
fn what_json_has_no_word_for_is_kept() {
    let path = PathBuf::from(OsStr::from_bytes(b"/a\xff"));
    assert_eq!(text(&path), "[47,97,255]");
    assert_eq!(decode(text(&path).as_bytes()), Ok(path));
    for span in [Duration::ZERO, Duration::MAX, Duration::from_nanos(1_500_000_001)] {
        assert_eq!(decode(text(&span).as_bytes()), Ok(span));
    }
    assert!(decode::<Duration>(b"[18446744073709551615,1000000000]").is_err());
}

#[test]
fn answers_have_their_keys_in_order() {
    let none: Vec<Value> = Vec::new();
    let value = crate::object! { "b" => 1u8, "a" => ["x"].as_slice(), "c" => none, "d" => None::<bool> };
    assert_eq!(value.to_string(), r#"{"a":["x"],"b":1,"c":[],"d":null}"#);
    assert_eq!(
        format!("{value:#}"),
        "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": 1,\n  \"c\": [],\n  \"d\": null\n}"
    );
    assert_eq!(value.pointer("/b").and_then(Value::as_u64), Some(1));
    assert_eq!(value.pointer("/b/x").or(value.pointer("/e")), None);
}

/// Numbers keep their spelling here and not there; strings and structure are the same.
fn same(ours: &Value, peer: &serde_json::Value) -> bool {
    match (ours, peer) {
        (Value::Null, serde_json::Value::Null) | (Value::Number(_), serde_json::Value::Number(_)) => true,
        (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Value::Text(a), serde_json::Value::String(b)) => a == b,
        (Value::List(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), serde_json::Value::Object(b)) => {
            a.iter().all(|(key, _)| b.get(key).is_some_and(|b| same(ours.get(key).unwrap(), b)))
                && b.keys().all(|key| ours.get(key).is_some())
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn takes_what_serde_json_takes(text in r#"([\[\]{},:"\\u09d8.eE+ -]|null|true|"a":|"\\ud83d\\ude00"|[0-9a-f]|\PC){0,12}"#) {
        let peer = serde_json::from_str::<serde_json::Value>(&text);
        match (decode::<Value>(text.as_bytes()), peer) {
            (Ok(ours), Ok(peer)) => prop_assert!(same(&ours, &peer), "{} {:?} {:?}", text, ours, peer),
            (Err(_), Err(_)) => {}
            // A float beyond its range is an error there.
            (Ok(_), Err(peer)) => prop_assert!(peer.to_string().contains("out of range"), "{} {}", text, peer),
            (Err(ours), Ok(_)) => prop_assert!(false, "{} {}", text, ours),
        }
    }

    #[test]
    fn any_text_comes_back(all in proptest::collection::vec(".*", 0..4)) {
        let bytes = encode(&all);
        prop_assert_eq!(serde_json::from_slice::<Vec<String>>(&bytes).unwrap(), all.clone());
        prop_assert_eq!(decode::<Vec<String>>(&bytes), Ok(all));
    }
}
