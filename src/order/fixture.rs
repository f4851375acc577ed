//! Units for the tests of this folder, from one line of text each.

use super::graph::Graph;
use crate::unit::build::blank;
use crate::unit::model::*;
use crate::unit::name::UnitName;
use crate::unit::value::Span;
use std::path::PathBuf;

pub fn name(s: &str) -> UnitName {
    UnitName::parse_or_service(s).unwrap()
}

pub fn origin(unit: &UnitName, line: u32) -> Origin {
    Origin {
        path: PathBuf::from(format!("/etc/systemd/system/{unit}")).into(),
        span: Span { line, col: 1, len: 1 },
    }
}

/// `app Requires=db After=db,net`; words without `=`: `masked`, `not-found`, `bad`, `unneeded`,
/// `no-manual-start`, `no-manual-stop`, `reloads`, `alias:x`.
pub fn unit(text: &str) -> Unit {
    let mut words = text.split_whitespace();
    let mut unit = empty(&name(words.next().unwrap()));
    for (at, word) in words.enumerate() {
        let line = u32::try_from(at).unwrap() + 2;
        match word.split_once('=') {
            Some((key, value)) => {
                let kind = DepKind::ALL.into_iter().find(|kind| kind.as_str() == key).unwrap();
                for on in value.split(',') {
                    let origin = Some(origin(&unit.name, line));
                    unit.deps.push(Dependency { kind, on: name(on), origin });
                }
            }
            None => flag(&mut unit, word),
        }
    }
    unit
}

fn flag(unit: &mut Unit, word: &str) {
    match word {
        "masked" => unit.load = LoadState::Masked,
        "not-found" => unit.load = LoadState::NotFound,
        "bad" => unit.load = LoadState::BadSetting,
        "unneeded" => unit.stop_when_unneeded = true,
        "no-manual-start" => unit.refuse_manual_start = true,
        "no-manual-stop" => unit.refuse_manual_stop = true,
        "reloads" => {
            let command = exec(&unit.name, "/bin/kill");
            service_mut(unit).exec.reload.push(command);
        }
        other => unit.aliases.push(name(other.strip_prefix("alias:").unwrap())),
    }
}

pub fn service_mut(unit: &mut Unit) -> &mut Service {
    match &mut unit.body {
        Body::Service(s) => s,
        Body::Other => panic!("not a service"),
    }
}

pub fn exec(unit: &UnitName, path: &str) -> ExecCommand {
    ExecCommand {
        path: path.to_owned(),
        argv: vec![path.to_owned()],
        ignore_failure: false,
        no_env_expand: false,
        privilege: ExecPrivilege::Normal,
        at_host_root: false,
        origin: origin(unit, 9),
    }
}

/// One unit for each line.
pub fn graph(lines: &[&str]) -> Graph {
    Graph::new(lines.iter().map(|l| unit(l)).collect())
}

pub fn empty(name: &UnitName) -> Unit {
    let service = name.as_str().ends_with(".service");
    let body = if service { Body::Service(Box::new(simple_service(name))) } else { Body::Other };
    let fragment = Some(PathBuf::from(format!("/etc/systemd/system/{name}")));
    Unit { fragment, body, ..blank(name.clone(), LoadState::Loaded) }
}

fn simple_service(name: &UnitName) -> Service {
    let start = vec![exec(name, "/bin/true")];
    Service { exec: ExecLists { start, ..ExecLists::default() }, ..Service::default() }
}
