//! Registries that are not as a shipper writes them: nothing of them is believed blindly, and nothing
//! is drained on their word.

use crate::tree::{A, TIME, Tree, fifo};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A registry that is not as Filebeat writes it: what it is, and what must be said.
fn bad_registries() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let state = |offset: &str| {
        format!(
            "{{\"source\":\"/x\",{offset}\"ttl\":-1,\"type\":\"log\",\"FileStateOS\":{{\"inode\":9,\"device\":9}}}}"
        )
    };
    let array = |states: &[String]| format!("[{}]", states.join(",")).into_bytes();
    let mut half = array(&[state("\"offset\":1,"), state("\"offset\":2,")]);
    half.truncate(half.len() * 2 / 3);
    let mut nul_tail = array(&[state("\"offset\":1,")]);
    nul_tail.truncate(30);
    nul_tail.resize(4096, 0);
    let bad = |field: &str| array(&[state(field)]);
    vec![
        ("empty", Vec::new(), "byte 0"),
        ("nul", vec![0; 4096], "byte 0"),
        ("nul-tail", nul_tail, "byte 30"),
        ("half", half, "byte"),
        ("text", b"not JSON at all".to_vec(), "byte 1"),
        ("number", b"7".to_vec(), "byte 0"),
        ("nested", b"[".repeat(1 << 16), "byte"),
        ("offset-negative", bad("\"offset\":-1,"), "offset"),
        ("offset-huge", bad("\"offset\":99999999999999999999999,"), "offset"),
        ("offset-text", bad("\"offset\":\"1\","), "offset"),
        ("offset-null", bad("\"offset\":null,"), "offset"),
        ("no-inode", b"[{\"source\":\"/x\",\"offset\":1,\"ttl\":-1}]".to_vec(), "byte"),
        ("no-object", b"[1,null,\"x\"]".to_vec(), "byte"),
    ]
}

#[test]
fn a_bad_registry_is_never_drained() {
    let mut wrong = Vec::new();
    for (name, bytes, must_say) in bad_registries() {
        let mut tree = Tree::new(name);
        tree.input("log", "");
        // All of it would be drained but for the registry.
        tree.file(A, "");
        tree.put("/var/lib/filebeat/registry", bytes);
        tree.lay();
        match tree.look() {
            Ok((Verdict::Drained | Verdict::Settled, report)) => {
                wrong.push(format!("{name}: {}", report::text(&report)));
            }
            Ok((_, report)) if !report::text(&report).contains(must_say) => {
                wrong.push(format!("{name} does not say '{must_say}': {}", report::text(&report)));
            }
            Err(error) if !error.contains("/var/lib/filebeat/registry") => {
                wrong.push(format!("{name} does not name the file: {error}"));
            }
            Ok(_) | Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_registry_is_an_error_that_names_it() {
    let at = "/var/lib/filebeat/registry";
    let error = |name: &str, lay: &dyn Fn(&Path)| {
        let mut tree = Tree::new(name);
        tree.input("log", "");
        // One that runs may not have written it yet.
        tree.alive = false;
        tree.lay();
        fs::create_dir_all(tree.root.join("var/lib/filebeat")).unwrap();
        lay(&tree.root.join(&at[1..]));
        tree.look().unwrap_err()
    };
    for (name, lay) in [
        ("missing", (&|_: &Path| {}) as &dyn Fn(&Path)),
        ("fifo", &|path| fifo(path)),
        ("link-loop", &|path| symlink("registry", path).unwrap()),
        ("device", &|path| symlink("/dev/zero", path).unwrap()),
        ("bbolt", &|path| {
            fs::write(path, [&[0; 16][..], &0xED0C_DAED_u32.to_le_bytes(), &[0; 64]].concat()).unwrap()
        }),
        ("empty-folder", &|path| fs::create_dir(path).unwrap()),
    ] {
        let said = error(name, lay);
        assert!(said.contains(at), "{name}: {said}");
    }
}

#[test]
fn a_state_without_an_offset_has_acknowledged_nothing() {
    let mut tree = Tree::new("no-offset");
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    let state = Tree::array_state(A, id, 2).replace("\"offset\":2,", "");
    tree.put("/var/lib/filebeat/registry", format!("[{state}]"));
    assert_eq!(tree.judge().0, Verdict::GaveUp);
}

#[test]
fn of_two_states_with_the_same_name_none_is_believed_blindly() {
    let mut tree = Tree::new("duplicate");
    tree.input("log", "");
    let (ino, dev) = tree.file(A, "a\nb\n");
    let state = format!(
        "[{{\"source\":\"{A}\",\"offset\":2,\"offset\":4,\"timestamp\":\"{TIME}\",\"ttl\":-1,\"type\":\"log\",\
         \"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}]"
    );
    tree.put("/var/lib/filebeat/registry", state);
    let (verdict, report) = tree.judge();
    assert!(!matches!(verdict, Verdict::Drained | Verdict::Settled), "{}", report::text(&report));
}

#[test]
fn a_gigantic_registry_without_sense_is_given_up_at_once() {
    let mut tree = Tree::new("gigantic");
    tree.input("log", "");
    tree.put("/var/lib/filebeat/registry", "");
    let file = fs::File::options().write(true).open(tree.root.join("var/lib/filebeat/registry")).unwrap();
    file.set_len(1 << 40).unwrap();
    tree.lay();
    if let Ok((verdict, report)) = tree.look() {
        assert!(!matches!(verdict, Verdict::Drained | Verdict::Settled), "{}", report::text(&report));
    }
}

#[test]
fn names_that_are_not_utf_8_are_found_and_escaped() {
    use std::os::unix::ffi::OsStrExt;
    let mut tree = Tree::new("names");
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    tree.log_state(A, id, 2);
    let name = std::ffi::OsStr::from_bytes(b"\xff\n.log");
    fs::write(tree.root.join("var/log/app").join(name), "a\n").unwrap();
    let (verdict, report) = tree.judge();
    assert_eq!(verdict, Verdict::GaveUp);
    assert!(report::text(&report).contains("/var/log/app/\\xff\\n.log"), "{}", report::text(&report));
}
