//! What is done for the lines of all files, in which order, and what is not (`tmpfiles.c` of systemd 252):
//! of two lines for one path the first counts, folders come before what lies in them, what makes something
//! before what changes it, and patterns last. Pure.

use super::line::{Act, Entry, Line};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once after the host came up: `!` counts.
    Boot,
    /// At any other time.
    Later,
}

/// The lines, as they are to be done, and the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order. Paths below /run are this host's.
    pub steps: Vec<Entry>,
    /// What is not done, with the reason.
    pub passed: Vec<(Entry, String)>,
}

/// Plans. `runtime` is where this host has its /run.
#[must_use]
pub fn plan(entries: Vec<Entry>, when: When, runtime: &Path) -> Plan {
    let mut out = Plan::default();
    let mut nodes: Vec<Entry> = Vec::new();
    let mut patterns: Vec<Entry> = Vec::new();
    let mut places: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for mut entry in entries {
        if let Some(why) = passed_over(&entry.line, when) {
            out.passed.push((entry, why));
            continue;
        }
        if let Ok(rest) = entry.line.path.strip_prefix("/run") {
            entry.line.path = runtime.join(rest);
        }
        if entry.line.act == Act::Settle {
            patterns.push(entry);
            continue;
        }
        let known = places.entry(entry.line.path.clone()).or_default();
        let earlier = known.iter().filter_map(|at| nodes.get(*at)).find(|e| !is_same(&e.line, &entry.line));
        if let Some(earlier) = earlier {
            let why = format!("{} has this path already", origin(earlier));
            out.passed.push((entry, why));
            continue;
        }
        known.push(nodes.len());
        nodes.push(entry);
    }
    let mut done = BTreeSet::new();
    for entry in &nodes {
        let mut above: Vec<&Path> = entry.line.path.ancestors().collect();
        // The outermost first.
        above.reverse();
        for at in above.into_iter().filter_map(|path| places.get(path)).flatten() {
            if let Some(step) = nodes.get(*at).filter(|_| done.insert(*at)) {
                out.steps.push(step.clone());
            }
        }
    }
    out.steps.extend(patterns);
    out
}

/// Why nothing is done for a line; `None` where something is.
fn passed_over(line: &Line, when: When) -> Option<String> {
    if line.boot && when == When::Later {
        return Some("it is for the boot alone".to_owned());
    }
    if line.credential {
        return Some("it needs a credential, and amr has none".to_owned());
    }
    (line.act == Act::Nothing).then(|| format!("amr does nothing for type '{}'", line.letter))
}

/// Two lines that say the same do no harm.
fn is_same(one: &Line, other: &Line) -> bool {
    one == &Line { replace: one.replace, may_fail: one.may_fail, boot: one.boot, ..other.clone() }
}

/// `path:line`
#[must_use]
pub fn origin(entry: &Entry) -> String {
    format!("{}:{}", entry.origin.path.display(), entry.origin.span.line)
}
