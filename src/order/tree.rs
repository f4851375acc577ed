//! `amr list-dependencies`: what a unit needs, or who needs it, as a tree.
//!
//! Follows systemctl(1): targets come last, only targets are opened unless `--all` is given, a unit
//! that is its own ancestor is shown as `...`. Pure.

use super::graph::{Graph, Relation, UnitId};
use super::transaction::Activity;
use crate::unit::name::{UnitKind, UnitName};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Which edges are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// What it needs.
    Forward,
    /// `--reverse`: who needs it.
    Reverse,
    /// `--after`: what it is ordered after.
    After,
    /// `--before`: what it is ordered before.
    Before,
}

impl Direction {
    fn relations(self) -> &'static [Relation] {
        match self {
            Self::Forward => &[
                Relation::Requires,
                Relation::Requisite,
                Relation::Wants,
                Relation::ConsistsOf,
                Relation::BindsTo,
                Relation::Upholds,
            ],
            Self::Reverse => &[
                Relation::RequiredBy,
                Relation::RequisiteOf,
                Relation::WantedBy,
                Relation::PartOf,
                Relation::BoundBy,
                Relation::UpheldBy,
            ],
            Self::After => &[Relation::After],
            Self::Before => &[Relation::Before],
        }
    }
}

/// Which units are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The root and every target.
    Targets,
    /// `--all`.
    All,
}

/// What stands below a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Below {
    /// Its dependencies; empty for a unit that has none or is not opened.
    Units(Vec<Tree>),
    /// It stands above itself, or the tree has grown past [`LIMIT`].
    Cut,
}

/// A unit with what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// What stands at this place of the tree.
    pub unit: UnitName,
    /// What it does now.
    pub activity: Activity,
    /// Its dependencies, or that the tree is cut here.
    pub below: Below,
}

/// Units in one tree. Beyond it units are cut instead of opened: the paths through a large graph
/// are too many for anybody to read, or to hold in memory.
pub const LIMIT: usize = 100_000;

/// The tree of a unit; `None` where the graph does not know the name.
#[must_use]
pub fn tree(
    graph: &Graph,
    unit: &UnitName,
    direction: Direction,
    depth: Depth,
    active: &dyn Fn(&UnitName) -> Activity,
) -> Option<Tree> {
    let root = graph.find(unit)?;
    let mut maker = Maker { graph, direction, depth, active, path: Vec::new(), count: 0 };
    maker.open(root, true)
}

/// Levels in one tree; a longer chain of units is cut.
const LEVELS: usize = 256;

struct Maker<'a> {
    graph: &'a Graph,
    direction: Direction,
    depth: Depth,
    active: &'a dyn Fn(&UnitName) -> Activity,
    path: Vec<UnitId>,
    count: usize,
}

impl Maker<'_> {
    fn open(&mut self, id: UnitId, root: bool) -> Option<Tree> {
        let unit = self.graph.unit_name(id)?.clone();
        let activity = (self.active)(&unit);
        self.count += 1;
        let opened = root || self.depth == Depth::All || unit.kind() == UnitKind::Target;
        let below = if self.path.contains(&id) || self.path.len() >= LEVELS || self.count > LIMIT {
            Below::Cut
        } else if opened {
            self.path.push(id);
            let next = self.next(id);
            let units = next.into_iter().filter_map(|to| self.open(to, false)).collect();
            self.path.pop();
            Below::Units(units)
        } else {
            Below::Units(Vec::new())
        };
        Some(Tree { unit, activity, below })
    }

    /// By name without regard to case, targets last.
    fn next(&self, id: UnitId) -> Vec<UnitId> {
        let related = self.direction.relations().iter().flat_map(|r| self.graph.related(id, *r));
        let mut next: Vec<_> = related
            .filter_map(|(to, _)| {
                let name = self.graph.unit_name(to)?;
                Some((name.kind() == UnitKind::Target, name.as_str().to_ascii_lowercase(), to))
            })
            .collect();
        next.sort_unstable();
        next.dedup();
        next.into_iter().map(|(_, _, to)| to).collect()
    }
}

