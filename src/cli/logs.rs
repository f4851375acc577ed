//! `amr logs`: the log of a unit, printed, filtered and followed.

use crate::cli::args::Logs;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::os::clock::BootId;
use crate::os::inotify::{Scope, Watcher};
use crate::os::poll::{self, Interest};
use crate::os::root::Root;
use crate::supervisor::client::{self, ClientError};
use crate::supervisor::log::query::{self, Query};
use crate::supervisor::log::read::{Boot, Part, follow, path_of, read};
use crate::unit::name::UnitName;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

/// Between two looks at a log whose folder cannot be watched.
const LOOK: Duration = Duration::from_millis(500);

/// Prints it.
pub fn run(ctx: &Context, args: &Logs) -> Answered {
    let name = ask::typed(ctx, std::slice::from_ref(&args.unit))?.into_iter().next();
    let Some(name) = name else {
        return Err(Refused::new(Class::Failed, format!("no unit matches '{}'", args.unit)));
    };
    let query = wanted(args).map_err(|what| Refused::new(Class::Usage, what))?;
    let path = path_of(&ctx.state_dir.log_dir, name.as_str());
    if !ctx.root.exists(&path) && !args.follow {
        out::print_error(
            "logs",
            &format!("'{name}' has written nothing: '{}' does not exist", path.display()),
            None,
        );
        return Ok(Answer::Done);
    }
    let boot = args
        .boot
        .then(|| this_boot(ctx, &name))
        .transpose()
        .map_err(|e| Refused::new(Class::Failed, format!("cannot tell the boots apart: {e}")))?;
    let part = Part {
        query: query.clone(),
        last: args.lines,
        boot: boot.as_ref().map(|(id, seen_to)| Boot { id: id.as_str(), seen_to: *seen_to }),
        whole: args.follow,
    };
    let watch = args.follow.then(|| watcher(ctx, &path));
    let mut reader = true;
    let mut print = |line: &[u8]| reader = reader && out::print_line(&shown(line));
    let mut end =
        read(&ctx.root, &path, &part, &mut print).map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    let Some(watch) = watch else { return Ok(Answer::Done) };
    while reader {
        pause(watch.as_ref());
        let mut print = |line: &[u8]| reader = reader && out::print_line(&shown(line));
        end = follow(&ctx.root, &path, end, &query, &mut print)
            .map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    }
    Ok(Answer::Done)
}

/// This boot, and whether a supervisor of the unit has marked its beginning in the log.
fn this_boot(ctx: &Context, name: &UnitName) -> Result<(BootId, bool), ClientError> {
    let id = BootId::read(&Root::host()?)?;
    let record = client::status(&ctx.state_dir, name)?;
    let seen_to = record.is_some_and(|r| r.boot_id == id.as_str() && r.log_seen_to);
    Ok((id, seen_to))
}

/// On a terminal, what could move the cursor is escaped; a pipe gets the bytes.
fn shown(line: &[u8]) -> Vec<u8> {
    if out::on_terminal() { out::escape(&String::from_utf8_lossy(line)).into_bytes() } else { line.to_vec() }
}

fn watcher(ctx: &Context, path: &Path) -> Option<Watcher> {
    let watcher = Watcher::new().ok()?;
    watcher.add(&ctx.root, path.parent()?, Scope::Folder).ok()?;
    Some(watcher)
}

fn pause(watcher: Option<&Watcher>) {
    match watcher {
        Some(watcher) => {
            let _ = poll::wait(&[(watcher.as_fd(), Interest::Read)], None);
            let _ = watcher.changes();
        }
        None => drop(poll::wait(&[], Some(LOOK))),
    }
}

fn wanted(args: &Logs) -> Result<Query, String> {
    let now = Context::now();
    Ok(Query {
        since: args.since.as_deref().map(|t| query::when(t, now)).transpose()?,
        until: args.until.as_deref().map(|t| query::when(t, now)).transpose()?,
        priority: args.priority.as_deref().map_or(Ok(7), query::priority)?,
    })
}
