//! Which scripts come behind which others, and the circles that this makes.
//!
//! Hosts have thousands of scripts, so the others of all of them lie in one row, and every walk is
//! linear in scripts and edges. Pure.

/// For each script the indices of those it must come behind.
pub(super) struct Edges {
    /// Where the others of a script begin; those of the next one follow.
    from: Vec<usize>,
    to: Vec<usize>,
}

/// How far the search for circles is with a script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum VisitState {
    New,
    /// Its place on the path under way.
    OnPath(usize),
    Done,
}

impl Edges {
    /// None yet, with room for those of so many scripts.
    pub(super) fn with_capacity(scripts: usize) -> Self {
        Self { from: vec![0], to: Vec::with_capacity(scripts) }
    }

    /// Adds the next script, which must come behind these.
    pub(super) fn push(&mut self, behind: &[usize]) {
        self.to.extend_from_slice(behind);
        self.from.push(self.to.len());
    }

    /// Those that a script must come behind.
    pub(super) fn predecessors(&self, script: usize) -> &[usize] {
        let range = self.from.get(script).zip(self.from.get(script + 1)).map(|(from, to)| *from..*to);
        range.and_then(|range| self.to.get(range)).unwrap_or_default()
    }

    /// How many scripts there are.
    pub(super) fn len(&self) -> usize {
        self.from.len().saturating_sub(1)
    }

    /// At least one circle of each knot, and none that shares a script with another one: scripts that
    /// each must come behind the next, the last behind the first.
    pub(super) fn circles(&self) -> Vec<Vec<usize>> {
        let mut found = Vec::new();
        let mut places = VisitStates(vec![VisitState::New; self.len()]);
        for start in 0..self.len() {
            let mut path = Vec::new();
            places.enter(start, &mut path);
            while let Some(Visit { script, followed, named }) = path.last_mut() {
                let Some(&next) = self.predecessors(*script).get(*followed) else {
                    places.set(*script, VisitState::Done);
                    path.pop();
                    continue;
                };
                *followed += 1;
                match places.state(next) {
                    VisitState::OnPath(place) if place >= *named => {
                        let circle = path.iter_mut().enumerate().skip(place).map(|(at, visit)| {
                            visit.named = at + 1;
                            visit.script
                        });
                        found.push(circle.collect());
                    }
                    VisitState::OnPath(_) | VisitState::Done => {}
                    VisitState::New => places.enter(next, &mut path),
                }
            }
        }
        found
    }
}

/// A script on the path under way.
struct Visit {
    script: usize,
    /// How many of its edges were followed.
    followed: usize,
    /// The place behind the last script, up to this one, that belongs to a circle which was found.
    named: usize,
}

/// How far the search is with each script.
struct VisitStates(Vec<VisitState>);

impl VisitStates {
    fn state(&self, script: usize) -> VisitState {
        self.0.get(script).copied().unwrap_or(VisitState::Done)
    }

    fn set(&mut self, script: usize, place: VisitState) {
        self.0.get_mut(script).into_iter().for_each(|slot| *slot = place);
    }

    /// Puts a new script at the path's end.
    fn enter(&mut self, script: usize, path: &mut Vec<Visit>) {
        if self.state(script) == VisitState::New {
            self.set(script, VisitState::OnPath(path.len()));
            path.push(Visit { script, followed: 0, named: path.last().map_or(0, |last| last.named) });
        }
    }
}
