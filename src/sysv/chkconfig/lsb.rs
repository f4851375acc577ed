//! Links of services with an LSB block, whose numbers hang on those of all other scripts. Pure.

use super::decide::override_note;
use super::table::is_listed;
use super::{Decision, Outcome, Refusal, Strictness, View};
use crate::sysv::header::Header;
use crate::sysv::level::{Levels, Priority, Runlevel};
use crate::sysv::links::{Turn, plan, shown};
use crate::sysv::priority::{self, Numbers};
use std::ffi::{OsStr, OsString};

/// The numbers of the `chkconfig:` line.
pub(super) fn own_numbers(header: &Header) -> Option<Numbers> {
    Some(Numbers { start: header.start?, stop: header.stop? })
}

/// The numbers of one service: its own, or by dependencies.
pub(super) fn numbers(view: &View, name: &OsStr, header: &Header, on: Levels) -> Option<Numbers> {
    if header.lsb.is_none() {
        return own_numbers(header);
    }
    let mut ignored = Outcome::default();
    let host = Host::new(view, name, header, on, &mut ignored);
    host.compute().0.last().copied()
}

/// All scripts of the host that count, the one concerned last.
struct Host {
    rows: Vec<(OsString, String, Header, Levels)>,
}

impl Host {
    fn new(view: &View, name: &OsStr, header: &Header, on: Levels, out: &mut Outcome) -> Self {
        let mut rows = Vec::with_capacity(view.scripts.len());
        for other in view.scripts.keys().filter(|other| is_listed(other) && *other != name) {
            let header = match view.header(other) {
                Ok(header) => Some(header),
                Err(Refusal::Override(e)) => {
                    out.notes.push(override_note(other, &e));
                    view.base(other)
                }
                Err(Refusal::Unsupported(_) | Refusal::Unreadable(_)) => None,
            };
            let on = view.found.on(other);
            rows.extend(header.map(|h| (other.clone(), other.to_string_lossy().into_owned(), h, on)));
        }
        rows.push((name.to_owned(), name.to_string_lossy().into_owned(), header.clone(), on));
        Self { rows }
    }

    fn scripts(&self) -> Vec<priority::Script<'_>> {
        self.rows.iter().map(|(_, name, header, on)| priority::Script { name, header, on: *on }).collect()
    }

    fn compute(&self) -> (Vec<Numbers>, Vec<priority::Cycle>) {
        priority::compute(&self.scripts())
    }
}

/// Plans the links of an LSB service in all levels, and of the others whose numbers move with it.
pub(super) fn by_dependencies(
    view: &View,
    name: &OsStr,
    header: &Header,
    on: Levels,
    wanted: Vec<(Runlevel, Turn)>,
    strictness: Strictness,
    decision: &mut Decision,
) {
    let host = Host::new(view, name, header, on, &mut decision.outcome);
    let scripts = host.scripts();
    if strictness == Strictness::Lsb
        && let Some(script) = scripts.last()
    {
        let unmet = priority::unmet(&scripts, script);
        if !unmet.is_empty() {
            decision.outcome.code = 1;
            decision.outcome.notes.push(format!(
                "nothing provides what '{}' requires: {}",
                shown(name),
                unmet.join(" ")
            ));
            return;
        }
    }
    let (numbers, cycles) = host.compute();
    decision.outcome.notes.extend(cycles.iter().map(ToString::to_string));
    for ((other, _, header, other_on), numbers) in host.rows.iter().zip(&numbers) {
        let own = other.as_os_str() == name;
        if !own && own_numbers(header).as_ref() == Some(numbers) || header.lsb.is_none() {
            continue;
        }
        let all = if own {
            wanted.clone()
        } else {
            let turn = |l| if other_on.contains(l) { Turn::Start } else { Turn::Stop };
            view.found.configured(other).iter().map(|l| (l, turn(l))).collect()
        };
        let numbered = all.into_iter().map(|(level, turn)| match turn {
            Turn::Start => (level, turn, numbers.start),
            Turn::Stop => (level, turn, numbers.stop),
        });
        decision.steps.extend(plan(&view.found, other, numbered));
    }
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
