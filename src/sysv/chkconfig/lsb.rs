//! Links of services with an LSB block, whose numbers hang on those of all other scripts. Pure.

use super::command::Strictness;
use super::outcome::{Decision, Outcome};
use super::refusal::override_note;
use super::table::is_listed;
use super::view::{HeaderView, Refusal, View};
use crate::sysv::header::Header;
use crate::sysv::level::{Levels, Priority, Runlevel};
use crate::sysv::links::{LinkAction, plan, shown};
use crate::sysv::priority::{self, Numbers};
use std::borrow::Cow;
use std::ffi::OsStr;

/// The numbers of one service: its own, or by dependencies.
pub(super) fn numbers(view: &View, name: &OsStr, header: &Header, on: Levels) -> Option<Numbers> {
    if header.lsb.is_none() {
        return Numbers::of_header(header);
    }
    let mut ignored = Outcome::default();
    let host = Host::new(view, name, header, on, &mut ignored);
    priority::compute(&host.scripts()).0.last().copied()
}

/// All scripts of the host that count, the one concerned last.
struct Host<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: &'a OsStr,
    text: Cow<'a, str>,
    said: HeaderView<'a>,
    on: Levels,
}

impl<'a> Host<'a> {
    fn new(view: &'a View, name: &'a OsStr, header: &Header, on: Levels, out: &mut Outcome) -> Self {
        let mut rows = Vec::new();
        for (other, script) in view.scripts.iter().filter(|(other, _)| is_listed(other) && *other != name) {
            let said = match script.header_view() {
                Ok(said) => Some(said),
                Err(Refusal::Override(e)) => {
                    out.notes.push(override_note(other, &e));
                    view.base(other).map(|header| HeaderView::Header(Box::new(header)))
                }
                Err(Refusal::Unsupported(_) | Refusal::Unreadable(_)) => None,
            };
            let on = view.found.on(other);
            rows.extend(said.map(|said| Row { name: other, text: other.to_string_lossy(), said, on }));
        }
        let said = HeaderView::Header(Box::new(header.clone()));
        rows.push(Row { name, text: name.to_string_lossy(), said, on });
        Self { rows }
    }

    fn scripts(&self) -> Vec<priority::Script<'_>> {
        fn script<'r>(row: &'r Row<'_>) -> priority::Script<'r> {
            match &row.said {
                HeaderView::Scan(scan) => priority::Script::of_scan(&row.text, scan, row.on),
                HeaderView::Header(header) => priority::Script::from_header(&row.text, header, row.on),
            }
        }
        self.rows.iter().map(script).collect()
    }
}

/// Plans the links of an LSB service in all levels, and of the others whose numbers move with it.
pub(super) fn by_dependencies(
    view: &View,
    name: &OsStr,
    header: &Header,
    on: Levels,
    wanted: Vec<(Runlevel, LinkAction)>,
    strictness: Strictness,
    decision: &mut Decision,
) {
    let host = Host::new(view, name, header, on, &mut decision.outcome);
    let scripts = host.scripts();
    if strictness == Strictness::Lsb && lacks_what_it_requires(&scripts, name, &mut decision.outcome) {
        return;
    }
    let (mut numbers, cycles) = priority::compute(&scripts);
    decision.outcome.notes.extend(cycles.iter().map(ToString::to_string));
    // The others are counted with the service as it was too: what leaves a level moves nobody else.
    let others = on.union(view.found.on(name));
    if others != on {
        let own = numbers.pop();
        let mut scripts = scripts.clone();
        scripts.iter_mut().rev().take(1).for_each(|script| script.on = others);
        numbers = priority::compute(&scripts).0;
        numbers.pop();
        numbers.extend(own);
    }
    for ((row, script), numbers) in host.rows.iter().zip(&scripts).zip(&numbers) {
        let own = row.name == name;
        let stays = script.start == Some(numbers.start) && script.stop == Some(numbers.stop);
        if !own && stays || script.needs.is_none() {
            continue;
        }
        let all = if own {
            wanted.clone()
        } else {
            let turn = |l| if row.on.contains(l) { LinkAction::Start } else { LinkAction::Stop };
            view.found.configured(row.name).iter().map(|l| (l, turn(l))).collect()
        };
        let numbered = all.into_iter().map(|(level, turn)| match turn {
            LinkAction::Start => (level, turn, numbers.start),
            LinkAction::Stop => (level, turn, numbers.stop),
        });
        decision.steps.extend(plan(&view.found, row.name, numbered));
    }
}

/// Says so where nothing provides what the last of the scripts requires.
fn lacks_what_it_requires(scripts: &[priority::Script<'_>], name: &OsStr, out: &mut Outcome) -> bool {
    let unmet = scripts.last().map(|script| priority::unmet(scripts, script)).unwrap_or_default();
    if unmet.is_empty() {
        return false;
    }
    out.code = 1;
    out.notes.push(format!("nothing provides what '{}' requires: {}", shown(name), unmet.join(" ")));
    true
}

/// `off` of the real one makes a service look on in every level, which loses its order.
pub(super) fn note_kept_order(view: &View, name: &OsStr, header: &Header, on: Levels, out: &mut Outcome) {
    let middle = Priority::MIDDLE;
    let raw = Numbers { start: header.start.unwrap_or(middle), stop: header.stop.unwrap_or(middle) };
    if let Some(kept) = numbers(view, name, header, on)
        && kept != raw
    {
        out.notes.push(format!(
            "'{}' keeps S{} and K{} by its dependencies, where chkconfig would fall back to S{} and K{}",
            shown(name),
            kept.start,
            kept.stop,
            raw.start,
            raw.stop
        ));
    }
}
