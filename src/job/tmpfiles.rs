//! What the start of a unit needs of tmpfiles.d(5).
//!
//! Where systemd-tmpfiles is installed it does the work, and is told the lines that amr has chosen.

use super::context::Context;
use super::units;
use crate::os::child::{Spec, Stdio, plan_file, to_end};
use crate::os::error::Error;
use crate::os::root::Placed;
use crate::tmpfiles::apply::{Applied, Mode, apply};
use crate::tmpfiles::line::{self, Entry};
use crate::tmpfiles::load;
use crate::tmpfiles::plan::{When, plan};
use crate::tmpfiles::point::Points;
use crate::unit::model::{Finding, Unit};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FOLDER: &str = "tmpfiles.d";

/// Where systemd's own may be, and the one that comes without systemd.
const PROGRAMS: [&str; 4] = [
    "/usr/bin/systemd-tmpfiles",
    "/bin/systemd-tmpfiles",
    "/usr/bin/systemd-tmpfiles.standalone",
    "/bin/systemd-tmpfiles.standalone",
];

/// What the files say.
pub struct Read {
    /// The lines.
    pub entries: Vec<Entry>,
    /// What is wrong with some.
    pub findings: Vec<Finding>,
    /// Files that cannot be read.
    pub troubles: Vec<String>,
}

/// Reads those that are wanted.
pub fn read(ctx: &Context, wanted: &dyn Fn(&Path) -> bool) -> Read {
    let (files, troubles) = load::files(&ctx.root, &ctx.state_dir.runtime_dir, FOLDER, wanted);
    let facts = ctx.facts();
    let mut all = Read { entries: Vec::new(), findings: Vec::new(), troubles };
    for file in files {
        let (entries, findings) = line::read(&file.path, &file.bytes, &facts);
        all.entries.extend(entries);
        all.findings.extend(findings);
    }
    all
}

/// Creates what the start of a unit needs below /run. Returns what went wrong: the start goes on, as it
/// does with systemd, and the service itself knows what it cannot do without.
#[must_use]
pub fn before_start(ctx: &Context, unit: &Unit) -> Vec<String> {
    if ctx.root.is_host() && !ctx.is_root {
        return Vec::new();
    }
    let runtime = &ctx.state_dir.runtime_dir;
    let points = Points::from_unit(unit, runtime);
    let said = read(ctx, &|path| points.has_file(path) || !points.paths.is_empty());
    let is_own = |f: &&Finding| f.origin.as_ref().is_some_and(|o| points.has_file(&o.path));
    let mut wrong: Vec<String> = said.findings.iter().filter(is_own).map(sentence).collect();
    let chosen = said.entries.into_iter().filter(|entry| points.has(entry)).collect();
    let steps = plan(chosen, When::Later, runtime).steps;
    let looked = apply(&ctx.root, &steps, Mode::DryRun);
    if looked.iter().all(|done| matches!(done.end, Ok(Placed::Kept | Placed::Left))) {
        return wrong;
    }
    let texts: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
    if by_systemd(ctx, &texts).is_some_and(|ended| ended.is_ok_and(|code| code == 0)) {
        return wrong;
    }
    let failed = apply(&ctx.root, &steps, Mode::Do);
    wrong.extend(failed.iter().filter_map(failure).map(|what| format!("'{}': {what}", unit.name)));
    wrong
}

/// A finding without its line and caret.
fn sentence(finding: &Finding) -> String {
    let hint = finding.hint.as_ref().map(|hint| format!("; hint: {hint}")).unwrap_or_default();
    units::without_hint(&Finding { line: String::new(), ..finding.clone() }) + &hint
}

/// The sentence about a line that failed, unless it may.
#[must_use]
pub fn failure(done: &Applied) -> Option<String> {
    let why = done.end.as_ref().err().filter(|_| !done.may_fail)?;
    Some(format!("{}: {why}", done.origin))
}

/// systemd-tmpfiles with these lines; `None` where it is not there, or this is not the host.
fn by_systemd(ctx: &Context, lines: &[&str]) -> Option<Result<u8, Error>> {
    let program = program(ctx)?;
    let text = format!("{}\n", lines.join("\n"));
    let input = plan_file(text.as_bytes(), &ctx.features(), &ctx.root, &ctx.state_dir.runtime_dir);
    Some(input.and_then(|input| {
        // A failure is tried again by amr itself, which says why.
        let stdio = [Stdio::Fd(Arc::new(input)), Stdio::Null, Stdio::Null];
        to_end(&spec(program, &["--create", "-"], stdio), &ctx.features())
    }))
}

/// Where systemd-tmpfiles is, on the host itself.
#[must_use]
pub fn program(ctx: &Context) -> Option<PathBuf> {
    let mut here = PROGRAMS.iter().map(PathBuf::from);
    here.find(|path| ctx.root.is_host() && ctx.root.exists(path))
}

/// A program of systemd's, for this host.
pub fn spec(program: PathBuf, words: &[&str], stdio: [Stdio; 3]) -> Spec {
    let name = program.clone().into_os_string();
    Spec {
        argv: std::iter::once(name).chain(words.iter().map(OsString::from)).collect(),
        env: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()), ("LANG".into(), "C.UTF-8".into())],
        program,
        stdio,
        umask: Some(0o022),
        ..Spec::default()
    }
}
