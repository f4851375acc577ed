//! `amr status`: what a unit does, since when, and its last words; laid out as systemctl(1) does.

use super::usage::Usage;
use crate::cli::args::Status;
use crate::cli::exit::{Answer, Answered, Running};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::{activity, explain, plan, units};
use crate::order::transaction::Activity;
use crate::os::clock;
use crate::supervisor::client::{self, Missing};
use crate::supervisor::core::mark::Moment;
use crate::supervisor::log::query::Query;
use crate::supervisor::log::read::{Part, path_of, read};
use crate::supervisor::service::machine::State;
use crate::supervisor::service::status::{CommandMark, Record};
use crate::unit::finding;
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use crate::unit::value::{Signal, exit_status, size, time, utc::Utc};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// What is known of a unit.
struct UnitView {
    unit: Unit,
    record: Option<Record>,
    usage: Usage,
    missing: Option<Missing>,
    lines: Vec<String>,
}

/// Prints it. The code is systemctl's: 0 active, 3 not, 4 no such unit.
pub fn run(ctx: &Context, args: &Status) -> Answered {
    let names = if args.units.is_empty() {
        // One that cannot be seen is told of below.
        let idle = |n: &UnitName| matches!(activity::inspect(ctx, n), Ok(Activity::Inactive));
        match client::recorded(&ctx.state_dir) {
            Ok(names) => names.into_iter().filter(|n| !idle(n)).collect(),
            Err(e) => {
                out::print_error("status", &format!("cannot see what runs: {e}"), None);
                return Ok(Answer::Status(Running::Unknown));
            }
        }
    } else {
        ask::typed(ctx, &args.units)?
    };
    let mut worst = Running::Yes;
    let mut all = Vec::new();
    for name in &names {
        match know(ctx, name, args.lines) {
            Ok(known) => {
                worst = worst.max(running(&known));
                all.push(known);
            }
            Err(what) => {
                out::print_error("status", &what, None);
                worst = Running::Unknown;
            }
        }
    }
    let changed = |known: &UnitView| plan::changed(ctx, &known.unit, known.record.as_ref()?);
    all.iter().filter_map(changed).for_each(|changed| out::print_error("status", &changed, None));
    if args.json {
        out::print_raw(&format!("{:#}\n", Value::Array(all.iter().map(as_json).collect())));
    } else {
        out::print_raw(&all.iter().map(as_text).collect::<Vec<_>>().join("\n"));
    }
    Ok(Answer::Status(worst))
}

fn know(ctx: &Context, name: &UnitName, lines: u32) -> Result<UnitView, String> {
    let mut unit = units::load_one(ctx, name).map_err(|e| e.to_string())?;
    unit.findings.extend(units::others_write(ctx, &unit));
    let record = client::status(&ctx.state_dir, &unit.name).map_err(|e| e.to_string())?;
    let usage = record.as_ref().map(Usage::measure).unwrap_or_default();
    let mut kept = Vec::new();
    let path = path_of(&ctx.state_dir.log_dir, unit.name.as_str());
    let part = Part { query: Query::default(), last: Some(u64::from(lines)), boot: None, whole: false };
    // Only root may read logs; that is no fault of the status.
    let _ = read(&ctx.root, &path, &part, &mut |l| kept.push(out::escape(&String::from_utf8_lossy(l))));
    let missing =
        record.as_ref().and_then(|record| client::missing(&ctx.state_dir, record, &|| unit.clone()));
    Ok(UnitView { unit, record, usage, missing, lines: kept })
}

fn running(known: &UnitView) -> Running {
    match &known.record {
        Some(r) if explain::activity(r.state()).is_active() => Running::Yes,
        None if known.unit.load == LoadState::NotFound => Running::Unknown,
        Some(_) | None => Running::No,
    }
}

