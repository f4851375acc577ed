use super::*;
use crate::drain::cursor::Acknowledged;
use std::fs;
use std::io::Write;

/// A folder of the test's own, gone with it.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("amr-follow-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("registry/filebeat")).unwrap();
        Self(path)
    }

    fn root(&self) -> Root {
        Root::at(&self.0).unwrap()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = fs::File::options().append(true).open(self.0.join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn find(&self) -> Result<Registry, Error> {
        Registry::find(&self.root(), Path::new("/registry"))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const LOG_PATH: &str = "registry/filebeat/log.json";

fn set(id: u64, offset: u64) -> String {
    format!(
        "{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"filebeat::logs::native::7-1\",\"v\":{{\"offset\":{offset}}}}}\n"
    )
}

fn checkpoint(offset: u64) -> String {
    format!("[\n{{\"_key\":\"filebeat::logs::native::7-1\",\"offset\":{offset}}}\n]\n")
}

fn offset(registry: &Registry) -> u64 {
    let cursor = registry.positions().cursors.iter().next().unwrap();
    match cursor.acknowledged {
        Acknowledged::Offset(offset) => offset,
        Acknowledged::Nothing | Acknowledged::OffsetEof { .. } | Acknowledged::Ranges(_) => {
            panic!("no offset")
        }
    }
}

#[test]
fn each_generation_is_told_by_what_is_there() {
    let place = TempFolder::new("generations");
    let array = r#"[{"source":"/l","offset":3,"FileStateOS":{"inode":7,"device":1}}]"#;
    place.write("registry/filebeat/data.json", array);
    assert_eq!(place.find().unwrap().positions().generation, Generation::DataJson);
    place.write("registry/filebeat/meta.json", r#"{"version":"0"}"#);
    place.write(LOG_PATH, set(1, 5));
    let old = place.find().unwrap();
    assert_eq!((old.positions().generation, offset(&old)), (Generation::DataJson, 3));
    assert_eq!(old.positions().notes, [Note::TwoGenerations("data.json")]);
    place.write("registry/filebeat/meta.json", "{ \"version\": \"1\" }");
    let new = place.find().unwrap();
    assert_eq!((new.positions().generation, offset(&new)), (Generation::Memlog, 5));
    assert_eq!(new.positions().notes, [Note::TwoGenerations(LOG)]);
    assert_eq!(new.folder(), Path::new("/registry/filebeat"));
    place.write("registry/filebeat/meta.json", r#"{"version":"2"}"#);
    assert!(place.find().unwrap_err().to_string().ends_with("its version is '2', amr reads 0 and 1"));
    place.write("file", array);
    let file = Registry::find(&place.root(), Path::new("/file")).unwrap();
    assert_eq!((file.positions().generation, offset(&file)), (Generation::Array, 3));
}

#[test]
fn what_is_not_there_and_what_is_not_read() {
    let place = TempFolder::new("refused");
    assert!(matches!(place.find(), Err(Error::Missing(_))));
    assert!(matches!(Registry::find(&place.root(), Path::new("/none")), Err(Error::Missing(_))));
    let mut page = vec![0; 4096];
    page[16..20].copy_from_slice(&BBOLT);
    place.write("registry/filebeat/registry.db", page);
    let error = place.find().unwrap_err().to_string();
    assert!(error.contains("registry.db': it is a bbolt database"), "{error}");
}

#[test]
fn memlog_is_followed_through_appends_checkpoints_and_truncations() {
    let place = TempFolder::new("memlog");
    place.write(LOG_PATH, set(1, 10));
    let mut registry = place.find().unwrap();
    assert_eq!(registry.refresh().unwrap(), Change::Same);
    let next = set(2, 20);
    place.append(LOG_PATH, &next[..30]);
    assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Same, 10));
    place.append(LOG_PATH, &next[30..]);
    assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Advanced, 20));
    // A checkpoint before the truncation, and after it.
    place.write("registry/filebeat/3.json", checkpoint(30));
    assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Reloaded, 30));
    place.write(LOG_PATH, "");
    assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Reloaded, 30));
    place.append(LOG_PATH, &set(4, 40));
    assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Advanced, 40));
    // Truncated and grown beyond what was read, between two looks.
    place.write("registry/filebeat/9.json", checkpoint(90));
    fs::remove_file(place.0.join("registry/filebeat/3.json")).unwrap();
    place.write(LOG_PATH, [set(10, 100), set(11, 110), set(12, 120)].concat());
    assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Reloaded, 120));
    assert!(registry.positions().faults.is_empty());
}

#[test]
fn a_checkpoint_for_each_operation_is_followed() {
    let place = TempFolder::new("bug");
    place.write(LOG_PATH, "");
    place.write("registry/filebeat/1.json", checkpoint(1));
    let mut registry = place.find().unwrap();
    for txid in 2..6 {
        place.write(&format!("registry/filebeat/{txid}.json"), checkpoint(txid));
        fs::remove_file(place.0.join(format!("registry/filebeat/{}.json", txid - 1))).unwrap();
        assert_eq!((registry.refresh().unwrap(), offset(&registry)), (Change::Reloaded, txid));
    }
}

#[test]
fn a_gap_that_stays_is_a_fault_and_what_came_before_it_counts() {
    let place = TempFolder::new("gap");
    place.write(LOG_PATH, [set(1, 10), set(3, 30)].concat());
    let registry = place.find().unwrap();
    assert_eq!(offset(&registry), 10);
    let fault = registry.positions().faults.first()[0].to_string();
    assert!(
        fault.starts_with("log.json: byte ") && fault.contains("operation 3 follows operation 1"),
        "{fault}"
    );
}

#[test]
fn a_registry_that_went_away_is_an_error() {
    let place = TempFolder::new("gone");
    place.write("registry/filebeat/data.json", "[]");
    let mut registry = place.find().unwrap();
    fs::remove_file(place.0.join("registry/filebeat/data.json")).unwrap();
    assert!(matches!(registry.refresh(), Err(Error::Missing(_))));
}
