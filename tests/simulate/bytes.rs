//! The registry of a world as its shipper writes it, and read back by the parsers.
//!
//! Fingerprints stay out: those of the model cover four bytes, those of Filebeat 1024. So do the states that
//! filestream keeps by path.

use crate::look::path;
use crate::world::{By, Key, Kind, SECOND, State, Ttl, World};
use amr::drain::cursor::{Cursors, Generation, Positions, Timestamp};
use amr::drain::report::rfc3339;
use amr::drain::shipper::cloudwatch;
use amr::drain::shipper::filebeat::memlog::{Memlog, Step};
use amr::drain::shipper::filebeat::registry;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many registries were read.
pub static READ: AtomicU64 = AtomicU64::new(0);

/// The positions by way of bytes, at every fourth second; `None` at the others.
pub fn cursors(world: &World) -> Option<Cursors> {
    let by_path = world.config.by == By::Path && world.config.kind == Kind::Filestream;
    if !world.now.is_multiple_of(4) || world.config.by == By::Fingerprint || by_path {
        return None;
    }
    let array = world.now.is_multiple_of(8);
    let positions = match world.config.kind {
        Kind::CloudWatch => texts(world),
        Kind::Log | Kind::Container if array => {
            let states: Vec<String> =
                world.visible.iter().map(|(key, state)| of_array(world, key, state)).collect();
            let text = format!("[{}]", states.join(","));
            registry::read(text.as_bytes(), text.len() as u64, "registry", Generation::Array).unwrap()
        }
        Kind::Log | Kind::Container | Kind::Filestream => memlog(world),
    };
    READ.fetch_add(1, Ordering::Relaxed);
    assert_eq!(positions.faults.count(), 0, "{:?}", positions.faults.first());
    Some(positions.cursors)
}

fn ttl(state: &State) -> i64 {
    match state.ttl {
        Ttl::Never => -1,
        Ttl::Unclaimed => -2,
        Ttl::Deleted | Ttl::New => 0,
    }
}

/// A state's meta: the stream of a container's log.
fn meta(key: &Key) -> &'static str {
    match key {
        Key::Inode(_, _, 1) => r#"{"stream":"stdout"}"#,
        Key::Inode(_, _, 2) => r#"{"stream":"stderr"}"#,
        Key::Inode(..) | Key::Path(_) | Key::Print(_) => "null",
    }
}

/// Source, offset, owner and inode, as every generation has them.
fn fields(world: &World, key: &Key, state: &State) -> String {
    let Key::Inode(dev, ino, _) = *key else { panic!("{key:?} is not of the log input") };
    let kind = if world.config.kind == Kind::Container { "container" } else { "log" };
    let (source, offset, ttl, meta) = (path(state.name, 0), state.offset.unwrap(), ttl(state), meta(key));
    format!(
        r#""source":"{source}","offset":{offset},"ttl":{ttl},"type":"{kind}","meta":{meta},"FileStateOS":{{"inode":{ino},"device":{dev}}}"#
    )
}

fn of_array(world: &World, key: &Key, state: &State) -> String {
    let second = rfc3339(Timestamp(state.updated as i64));
    let time = format!("{}.{:09}Z", second.trim_end_matches('Z'), state.updated % 1_000_000_000);
    format!(r#"{{{},"timestamp":"{time}"}}"#, fields(world, key, state))
}

/// A checkpoint with some states, then operations: older ones, those of states that are no more, and
/// the last of each state.
fn memlog(world: &World) -> Positions {
    let mut checkpoint = Vec::new();
    let mut log = String::new();
    let txid = 7;
    let mut id = txid - 2;
    let mut op = |name: &str, entry: &str| {
        id += 1;
        write!(log, "{{\"op\":\"{name}\",\"id\":{id}}}\n{entry}\n").unwrap();
    };
    op("set", r#"{"k":"filebeat::logs::native::1-1","v":{"source":"/in/0","offset":9}}"#);
    op("remove", r#"{"k":"filebeat::logs::native::1-1"}"#);
    for (number, (key, state)) in world.visible.iter().enumerate() {
        let (name, value) = entry(world, key, state);
        if number % 2 == 0 {
            checkpoint.push(format!(r#"{{"_key":"{name}",{value}}}"#));
        } else {
            let older = State { offset: Some(0), ttl: Ttl::Never, ..state.clone() };
            op("set", &format!(r#"{{"k":"{name}","v":{{{}}}}}"#, entry(world, key, &older).1));
            op("set", &format!(r#"{{"k":"{name}","v":{{{value}}}}}"#));
        }
    }
    let text = format!("[{}]", checkpoint.join(",\n"));
    let mut store = Memlog::from_checkpoint(text.as_bytes(), text.len() as u64, txid).unwrap();
    let step = store.feed(log.as_bytes()).unwrap();
    assert!(matches!(step, Step::Taken(_)), "{step:?} of {log}");
    store.into_positions()
}

fn entry(world: &World, key: &Key, state: &State) -> (String, String) {
    let Key::Inode(dev, ino, stream) = *key else { panic!("{key:?} is in no memlog") };
    let (ns, second) = (state.updated % 1_000_000_000, state.updated / 1_000_000_000);
    if world.config.kind != Kind::Filestream {
        let hash = if stream == 0 { String::new() } else { format!("1b59052b95e6194{stream}-") };
        let name = format!("filebeat::logs::{hash}native::{ino}-{dev}");
        return (name, format!(r#"{},"timestamp":[{ns},{second}]"#, fields(world, key, state)));
    }
    let updated = match state.ttl {
        Ttl::New => "[0,18446744011573954816]".to_owned(),
        Ttl::Never | Ttl::Unclaimed | Ttl::Deleted => format!("[{ns},{second}]"),
    };
    let cursor = match state.offset {
        Some(offset) => format!(r#"{{"offset":{offset},"eof":{}}}"#, state.eof),
        None => "null".to_owned(),
    };
    let (source, ttl) = (path(state.name, 0), ttl(state));
    let meta = format!(r#"{{"source":"{source}","identifier_name":"native"}}"#);
    let value = format!(r#""ttl":{ttl},"updated":{updated},"cursor":{cursor},"meta":{meta}"#);
    let input = if stream == SECOND { "two" } else { "app" };
    (format!("filestream::{input}::native::{ino}-{dev}"), value)
}

/// The CloudWatch agent's files, one for each log.
fn texts(world: &World) -> Positions {
    let mut positions = Positions::new(Generation::CloudWatch);
    for state in world.visible.values() {
        let source = path(state.name, 0);
        let end = state.ranges.iter().map(|range| range.1).max().unwrap_or(0);
        let ranges: Vec<String> = state.ranges.iter().map(|(from, to)| format!("{from}-{to}")).collect();
        let text = format!("{end}\n{source}\n{}", ranges.join(","));
        let written = Some(Timestamp(state.updated as i64));
        cloudwatch::read_written(&source.replace('/', "_"), text.as_bytes(), written, &mut positions);
    }
    positions
}