fn as_text(known: &UnitView) -> String {
    let unit = &known.unit;
    let none = Record { sub: "dead".to_owned(), ..Record::default() };
    let record = known.record.as_ref().unwrap_or(&none);
    let activity = explain::activity(record.state());
    let mut text = heading(unit, activity);
    let mut row = |key: &str, value: &str| {
        let mark = if key.is_empty() { ' ' } else { ':' };
        let _ = writeln!(text, "{key:>11}{mark} {value}");
    };
    row("Loaded", &loaded(unit));
    list("Drop-In", unit.dropins.iter().map(|p| p.display().to_string()), &mut row);
    row("Active", &active(record, activity));
    unmet(record, &mut row);
    list("Docs", unit.documentation.iter().cloned(), &mut row);
    list("Process", record.commands.iter().filter(|c| c.is_over()).map(process), &mut row);
    processes(record, &known.usage, &mut row);
    if !record.status_text.is_empty() {
        row("Status", &format!("\"{}\"", out::escape(&record.status_text)));
    }
    if let Some(unknown) = &record.unknown {
        row("Unknown", unknown);
    }
    if let Some(missing) = &known.missing {
        row("Missing", &out::escape(&missing.what));
        row("", &format!("hint: {}", missing.hint));
    }
    left_out(unit, record, &mut row);
    if record.state() != State::Dead
        && let Some(log) = &record.log_path
    {
        row("Log", &log.display().to_string());
    }
    for f in &unit.findings {
        text.push('\n');
        text += finding::render(f).trim_end();
        text.push('\n');
    }
    if !known.lines.is_empty() {
        text.push('\n');
        known.lines.iter().for_each(|l| {
            text += l;
            text.push('\n');
        });
    }
    text
}

/// How it stands in one sign, its name and what it is.
fn heading(unit: &Unit, activity: Activity) -> String {
    let dot = match activity {
        Activity::Active | Activity::Reloading => "●",
        Activity::Failed => "×",
        Activity::Inactive | Activity::Activating | Activity::Deactivating => "○",
    };
    match &unit.description {
        Some(description) => format!("{dot} {} - {}\n", unit.name, out::escape(description)),
        None => format!("{dot} {}\n", unit.name),
    }
}

/// What has no effect: directives under amr, and what this host could not do.
fn left_out(unit: &Unit, record: &Record, row: &mut dyn FnMut(&str, &str)) {
    for (n, u) in unit.unapplied.iter().enumerate() {
        row(
            if n == 0 { "Not applied" } else { "" },
            &format!("{}={} ({})", u.key, out::escape(&u.value), u.why),
        );
    }
    for sentence in &record.not_applied {
        row("Left out", &out::escape(sentence));
    }
}

/// Why the last start was left: a condition or an assert that was not met.
fn unmet(record: &Record, row: &mut dyn FnMut(&str, &str)) {
    let checks = [("Condition", "condition", &record.condition), ("Assert", "assertion", &record.assertion)];
    for (key, word, check) in checks {
        if let Some(which) = &check.unmet {
            row(key, &format!("start {word} failed at {}; {}", stamp(check.at), ago(check.at)));
            row("", &format!("└─ {} was not met", out::escape(which)));
        }
    }
}

/// A row for each value, the key before the first.
fn list(key: &str, values: impl Iterator<Item = String>, row: &mut dyn FnMut(&str, &str)) {
    values.enumerate().for_each(|(n, value)| row(if n == 0 { key } else { "" }, &out::escape(&value)));
}

/// A command that has ended, as systemctl has it: `40 ExecStartPre=/bin/true (code=exited, status=0/SUCCESS)`.
fn process(command: &CommandMark) -> String {
    let how = match command.code {
        1 => {
            // As there: names of libc and of systemd, not those of LSB and BSD.
            let status = u8::try_from(command.status).ok().filter(|s| *s < 2 || *s >= 200);
            let name = status.and_then(exit_status::code_name).map(|name| format!("/{name}"));
            format!("code=exited, status={}{}", command.status, name.unwrap_or_default())
        }
        2 => format!("code=killed, signal={}", Signal(command.status).name()),
        3 => format!("code=dumped, signal={}", Signal(command.status).name()),
        _ => "nobody saw how it ended".to_owned(),
    };
    format!("{} {} ({how})", command.pid, command.assignment())
}

fn loaded(unit: &Unit) -> String {
    let state = unit.load.as_str();
    match (&unit.fragment, units::refusal(unit)) {
        (Some(path), _) => format!("{state} ({})", path.display()),
        (None, Some(why)) => format!("{state} ({why})"),
        (None, None) => state.to_owned(),
    }
}

fn active(record: &Record, activity: Activity) -> String {
    let mut text = format!("{} ({}", activity.as_str(), record.sub_state());
    if activity == Activity::Failed && !record.result.is_empty() {
        let _ = write!(text, ", {}", record.result);
    }
    text.push(')');
    if record.state_change.real > 0 {
        let _ = write!(text, " since {}; {}", stamp(record.state_change), ago(record.state_change));
    }
    text
}

