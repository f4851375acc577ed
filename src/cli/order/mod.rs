//! `amr order`: what a boot or a way down does, in order and why, and whether the drain really runs.
//!
//! Exit 0 when the hook runs in time and in order, else 1.

mod options;
mod systemd;
mod sysv;

use crate::cli::args::Order;
use crate::cli::door::CallerEnv;
use crate::cli::exit;
use crate::cli::exit::{Answer, Class, Refused};
use crate::cli::{handover, out, scripts};
use crate::host::{Init, init};
use crate::job::context::Context;
use crate::order;
use crate::order::check::{Report, check};
use crate::order::render::{Show, dot, json, svg, text};
use crate::order::step::{OrderOptions, Plan, Transition};
use crate::order::why::{Answer as Because, why};
use crate::os::root::Sync;
use crate::unit::load::Loader;
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use crate::unit::value::{Timeout, time};
use options::HostService;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// What was found out: for each way its plan, and who is who.
struct Answered {
    plans: Vec<Plan>,
    options: OrderOptions,
}

/// Does it.
pub fn run(ctx: &Context, args: &Order, caller_env: &CallerEnv) -> exit::Answered {
    let needs = match args.needs.as_deref().map(time::parse).transpose() {
        Ok(Some(Timeout::After(needs))) => Some(needs),
        Ok(Some(Timeout::Never) | None) => None,
        Err(e) => {
            return Err(Refused::new(Class::Usage, format!("--needs: {e}")));
        }
    };
    let ways = ways(args);
    let answered =
        plans(ctx, args, caller_env, &ways, needs).map_err(|what| Refused::new(Class::Failed, what))?;
    if let [a, b] = args.why.as_slice() {
        return Ok(explain(args, &answered, a, b));
    }
    let reports: Vec<Report> = answered.plans.iter().map(|p| check_way_down(p, &answered.options)).collect();
    if let Some(file) = &args.svg {
        draw(ctx, file, &answered, &reports)?;
    }
    print(args, &answered, &reports);
    let judged = verdict(&ways, &answered, &reports);
    std::mem::forget(answered);
    judged
}

fn ways(args: &Order) -> Vec<Transition> {
    let mut ways = Vec::new();
    let asked = [
        (args.boot, Transition::Boot),
        (args.shutdown, Transition::PowerOff),
        (args.reboot, Transition::Reboot),
    ];
    ways.extend(asked.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, way)| way));
    ways.extend(args.runlevel.map(Transition::Runlevel));
    if ways.is_empty() {
        ways.push(Transition::PowerOff);
        if args.check {
            ways.push(Transition::Reboot);
        }
    }
    ways
}

/// Only a way down has something to find.
fn check_way_down(plan: &Plan, options: &OrderOptions) -> Report {
    if plan.way.is_down() { check(plan, options) } else { Report::default() }
}

fn plans(
    ctx: &Context,
    args: &Order,
    caller_env: &CallerEnv,
    ways: &[Transition],
    needs: Option<Duration>,
) -> Result<Answered, String> {
    match init(&ctx.root) {
        Init::Systemd => on_systemd(ctx, args, ways, needs),
        Init::Upstart | Init::Sysvinit => on_sysv(ctx, args, caller_env, ways, needs),
        Init::Openrc => Err("this host has OpenRC, whose order amr does not know".to_owned()),
        Init::Other => {
            let is_dir = |path: &str| ctx.root.is_dir(Path::new(path));
            if is_dir("/etc/rc0.d") || is_dir("/etc/rc6.d") || is_dir("/etc/rc3.d") {
                on_sysv(ctx, args, caller_env, ways, needs)
            } else if is_dir("/usr/lib/systemd/system") || is_dir("/lib/systemd/system") {
                on_systemd(ctx, args, ways, needs)
            } else {
                Err("found neither systemd nor a folder /etc/rc0.d, so there is no order to show".to_owned())
            }
        }
    }
}

fn on_sysv(
    ctx: &Context,
    args: &Order,
    caller_env: &CallerEnv,
    ways: &[Transition],
    needs: Option<Duration>,
) -> Result<Answered, String> {
    let scripts = scripts::read(&ctx.root);
    let host = sysv::gather(&ctx.root, &scripts, handover::runlevels(ctx, caller_env.runlevel.as_deref()))
        .map_err(|e| e.to_string())?;
    let facts = ctx.facts();
    let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
    let unit_of = |name: &str| -> Option<Unit> {
        let unit = loader.load(&UnitName::parse_or_service(name).ok()?);
        (unit.load == LoadState::Loaded).then_some(unit)
    };
    let mine = |s: &&scripts::Script| s.owner == scripts::Owner::Amr;
    let units: Vec<(&str, Option<Unit>)> = scripts
        .iter()
        .map(|s| {
            let unit = Some(s)
                .filter(mine)
                .and_then(|s| unit_of(s.header.as_ref().and_then(|h| h.unit.as_deref()).unwrap_or(&s.name)));
            (s.name.as_str(), unit)
        })
        .collect();
    let mut known: Vec<HostService> =
        units.iter().map(|(name, unit)| HostService { name, unit: unit.as_ref() }).collect();
    for job in host.jobs.iter().filter(|job| !job.only_waits) {
        if !known.iter().any(|k| k.name == job.name) {
            known.push(HostService { name: &job.name, unit: None });
        }
    }
    let options = options::order_options(args, &known, &ctx.root, needs);
    Ok(Answered { plans: ways.iter().map(|way| order::sysv::plan(&host, *way, &options)).collect(), options })
}

