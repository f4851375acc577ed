//! `amr cgroups`: which hierarchy has which controller of control groups; `--mount` mounts those that none has, where
//! the operator wants it so. Limits of units then apply from their next start on.

use crate::cgroup::mounting::{Found, Place, find, mount};
use crate::cli::args::Cgroups;
use crate::cli::exit::{Answered, Class, Refused};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::os::root::Root;

/// Prints the table, or mounts what is free and says where.
pub fn run(ctx: &Context, args: &Cgroups) -> Answered {
    let failed = |what: String| Refused::new(Class::Failed, what);
    if !ctx.root.is_host() {
        return Err(Refused::new(Class::Usage, "the kernel's groups are those of the host, not of a tree"));
    }
    let host = Root::host().map_err(|e| failed(e.to_string()))?;
    let all = find(&host).map_err(|e| failed(e.to_string()))?;
    if !args.mount {
        out::print_raw(&table(&all));
        return Ok(Class::Ok.into());
    }
    ask::needs_root(ctx)?;
    let mut class = Class::Ok;
    for found in all.iter().filter(|found| found.place == Place::Free) {
        match mount(&host, found) {
            Ok(point) => out::print_raw(&format!("mounted {} at {}\n", found.controller, point.display())),
            Err(e) => {
                out::print_error("cgroups", &e.to_string(), None);
                class = Class::Failed;
            }
        }
    }
    Ok(class.into())
}

fn table(all: &[Found]) -> String {
    let place = |place: &Place| match place {
        Place::Mounted(point) => out::escape(&point.display().to_string()),
        Place::Unified(point) => format!("{} (unified)", out::escape(&point.display().to_string())),
        Place::Elsewhere => "in use, but not mounted here".to_owned(),
        Place::SwitchedOff => "switched off at boot".to_owned(),
        Place::Unknown => "not in this kernel".to_owned(),
        Place::Free => "not mounted; 'amr cgroups --mount' mounts it".to_owned(),
    };
    let row = |found: &Found| format!("{:10} {}\n", found.controller, place(&found.place));
    format!("CONTROLLER WHERE\n{}", all.iter().map(row).collect::<String>())
}
