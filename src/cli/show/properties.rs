//! `amr show`: properties as systemctl(1) names them, and a few of amr's own.

use crate::cli::args::Show;
use crate::cli::exit::Class;
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::service::client;
use crate::service::show;
use crate::unit::name::UnitName;
use serde_json::Value;

/// Prints them. Always ends with 0, like systemctl show.
pub fn run(ctx: &Context, args: &Show) -> u8 {
    let names = match ask::typed(ctx, &args.units, "show") {
        Ok(names) => names,
        Err(code) => return code,
    };
    let (mut all, mut code) = (Vec::new(), 0);
    for name in &names {
        match of(ctx, name) {
            Ok(properties) => all.push(chosen(properties, &args.property)),
            Err(what) => {
                out::complain("show", &what, None);
                code = Class::Failed.hand();
            }
        }
    }
    if args.json {
        let one = |list: Vec<(&'static str, String)>| -> Value {
            list.into_iter().map(|(k, v)| (k.to_owned(), Value::String(v))).collect()
        };
        out::say(&format!("{:#}\n", Value::Array(all.into_iter().map(one).collect())));
        return code;
    }
    let text = |list: &Vec<(&'static str, String)>| {
        let line = |(k, v): &(&'static str, String)| {
            if args.value { format!("{v}\n") } else { format!("{k}={v}\n") }
        };
        list.iter().map(line).collect::<String>()
    };
    out::say(&all.iter().map(text).collect::<Vec<_>>().join("\n"));
    code
}

fn of(ctx: &Context, name: &UnitName) -> Result<Vec<(&'static str, String)>, String> {
    let unit = ask::load(ctx, name);
    let record = client::status(&ctx.place, &unit.name).map_err(|e| e.to_string())?;
    let mut list = show::properties(&unit, record.as_ref());
    let supervisor = record.as_ref().and_then(|r| r.supervisor).map_or(0, |s| s.pid);
    list.push(("SupervisorPID", supervisor.to_string()));
    let log = record.as_ref().and_then(|r| r.log_path.as_ref());
    list.push(("LogPath", log.map_or_else(String::new, |p| p.display().to_string())));
    Ok(list)
}

/// In the order of systemctl, which is its own and not the caller's.
fn chosen(all: Vec<(&'static str, String)>, wanted: &[String]) -> Vec<(&'static str, String)> {
    if wanted.is_empty() {
        return all;
    }
    all.into_iter().filter(|(name, _)| wanted.iter().any(|w| w == name)).collect()
}
