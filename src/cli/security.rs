//! `amr security`: how much a service could do to this host if somebody took it over, item by item, the worst first.
//! What this host cannot apply counts as not asked for, which is what `systemd-analyze security` does not say.

use crate::cgroup;
use crate::cli::args::Security;
use crate::cli::exit::{Answered, Class};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::units;
use crate::os::root::Root;
use crate::os::seccomp;
use crate::supervisor::client;
use crate::unit::exposure::{Assessed, Exposure, Host, assess};
use crate::unit::model::Body;
use crate::unit::name::UnitName;
use serde_json::{Value, json};
use std::path::Path;

/// Prints the tables.
pub fn run(ctx: &Context, args: &Security) -> Answered {
    let names = ask::typed(ctx, &args.units)?;
    let host = host(ctx);
    let (mut shown, mut class) = (Vec::new(), Class::Ok);
    for name in &names {
        match one(ctx, name, &host) {
            Ok(found) => shown.push(found),
            Err(what) => {
                out::print_error("security", &what, None);
                class = Class::Failed;
            }
        }
    }
    if args.json {
        let all = Value::Array(shown.iter().map(Found::as_json).collect());
        out::print_raw(&format!("{all:#}\n"));
    } else {
        out::print_raw(&shown.iter().map(Found::as_text).collect::<Vec<_>>().join("\n"));
    }
    Ok(class.into())
}

/// What this kernel has, as far as it lets one see without a trial. Of the host of a tree nothing is known.
fn host(ctx: &Context) -> Host {
    let features = ctx.features();
    let has = |name: &str| {
        !ctx.root.is_host()
            || Root::host().is_ok_and(|host| host.exists(&Path::new("/proc/self/ns").join(name)))
    };
    Host {
        processor: std::env::consts::ARCH,
        mounts: features.mount_namespace && has("mnt"),
        networks: has("net"),
        users: has("user"),
        hostnames: has("uts"),
        filters: features.seccomp && (!ctx.root.is_host() || seccomp::is_available()),
        devices: features.cgroup && (!ctx.root.is_host() || cgroup::lists_devices()),
        addresses: false,
    }
}

/// What was found of a unit.
struct Found {
    name: UnitName,
    exposure: Exposure,
    /// What its supervisor could not apply, where it runs.
    left_out: Vec<String>,
}

fn one(ctx: &Context, name: &UnitName, host: &Host) -> Result<Found, String> {
    let unit = ask::load(ctx, name);
    if let Some(why) = units::refusal(&unit) {
        return Err(why);
    }
    let Body::Service(service) = &unit.body else {
        return Err(format!("'{}' is no service and runs no processes", unit.name));
    };
    let record = client::status(&ctx.state_dir, &unit.name).map_err(|e| e.to_string())?;
    let left_out = record.filter(|record| record.supervisor.is_some()).map(|record| record.not_applied);
    let exposure = assess(&unit, service, host);
    Ok(Found { exposure, left_out: left_out.unwrap_or_default(), name: unit.name })
}

impl Found {
    fn as_text(&self) -> String {
        let items = &self.exposure.items;
        let width = |of: fn(&Assessed) -> usize| items.iter().map(of).max().unwrap_or(0);
        let (name, what) = (width(|i| i.name.chars().count()), width(|i| i.what.chars().count()));
        let mut text = format!("  {:name$} {:what$} EXPOSURE\n", "NAME", "DESCRIPTION");
        for item in items {
            let mark = item.kept.map_or(" ", |kept| if kept { "✓" } else { "✗" });
            let part = if item.exposure > 0 { tenths(item.exposure) } else { String::new() };
            let line = format!("{mark} {:name$} {:what$} {part:>8}", item.name, item.what);
            text += line.trim_end();
            text.push('\n');
        }
        let (exposure, level) = (&self.exposure, self.exposure.level());
        text +=
            &format!("\n→ Overall exposure level for {}: {} {level}\n", self.name, tenths(exposure.overall));
        if exposure.asked != exposure.overall {
            text += &format!("  {} if this host applied all that it asks for\n", tenths(exposure.asked));
        }
        for what in &self.left_out {
            text += &format!("  Left out: {}\n", out::escape(what));
        }
        text
    }

    fn as_json(&self) -> Value {
        let item = |item: &Assessed| {
            json!({ "name": item.name, "set": item.kept, "description": item.what, "exposure": tenths(item.exposure),
                "not_applied": item.not_applied })
        };
        json!({ "unit": self.name.as_str(), "exposure": tenths(self.exposure.overall), "level": self.exposure.level(),
            "asked": tenths(self.exposure.asked), "not_applied": self.left_out,
            "items": self.exposure.items.iter().map(item).collect::<Vec<_>>() })
    }
}

fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}