fn on_systemd(
    ctx: &Context,
    args: &Order,
    ways: &[Transition],
    needs: Option<Duration>,
) -> Result<Answered, String> {
    let state = match &args.state {
        Some(file) => {
            let bytes = ctx.root.read(file, 256 << 20).map_err(|e| e.to_string())?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        None => None,
    };
    let scripts: Vec<String> = scripts::read(&ctx.root)
        .into_iter()
        .map(|s| s.name.strip_suffix(".sh").map(str::to_owned).unwrap_or(s.name))
        .collect();
    let found = systemd::gather(ctx, scripts.clone(), state.as_deref()).map_err(|e| e.to_string())?;
    let units = || found.graph.ids().filter_map(|id| found.graph.unit(id));
    let mut known: Vec<HostService> = units()
        .filter(|u| u.load != LoadState::NotFound)
        .map(|u| HostService {
            name: u.name.as_str().strip_suffix(".service").unwrap_or(u.name.as_str()),
            unit: Some(u),
        })
        .collect();
    let without_unit: Vec<&String> =
        scripts.iter().filter(|s| !known.iter().any(|k| k.name == **s)).collect();
    known.extend(without_unit.into_iter().map(|name| HostService { name, unit: None }));
    let options = options::order_options(args, &known, &ctx.root, needs);
    let active = |name: &UnitName| found.active(name);
    let plan = |way: &Transition| order::systemd::plan(&found.host(*way, &active), *way, &options);
    let plans: Result<Vec<Plan>, _> = ways.iter().map(plan).collect();
    drop(known);
    // Thousands of units are not taken apart piece by piece: the program ends with its answer.
    std::mem::forget(found);
    Ok(Answered { plans: plans.map_err(|e| e.to_string())?, options })
}

fn explain(args: &Order, answered: &Answered, a: &str, b: &str) -> Answer {
    let mut answer = Answer::Done;
    let mut found = Vec::new();
    for plan in &answered.plans {
        let known = why(plan, a, b);
        if !matches!(known, Because::Chain(_)) {
            answer = Answer::No;
        }
        if args.json {
            found.push(known.to_json());
        } else {
            out::print_raw(&out_text(&known.to_text(a, b)));
        }
    }
    if args.json {
        print_json(found);
    }
    answer
}

/// One value by itself, several as a list.
fn print_json(mut values: Vec<Value>) {
    let value = if values.len() == 1 { values.swap_remove(0) } else { Value::Array(values) };
    out::print_raw(&format!("{value:#}\n"));
}

/// Names come from the file system: escaped, but for the line ends that amr writes.
fn out_text(text: &str) -> String {
    text.split('\n').map(out::escape).collect::<Vec<_>>().join("\n")
}

fn draw(ctx: &Context, file: &Path, answered: &Answered, reports: &[Report]) -> Result<(), Refused> {
    let Some((plan, report)) = answered.plans.first().zip(reports.first()) else { return Ok(()) };
    if answered.plans.len() > 1 {
        let what = "--svg draws one way: give one of --boot, --shutdown, --reboot, --runlevel";
        return Err(Refused::new(Class::Usage, what));
    }
    let picture = svg::plan(plan, report, &answered.options);
    if file == Path::new("-") {
        out::print_raw(&picture);
        return Ok(());
    }
    let written = ctx.root.write_named(file, picture.as_bytes(), (0o644, Sync::No), None);
    written.map_err(|e| Refused::new(Class::Failed, e.to_string()))
}

fn print(args: &Order, answered: &Answered, reports: &[Report]) {
    let show = if args.all { Show::All } else { Show::Relevant };
    let both = || answered.plans.iter().zip(reports);
    if args.check && args.json {
        let good = !answered.options.drains.is_empty() && reports.iter().all(Report::is_good);
        let all: Vec<Value> = reports.iter().flat_map(json::findings).collect();
        out::print_raw(&format!("{:#}\n", json!({ "good": good, "findings": all })));
    } else if args.check {
        let all: String = reports.iter().map(text::findings).collect();
        out::print_raw(&out_text(&all));
    } else if args.json {
        print_json(both().map(|(plan, report)| json::plan(plan, report, show)).collect());
    } else if args.dot {
        both().for_each(|(plan, _)| out::print_raw(&dot::plan(plan, show)));
    } else if args.svg.is_none() {
        both().for_each(|(plan, report)| out::print_raw(&out_text(&text::plan(plan, report, show))));
    }
}

fn verdict(ways: &[Transition], answered: &Answered, reports: &[Report]) -> exit::Answered {
    if !ways.iter().any(|way| way.is_down()) {
        return Ok(Answer::Done);
    }
    if answered.options.drains.is_empty() {
        let hint = "install shutdown-filebeat, or name your own with --hook NAME";
        let what = "no hook on this host waits for a shipper".to_owned();
        return Err(Refused { class: Class::Failed, what, hint: Some(hint.to_owned()) });
    }
    // No rc cuts a hook short.
    let has_limits = answered.plans.iter().any(|p| p.init == order::step::Init::Systemd);
    if answered.options.needs.is_none() && (has_limits || answered.options.provider_limit.is_some()) {
        let hint = "say it with --needs SPAN";
        out::print_error(
            "order",
            "how long the hook may need is not known, so no limit was checked",
            Some(hint),
        );
    }
    Ok(if reports.iter().all(Report::is_good) { Answer::Done } else { Answer::No })
}
