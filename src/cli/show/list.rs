//! `amr list-units`, `amr list-unit-files`, `amr list-dependencies`.

use crate::cli::args::{Dependencies, List};
use crate::cli::enable::state::Enabled;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::{activity, explain, units};
use crate::order::transaction::Activity;
use crate::order::tree::{Depth, Direction, tree};
use crate::supervisor::client;
use crate::unit::load::{Loader, UnitFile};
use crate::unit::name::UnitName;
use serde_json::{Value, json};
use std::cell::RefCell;
use strings::pattern::Pattern;

struct Row {
    unit: String,
    load: &'static str,
    active: String,
    sub: String,
    description: String,
}

/// Units that amr has a record of; `--all` adds those that are inactive.
pub fn units(ctx: &Context, args: &List) -> Answered {
    let patterns = patterns(args)?;
    let mut rows = Vec::new();
    let recorded = client::recorded(&ctx.state_dir).map_err(|e| ask::unseen(&e))?;
    for name in recorded.into_iter().filter(|n| matches(&patterns, n)) {
        let record = match client::status(&ctx.state_dir, &name) {
            Ok(Some(record)) => record,
            Ok(None) => continue,
            Err(e) => return Err(ask::unseen(&e)),
        };
        let activity = explain::activity(record.state());
        if activity == Activity::Inactive && !args.all {
            continue;
        }
        let unit = ask::load(ctx, &name);
        rows.push(Row {
            unit: name.to_string(),
            load: unit.load.as_str(),
            active: activity.as_str().to_owned(),
            sub: record.sub_state().to_owned(),
            description: unit.description.unwrap_or_else(|| name.to_string()),
        });
    }
    if args.json {
        let one = |r: &Row| json!({ "unit": r.unit, "load": r.load, "active": r.active, "sub": r.sub, "description": r.description });
        out::print_raw(&format!("{:#}\n", Value::Array(rows.iter().map(one).collect())));
        return Ok(Answer::Done);
    }
    let rows = rows.into_iter().map(|r| vec![r.unit, r.load.to_owned(), r.active, r.sub, r.description]);
    print_table(args, &["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"], rows.collect(), "units");
    Ok(Answer::Done)
}

/// With a heading and the number of rows, unless `--no-legend` leaves both out.
fn print_table(args: &List, heading: &[&str], mut rows: Vec<Vec<String>>, what: &str) {
    let count = rows.len();
    if !args.no_legend {
        rows.insert(0, heading.iter().map(|word| (*word).to_owned()).collect());
    }
    let mut text = columns(&rows);
    if !args.no_legend {
        text += &format!("\n{count} {what} listed.\n");
    }
    out::print_raw(&text);
}

/// Every unit file of the search path.
pub fn files(ctx: &Context, args: &List) -> Answered {
    let patterns = patterns(args)?;
    let facts = ctx.facts();
    let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
    loader.problems().iter().for_each(|p| out::print_error("list-unit-files", &p.to_string(), None));
    let files: Vec<_> =
        loader.list_unit_files().into_iter().filter(|f| matches(&patterns, &f.name)).collect();
    let enabled = Enabled::read(ctx);
    let state = |f: &UnitFile| enabled.file(&loader, f).as_str();
    if args.json {
        let one = |f: &UnitFile| json!({ "unit_file": f.name.as_str(), "state": state(f), "path": f.path.display().to_string() });
        out::print_raw(&format!("{:#}\n", Value::Array(files.iter().map(one).collect())));
        return Ok(Answer::Done);
    }
    let row = |f: &UnitFile| vec![f.name.to_string(), state(f).to_owned(), f.path.display().to_string()];
    print_table(args, &["UNIT FILE", "STATE", "PATH"], files.iter().map(row).collect(), "unit files");
    Ok(Answer::Done)
}

/// A tree.
pub fn dependencies(ctx: &Context, args: &Dependencies) -> Answered {
    let names = ask::typed(ctx, std::slice::from_ref(&args.unit))?;
    let Some(name) = names.into_iter().next() else { return Ok(Answer::Told(Class::Failed)) };
    let direction = match (args.reverse, args.after, args.before) {
        (true, ..) => Direction::Reverse,
        (_, true, _) => Direction::After,
        (_, _, true) => Direction::Before,
        (false, false, false) => Direction::Forward,
    };
    let facts = ctx.facts();
    let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
    // Who needs it may be anybody.
    let others: Vec<UnitName> = match direction {
        Direction::Reverse | Direction::Before => {
            loader.list_unit_files().into_iter().map(|f| f.name).filter(|n| !n.is_template()).collect()
        }
        Direction::Forward | Direction::After => Vec::new(),
    };
    let set = units::load(ctx, &facts, std::slice::from_ref(&name), &others).map_err(|e| ask::unseen(&e))?;
    if let Some(what) = set.get(&name).and_then(units::refusal) {
        return Err(Refused::new(Class::NotConfigured, what));
    }
    let depth = if args.all { Depth::All } else { Depth::Targets };
    let trouble = RefCell::new(None);
    let active = |n: &UnitName| {
        activity::inspect(ctx, n).unwrap_or_else(|e| {
            trouble.borrow_mut().get_or_insert(e);
            Activity::Inactive
        })
    };
    let found = tree(&set.graph(), set.main(&name), direction, depth, &active);
    if let Some(e) = trouble.take() {
        return Err(ask::unseen(&e));
    }
    let Some(tree) = found else {
        return Err(Refused::new(Class::Failed, format!("unit '{name}' not found")));
    };
    out::print_raw(&if args.json { format!("{:#}\n", tree.to_json()) } else { tree.to_text() });
    Ok(Answer::Done)
}

fn patterns(args: &List) -> Result<Vec<Pattern>, Refused> {
    let read = |p: &String| {
        Pattern::of_names(p)
            .map_err(|e| Refused::new(Class::Usage, format!("cannot read the pattern '{p}': {e}")))
    };
    args.patterns.iter().map(read).collect()
}

fn matches(patterns: &[Pattern], name: &UnitName) -> bool {
    patterns.is_empty() || patterns.iter().any(|p| p.matches(name.as_str()) || p.matches(name.stem()))
}

/// Columns as wide as their widest cell, the last one as it is.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate();
        let line: String = cells
            .map(|(i, (cell, w))| if i + 1 == count { cell.clone() } else { format!("{cell:<w$} ") })
            .collect();
        text += line.trim_end();
        text.push('\n');
    }
    text
}
