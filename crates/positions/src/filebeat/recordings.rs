//! What real Filebeats wrote while they shipped (`tests/data/registries`), read in the order in
//! which they wrote it and held against what the output had acknowledged by then.

use super::memlog::{Memlog, Step};
use super::registry;
use crate::cursor::{Generation, Input, Positions};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// No line of the recordings is longer.
const LINE: u64 = 80;
/// The output noted an acknowledgement after it was sent, and a snapshot was taken after its event.
const LATE: f64 = 0.02;

struct Recording {
    folder: PathBuf,
    /// When, and the first byte of the last line that was acknowledged then, for each file.
    acknowledged: Vec<(f64, BTreeMap<String, u64>)>,
    /// When, and the snapshot's name.
    snapshots: Vec<(f64, String)>,
    sizes: BTreeMap<String, (u64, u64, u64)>,
}

fn text(folder: &std::path::Path, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let path = folder.join(name);
    let opened = std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes));
    opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes
}

fn lines(folder: &std::path::Path, name: &str) -> Vec<Value> {
    let all = String::from_utf8(text(folder, name)).unwrap();
    all.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Recording {
    fn of(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/registries").join(name);
        let acknowledged = lines(&folder, "es.log")
            .iter()
            .map(|line| {
                let starts = line["max_start"].as_object().unwrap();
                let starts = starts.iter().map(|(file, at)| (file.clone(), at.as_u64().unwrap()));
                (line["t"].as_f64().unwrap(), starts.collect())
            })
            .collect();
        let snapshots = lines(&folder, "events.jsonl")
            .iter()
            .filter_map(|line| Some((line["t"].as_f64()?, line["snap"].as_str()?.to_owned())))
            .filter(|(_, name)| !name.ends_with(".new") && !name.ends_with("meta.json"))
            .collect();
        let files: Value = serde_json::from_slice(&text(&folder, "files.json")).unwrap();
        let sizes = files
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, file)| {
                let number = |name: &str| file[name].as_u64().unwrap();
                (path.clone(), (number("device"), number("inode"), number("final_size")))
            })
            .collect();
        Self { folder, acknowledged, snapshots, sizes }
    }

    /// Reads every snapshot with `read` and checks that it claims no more than was acknowledged,
    /// never less than before, and at the end everything. Gives the number of snapshots.
    fn replay(&self, input: Input, mut read: impl FnMut(&[u8]) -> Positions) -> usize {
        let mut before = BTreeMap::new();
        for (now, name) in &self.snapshots {
            let positions = read(&text(&self.folder, name));
            assert!(positions.faults.is_empty(), "{name}: {:?}", positions.faults.first());
            let mut offsets = BTreeMap::new();
            for cursor in positions.cursors.iter() {
                let path = String::from_utf8(cursor.path()).unwrap();
                let seen = cursor.seen.unwrap();
                assert_eq!((seen.dev, seen.ino), (self.sizes[&path].0, self.sizes[&path].1), "{name}");
                assert_eq!(cursor.input, input, "{name}");
                let offset = cursor.acknowledged.prefix();
                let most = self.most(&path, *now);
                assert!(offset <= most, "{name}: '{path}' claims {offset}, acknowledged are {most}");
                offsets.insert(path, offset);
            }
            for (path, offset) in &before {
                assert!(offsets.get(path) >= Some(offset), "{name}: '{path}' went back");
            }
            before = offsets;
        }
        let sizes: BTreeMap<_, _> = self.sizes.iter().map(|(path, file)| (path.clone(), file.2)).collect();
        assert_eq!(before, sizes, "all was acknowledged in the end");
        self.snapshots.len()
    }

    /// The end of the last line of `path` that had been acknowledged.
    fn most(&self, path: &str, now: f64) -> u64 {
        let done = self.acknowledged.iter().filter(|(at, _)| *at <= now + LATE);
        done.filter_map(|(_, starts)| starts.get(path)).max().map_or(0, |start| start + LINE)
    }
}

#[test]
fn one_file_registries() {
    for (name, expected, generation) in [
        ("1.3.1-log", 36, Generation::Object),
        ("5.6.16-log", 4, Generation::Array),
        ("6.8.14-log", 42, Generation::Array),
        ("7.8.1-log", 42, Generation::DataJson),
    ] {
        let count = Recording::of(name).replay(Input::Log, |text| {
            let expected = if generation == Generation::Object { Generation::Array } else { generation };
            let positions = registry::read(text, 0, "registry", expected).unwrap();
            if !positions.cursors.is_empty() {
                assert_eq!(positions.generation, generation, "{name}");
            }
            positions
        });
        assert_eq!(count, expected, "{name}");
    }
}

#[test]
fn memlog_fed_as_it_grew() {
    for (name, input, expected) in
        [("8.1.3-log", Input::Log, 38), ("8.1.3-filestream", Input::Filestream, 20)]
    {
        let mut store = Memlog::new();
        let count = Recording::of(name).replay(input, |log| {
            let rest = &log[usize::try_from(store.offset()).unwrap()..];
            assert!(matches!(store.feed(rest).unwrap(), Step::Taken(_)), "{name}");
            let mut whole = Memlog::new();
            whole.feed(log).unwrap();
            assert!(whole.positions().cursors.iter().eq(store.positions().cursors.iter()), "{name}");
            store.positions().clone()
        });
        assert_eq!(count, expected, "{name}");
    }
}