fn stamp(at: Moment) -> String {
    Utc(i64::try_from(at.real).unwrap_or(i64::MAX)).to_systemd()
}

/// By the clock that does not jump.
fn ago(at: Moment) -> String {
    let span = clock::now().saturating_sub(Duration::from_micros(at.mono));
    time::relative(span)
}

fn processes(record: &Record, usage: &Usage, row: &mut dyn FnMut(&str, &str)) {
    if let Some(main) = record.main {
        let name = usage.command.as_ref().map_or_else(String::new, |c| format!(" ({})", out::escape(c)));
        row("Main PID", &format!("{}{name}", main.pid));
    }
    let exit = explain::exit(record);
    if record.exec_main_pid > 0 && !exit.is_empty() {
        row("Last exit", &format!("{exit} (pid {}, {})", record.exec_main_pid, ago(record.exec_main_exit)));
    }
    let failure = explain::failure(record);
    if !failure.is_empty() && failure != exit {
        row("Failure", &out::escape(&failure));
    }
    if record.restarts > 0 {
        row("Restarts", &record.restarts.to_string());
    }
    if let Some(supervisor) = record.supervisor {
        row("Supervisor", &supervisor.pid.to_string());
        let how = match &record.tracking.cgroup {
            Some(dir) => format!("cgroup {}", dir.display()),
            None => "session and ancestry (no cgroup)".to_owned(),
        };
        row("tracked by", &how);
    }
    if let Some(tasks) = usage.tasks {
        row("Tasks", &tasks.to_string());
    }
    if let Some(memory) = usage.memory {
        let peak = usage.group.memory_peak.map(|peak| format!(" (peak: {})", size::format(peak)));
        row("Memory", &format!("{}{}", size::format(memory), peak.unwrap_or_default()));
    }
    if let Some(cpu) = usage.cpu {
        row("CPU", &time::format(cpu));
    }
    if let (Some(read), Some(written)) = (usage.group.read_bytes, usage.group.written_bytes) {
        row("IO", &format!("{} read, {} written", size::format(read), size::format(written)));
    }
}

/// What is no UTF-8 in it is shown as a sign in its place: JSON has no word for it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn as_json(known: &UnitView) -> Value {
    let unit = &known.unit;
    let record = known.record.as_ref();
    let none = Record { sub: "dead".to_owned(), ..Record::default() };
    let r = record.unwrap_or(&none);
    json!({
        "unit": unit.name.as_str(),
        "description": unit.description,
        "documentation": unit.documentation,
        "load": unit.load.as_str(),
        "fragment": unit.fragment.as_deref().map(shown),
        "dropins": unit.dropins.iter().map(|p| shown(p)).collect::<Vec<_>>(),
        "active": explain::activity(r.state()).as_str(),
        "sub": r.sub_state(),
        "result": r.result,
        "since": (r.state_change.real > 0).then(|| Utc(i64::try_from(r.state_change.real).unwrap_or(i64::MAX)).to_rfc3339()),
        "main_pid": r.main.map(|m| m.pid),
        "supervisor_pid": r.supervisor.map(|s| s.pid),
        "restarts": r.restarts,
        "last_exit": explain::exit(r),
        "failure": explain::failure(r),
        "processes": r.commands.iter().filter(|c| c.is_over()).map(process).collect::<Vec<_>>(),
        "status_text": r.status_text,
        "tasks": known.usage.tasks,
        "memory_bytes": known.usage.memory,
        "cpu_ms": known.usage.cpu.map(|c| u64::try_from(c.as_millis()).unwrap_or(u64::MAX)),
        "tracked_by": r.tracking.cgroup.as_deref().map(shown),
        "unapplied": unit.unapplied.iter().map(|u| json!({ "directive": u.key, "value": u.value, "why": u.why })).collect::<Vec<_>>(),
        "condition_unmet": r.condition.unmet,
        "assertion_unmet": r.assertion.unmet,
        "missing": known.missing.as_ref().map(|m| &m.what),
        "left_out": r.not_applied,
        "unknown": r.unknown,
        "findings": super::findings_json(&unit.findings),
        "log": r.log_path.as_deref().map(shown),
        "log_lines": known.lines,
    })
}