impl Tree {
    /// As systemctl prints it, a dot for the state before each line but the first.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.unit);
        self.write_below(&mut out, "");
        out
    }

    fn write_below(&self, out: &mut String, stem: &str) {
        let Below::Units(units) = &self.below else { return };
        for (at, tree) in units.iter().enumerate() {
            let last = at + 1 == units.len();
            let (branch, more) = if last { ("└─", "  ") } else { ("├─", "│ ") };
            // Writing to a String cannot fail.
            let _ = match tree.below {
                Below::Units(_) => writeln!(out, "{} {stem}{branch}{}", dot(tree.activity), tree.unit),
                Below::Cut => writeln!(out, "  {stem}{branch}..."),
            };
            tree.write_below(out, &format!("{stem}{more}"));
        }
    }

    /// `--plain`: two spaces for each level, each unit opened once.
    #[must_use]
    pub fn to_plain(&self) -> String {
        fn write(
            tree: &Tree,
            level: usize,
            seen: &mut std::collections::HashSet<UnitName>,
            out: &mut String,
        ) {
            let _ = writeln!(out, "{}{}", "  ".repeat(level), tree.unit);
            let Below::Units(units) = &tree.below else { return };
            for unit in units {
                if seen.insert(unit.unit.clone()) {
                    write(unit, level + 1, seen, out);
                }
            }
        }
        let mut out = String::new();
        write(self, 0, &mut std::collections::HashSet::from([self.unit.clone()]), &mut out);
        out
    }

    /// `{"unit": …, "active": …, "dependencies": […]}`; `null` for a list that was cut.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let below = match &self.below {
            Below::Units(units) => Value::Array(units.iter().map(Tree::to_json).collect()),
            Below::Cut => Value::Null,
        };
        json!({ "unit": self.unit.as_str(), "active": self.activity.as_str(), "dependencies": below })
    }
}

/// systemctl's sign for a state.
fn dot(activity: Activity) -> char {
    match activity {
        Activity::Active | Activity::Activating | Activity::Deactivating => '●',
        Activity::Reloading => '↻',
        Activity::Inactive => '○',
        Activity::Failed => '×',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::fixture::{graph, name};

    const HOST: [&str; 6] = [
        "multi-user.target Wants=zeta,App,net.target After=app",
        "net.target Wants=dev",
        "zeta Requires=dev",
        "App Requires=multi-user.target",
        "dev",
        "app",
    ];

    fn show(unit: &str, direction: Direction, depth: Depth) -> String {
        let active = |u: &UnitName| match u.stem() {
            "dev" => Activity::Failed,
            "zeta" => Activity::Active,
            _ => Activity::Inactive,
        };
        tree(&graph(&HOST), &name(unit), direction, depth, &active).unwrap().to_text()
    }

    #[test]
    fn targets_are_opened_and_come_last() {
        assert_eq!(
            show("multi-user.target", Direction::Forward, Depth::Targets),
            "multi-user.target\n○ ├─App.service\n● ├─zeta.service\n○ └─net.target\n×   └─dev.service\n"
        );
    }

    #[test]
    fn all_opens_everything_and_cuts_circles() {
        let text = show("multi-user.target", Direction::Forward, Depth::All);
        assert!(text.contains("○ ├─App.service\n  │ └─...\n● ├─zeta.service\n× │ └─dev.service"), "{text}");
    }

    #[test]
    fn the_other_directions() {
        assert_eq!(
            show("dev", Direction::Reverse, Depth::Targets),
            "dev.service\n● ├─zeta.service\n○ └─net.target\n○   └─multi-user.target\n○     └─App.service\n"
        );
        assert_eq!(show("app", Direction::Before, Depth::Targets), "app.service\n○ └─multi-user.target\n");
        assert!(show("multi-user.target", Direction::After, Depth::Targets).contains("└─app.service"));
    }

    #[test]
    fn plain_opens_each_unit_once() {
        let down = |_: &UnitName| Activity::Inactive;
        let t =
            tree(&graph(&HOST), &name("multi-user.target"), Direction::Forward, Depth::All, &down).unwrap();
        assert_eq!(t.to_plain().matches("dev.service").count(), 1);
        assert_eq!(t.to_json().pointer("/dependencies/0/unit").and_then(Value::as_str), Some("App.service"));
        assert!(tree(&graph(&HOST), &name("nobody"), Direction::Forward, Depth::All, &down).is_none());
    }
}
