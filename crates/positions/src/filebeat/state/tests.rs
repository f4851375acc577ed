use super::*;
use proptest::prelude::*;

/// All that a state says, and what follows it.
#[derive(Debug, PartialEq)]
struct Said {
    key: Vec<u8>,
    faults: Vec<(u64, FaultKind)>,
    cursor: String,
    place: u64,
    error: Option<String>,
}

fn read(state: &mut State, text: &[u8], key: &[u8]) -> Said {
    let mut source = text;
    let mut json = Reader::new(&mut source, 7);
    state.clear();
    state.key.extend_from_slice(key);
    let error = state.read(&mut json).err().map(|error| error.to_string());
    let identity = state.file_id().map_or(Identity::Path, Identity::Inode);
    let cursor: Cursor<'_> = state.cursor(identity, Input::Log, b"");
    Said {
        // What was read before an error means nothing.
        cursor: if error.is_none() { format!("{cursor:?}") } else { String::new() },
        key: state.key.clone(),
        faults: if error.is_none() { state.faults.clone() } else { Vec::new() },
        place: if error.is_none() { json.place() } else { 0 },
        error,
    }
}

/// Each of them, after all the others and as the first one.
fn the_same_whatever_was_before(texts: &[Vec<u8>], key: &[u8]) {
    let mut state = State::default();
    for text in texts {
        let text = [text.as_slice(), b",{\"source\":\"/what/follows\"}]      "].concat();
        let anew = read(&mut State::default(), &text, key);
        assert_eq!(read(&mut state, &text, key), anew, "{}", String::from_utf8_lossy(&text));
    }
}

const STATES: [&str; 12] = [
    r#"{"source":"/l/a","offset":1,"timestamp":"2026-11-20T22:11:48.187251043Z","ttl":-1,"type":"log","meta":null,"FileStateOS":{"inode":7,"device":65024}}"#,
    r#"{"source":"/l/b","offset":22,"timestamp":"2026-11-20T22:11:48Z","ttl":-2,"type":"docker","meta":{"stream":"stdout"},"FileStateOS":{"inode":8,"device":65024}}"#,
    r#"{"_key":"filestream::x::native::1-2","ttl":1800000000000,"updated":[10892077,1795212685],"cursor":{"offset":5},"meta":{"source":"/l/c","identifier_name":"native"}}"#,
    r#"{"_key":"filestream::x::native::1-3","ttl":0,"updated":[281470681743360,18446744011573954816],"cursor":null,"meta":{"source":"/l/c","identifier_name":"native"}}"#,
    r#"{"_key":"k","cursor":{"eof":true,"offset":9},"meta":{"fingerprint_len":64,"source":"/l/d"},"ttl":0}"#,
    r#"{"source":"/l/e","ttl":-1,"id":"native::10010963-65024","prev_id":"","type":"log","FileStateOS":{"inode":10010963,"device":65024},"identifier_name":"native","offset":0,"timestamp":[652235322,1795212674]}"#,
    r#"{"source":"/l/f","source":"/l/g","offset":1,"OFFSET":2,"FileStateOS":{"inode":7,"device":1,"INODE":9}}"#,
    r#"{"source":"/l/\u0061","offset":1.5,"timestamp":"x","updated":[1,2],"n":12,"m":-3,"o":[1]}"#,
    r#"{ "source" : "/l/h" , "offset" : 3 }"#,
    r#"{"timestamp":"2026-11-20T22:11:48Z","updated":[1,2],"offset":123456789012345678}"#,
    r#"{"n":1,"n":2,"n":3,"n":4,"n":5,"n":6,"n":7,"n":8,"n":9,"n":1,"n":2,"n":3,"n":4,"n":5,"n":6,"n":7,"n":8,"n":9}"#,
    "{}",
];

#[test]
fn what_filebeat_writes_is_taken_by_its_form() {
    for text in [STATES[0], STATES[1], STATES[2], STATES[5]] {
        let mut state = State::default();
        let text = [text, "          "].concat();
        read(&mut state, text.as_bytes(), b"");
        assert!(state.forms.find(text.as_bytes()).is_some(), "{text}");
        let other = text.replace("/l/", "/other/").replace("\"inode\":", "\"inode\":1");
        assert!(state.forms.find(other.as_bytes()).is_some(), "{other}");
    }
}

#[test]
fn each_state_after_each_other() {
    let all = STATES.iter().flat_map(|one| STATES.iter().flat_map(move |other| [one, other, one, other]));
    let texts: Vec<Vec<u8>> = all.map(|text| text.as_bytes().to_vec()).collect();
    the_same_whatever_was_before(&texts, b"");
    the_same_whatever_was_before(&texts, b"filestream::x::native::1-2");
}

proptest! {
    /// States that differ in a few bytes: one changed, put in, taken out, or the text cut.
    #[test]
    fn changes_are_seen(
        which in 0..STATES.len(),
        changes in prop::collection::vec((0..4_u8, 0..250_usize, prop::sample::select(&b"0123456789\"\\{}[],:. -+eEaZTs\0\n\xff"[..])), 1..20),
        with_key in any::<bool>(),
    ) {
        let base = STATES[which].as_bytes();
        let texts = changes.iter().map(|&(what, at, byte)| {
            let at = at % base.len();
            let (before, after) = base.split_at(at);
            match what {
                0 => [before, &[byte], &after[1..]].concat(),
                1 => [before, &[byte], after].concat(),
                2 => [before, &after[1..]].concat(),
                _ => before.to_vec(),
            }
        });
        let texts: Vec<Vec<u8>> = texts.flat_map(|text| [base.to_vec(), text]).collect();
        the_same_whatever_was_before(&texts, if with_key { b"k" } else { b"" });
    }
}
