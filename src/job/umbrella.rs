//! Units that start nothing by themselves: a generator of systemd's, which amr does not run, makes their
//! instances at boot (postgresql, tor, postfix on Debian).

use super::context::Context;
use crate::unit::model::{Body, DepKind, ServiceType, Unit};
use std::path::{Path, PathBuf};

/// Where generators lie, systemd.generator(7).
const FOLDERS: [&str; 4] = [
    "/etc/systemd/system-generators",
    "/usr/local/lib/systemd/system-generators",
    "/usr/lib/systemd/system-generators",
    "/lib/systemd/system-generators",
];

/// What a known generator makes instances of: a file of each, and how its path makes the instance.
struct Generator {
    umbrella: &'static str,
    /// As for [`Root::glob`](crate::os::root::Root::glob).
    files: &'static str,
    instance: fn(&[&str]) -> Option<String>,
}

const KNOWN: [Generator; 4] = [
    Generator {
        umbrella: "postgresql",
        files: "/etc/postgresql/*/*/postgresql.conf",
        instance: |path| match path {
            [.., version, cluster, _] => Some(format!("{version}-{cluster}")),
            _ => None,
        },
    },
    Generator { umbrella: "tor", files: "/etc/tor/torrc", instance: |_| Some("default".to_owned()) },
    Generator {
        umbrella: "tor",
        files: "/etc/tor/instances/*/torrc",
        instance: |path| match path {
            [.., name, _] => Some((*name).to_owned()),
            _ => None,
        },
    },
    Generator { umbrella: "postfix", files: "/etc/postfix/main.cf", instance: |_| Some("-".to_owned()) },
];

/// Why a unit starts nothing, and what to start instead; `None` for any other unit.
#[must_use]
pub fn note(ctx: &Context, unit: &Unit) -> Option<String> {
    let stem = unit.name.stem();
    let instance_of = |name: &str| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('@'));
    let pulled = unit.deps.iter().filter(|dep| matches!(dep.kind, DepKind::Wants | DepKind::Requires));
    if !does_nothing(unit) || pulled.map(|dep| dep.on.stem()).any(instance_of) {
        return None;
    }
    let generator = generator(ctx, stem)?;
    let found = instances(ctx, stem);
    let start = if found.is_empty() {
        format!("amr start {stem}@INSTANCE, for each INSTANCE that is to run")
    } else {
        format!("amr start {}", found.join(" "))
    };
    Some(format!(
        "'{}' starts nothing by itself: its instances are made by the generator '{}', which only systemd runs; \
         hint: {start} (a link in /etc/systemd/system/{}.wants to {stem}@.service has it started with this unit)",
        unit.name,
        generator.display(),
        unit.name,
    ))
}

/// A oneshot that stays active after `true`.
fn does_nothing(unit: &Unit) -> bool {
    let Body::Service(service) = &unit.body else { return false };
    let idle = |path: &str| Path::new(path).file_name().is_some_and(|name| name == "true");
    service.kind == ServiceType::Oneshot
        && service.remain_after_exit
        && service.exec.start_pre.is_empty()
        && service.exec.start_post.is_empty()
        && service.exec.start.iter().all(|command| idle(&command.path))
}

fn generator(ctx: &Context, stem: &str) -> Option<PathBuf> {
    let names = [format!("{stem}-generator"), format!("{stem}-instance-generator")];
    let paths = FOLDERS.iter().flat_map(|folder| names.iter().map(|name| Path::new(folder).join(name)));
    paths.into_iter().find(|path| ctx.root.exists(path))
}

/// The instances that the generator would make, where it is known how.
fn instances(ctx: &Context, stem: &str) -> Vec<String> {
    let mut names = Vec::new();
    for known in KNOWN.iter().filter(|known| known.umbrella == stem) {
        for path in ctx.root.glob(known.files).unwrap_or_default() {
            let text = path.to_string_lossy();
            let parts: Vec<&str> = text.split('/').collect();
            names.extend((known.instance)(&parts).map(|instance| format!("{stem}@{instance}")));
        }
    }
    names
}
