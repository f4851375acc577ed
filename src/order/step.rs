//! What `amr order` shows: the steps of a boot or of a way down, who waits for whom, and how two
//! steps stand to one another. Pure.

use super::graph::{EdgeId, Graph};
use super::obstacle::Obstacle;
pub use super::role::{OrderOptions, Role};
pub use super::span::span;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Where the host is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transition {
    /// Up, to its usual runlevel or default.target.
    Boot,
    /// Runlevel 0, poweroff.target.
    PowerOff,
    /// Runlevel 6, reboot.target.
    Reboot,
    /// Some runlevel.
    Runlevel(u8),
}

impl Transition {
    /// Does everything stop on this way?
    #[must_use]
    pub fn is_down(self) -> bool {
        match self {
            Self::PowerOff | Self::Reboot => true,
            Self::Boot => false,
            Self::Runlevel(level) => level == 0 || level == 6,
        }
    }

    /// The runlevel that it leads to, `usual` being where a boot ends.
    #[must_use]
    pub fn level(self, usual: u8) -> u8 {
        match self {
            Self::Boot => usual,
            Self::PowerOff => 0,
            Self::Reboot => 6,
            Self::Runlevel(level) => level,
        }
    }

    /// In words.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Boot => "boot".to_owned(),
            Self::PowerOff => "power-off".to_owned(),
            Self::Reboot => "reboot".to_owned(),
            Self::Runlevel(level) => format!("runlevel {level}"),
        }
    }
}

/// What carries the steps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Init {
    /// `/etc/rc.d/rc` of RHEL 6 and its kin: one after the other, by lock files.
    RedHat,
    /// Debian's rc by the numbers of the links.
    DebianNumbers,
    /// Debian's rc by insserv's `.depend` files, in parallel.
    DebianDepend,
    /// systemd's transactions.
    Systemd,
}

impl Init {
    /// In words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::RedHat => "rc (Red Hat family)",
            Self::DebianNumbers => "rc (Debian, by numbers)",
            Self::DebianDepend => "rc (Debian, by dependencies)",
            Self::Systemd => "systemd",
        }
    }
}

/// What is done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Act {
    Start,
    Stop,
}

impl Act {
    /// `start` or `stop`, as the renderings have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

/// Whether a step is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepOutcome {
    /// Its program is called.
    Runs,
    /// rc passes it over; the obstacles say why.
    Skipped,
}

/// One step waits for another. There are several for each unit of a host, and few are ever shown: the
/// words come from [`Plan::why`] and [`Plan::place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The other's position in [`Plan::steps`].
    pub on: usize,
    /// What makes it wait.
    pub why: Why,
}

/// Why one step waits for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// In words, and where that is written.
    Said(Box<Clause>),
    /// An edge of [`Plan::graph`].
    Written(EdgeId),
}

/// A clause, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// `K30amr sorts before K40filebeat`.
    pub words: String,
    /// The file and its line.
    pub place: Option<(PathBuf, u32)>,
}

impl Why {
    /// In words.
    #[must_use]
    pub fn clause(words: String, place: Option<(PathBuf, u32)>) -> Self {
        Self::Said(Box::new(Clause { words, place }))
    }
}

/// How long a step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Nothing cuts it short.
    None,
    /// Ended by force after this time.
    After(Duration),
}

/// One start or stop on a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The service: a script's or a unit's name.
    pub name: String,
    /// As its init shows it: `K30amr`, `amr.service`.
    pub shown: String,
    /// What is done.
    pub act: Act,
    /// What it is to the drain.
    pub role: Role,
    /// Steps of one wave may run at the same time; from 0.
    pub wave: usize,
    /// The earlier steps that must have ended, each with the reason.
    pub waits: Vec<Wait>,
    /// How long it may take.
    pub limit: Limit,
    /// Is it carried out?
    pub fate: StepOutcome,
    /// What keeps it from running, or threatens it.
    pub obstacles: Vec<Obstacle>,
    /// Where pid 1 itself takes it, and not rc.
    pub beside: Option<InitStep>,
}

/// A step that pid 1 takes at a change of the runlevel, whatever rc does then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitStep {
    /// Where that is written.
    pub file: String,
    /// The events that stop it: `runlevel [!2345]`.
    pub stop_on: String,
}

/// A service that one would expect on this way and that has no step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingStep {
    /// Name of the service, without `.service`.
    pub name: String,
    /// What it is to the drain.
    pub role: Role,
    /// Is it running, as far as can be known?
    pub runs: bool,
    /// Why it has no step.
    pub obstacles: Vec<Obstacle>,
}

/// All that happens on one way.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the host is going.
    pub way: Transition,
    /// What carries it out.
    pub init: Init,
    /// In order; with [`Plan::is_serial`] strictly one after the other.
    pub steps: Vec<Step>,
    /// Expected and not there.
    pub absent: Vec<MissingStep>,
    /// The units, where they say who waits for whom.
    pub graph: Option<Rc<Graph>>,
    /// The K numbers that scripts ask for in their headers or overrides.
    pub asked: BTreeMap<String, u8>,
}

/// How two steps stand to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The first has ended before the second begins.
    Before,
    /// The other way round.
    After,
    /// Nothing orders them: they may run at the same time.
    None,
}

impl Plan {
    /// Why a step waits, in one clause: `amr.service After=network.target`.
    #[must_use]
    pub fn why(&self, wait: &Wait) -> String {
        match &wait.why {
            Why::Said(said) => said.words.clone(),
            Why::Written(edge) => self.graph.as_ref().map(|g| g.relation_text(*edge)).unwrap_or_default(),
        }
    }

    /// Where that is written.
    #[must_use]
    pub fn place<'a>(&'a self, wait: &'a Wait) -> Option<(&'a Path, u32)> {
        match &wait.why {
            Why::Said(said) => said.place.as_ref().map(|(path, line)| (path.as_path(), *line)),
            Why::Written(edge) => self.graph.as_ref()?.origin(*edge).map(|o| (&*o.path, o.span.line)),
        }
    }

    /// Does one step at a time run?
    #[must_use]
    pub fn is_serial(&self) -> bool {
        match self.init {
            Init::RedHat | Init::DebianNumbers => true,
            Init::DebianDepend | Init::Systemd => false,
        }
    }

    /// The step that really does this to the service.
    #[must_use]
    pub fn find(&self, name: &str, act: Act) -> Option<usize> {
        self.steps.iter().position(|s| s.name == name && s.act == act && s.fate == StepOutcome::Runs)
    }

    /// How two steps stand to one another.
    #[must_use]
    pub fn order(&self, a: usize, b: usize) -> Order {
        if a == b {
            Order::None
        } else if self.is_serial() {
            if a < b { Order::Before } else { Order::After }
        } else if self.wait_chain(b, a).is_some() {
            Order::Before
        } else if self.wait_chain(a, b).is_some() {
            Order::After
        } else {
            Order::None
        }
    }

    /// The shortest chain of waits from step `late` back to step `early`.
    #[must_use]
    pub fn wait_chain(&self, late: usize, early: usize) -> Option<Vec<(usize, &Wait)>> {
        let mut from: Vec<Option<(usize, &Wait)>> = vec![None; self.steps.len()];
        let mut todo = VecDeque::from([late]);
        while let Some(at) = todo.pop_front() {
            if at == early {
                let mut way = Vec::new();
                let mut here = early;
                while let Some((step, wait)) = from.get(here).copied().flatten() {
                    way.push((step, wait));
                    here = step;
                }
                return Some(way);
            }
            for wait in self.steps.get(at).map_or(&[][..], |s| &s.waits) {
                if let Some(slot) = from.get_mut(wait.on).filter(|s| s.is_none())
                    && wait.on != late
                {
                    *slot = Some((at, wait));
                    todo.push_back(wait.on);
                }
            }
        }
        None
    }

    /// Gives each step its wave and, where several may run at once, puts the waves one behind the
    /// other. Steps must stand behind what they wait for.
    pub(super) fn set_waves(&mut self) {
        if self.is_serial() {
            let mut wave = 0;
            for step in &mut self.steps {
                step.wave = wave;
                wave += usize::from(step.fate == StepOutcome::Runs);
            }
            return;
        }
        let mut waves: Vec<usize> = Vec::with_capacity(self.steps.len());
        for step in &mut self.steps {
            let last = step.waits.iter().filter_map(|w| waves.get(w.on)).max();
            step.wave = last.map_or(0, |w| w + 1);
            waves.push(step.wave);
        }
        self.sort_by_wave(&waves);
    }

    fn sort_by_wave(&mut self, waves: &[usize]) {
        let mut order: Vec<usize> = (0..waves.len()).collect();
        order.sort_by_key(|at| waves.get(*at));
        let mut place = vec![0; waves.len()];
        for (new, old) in order.into_iter().enumerate() {
            place.get_mut(old).into_iter().for_each(|place| *place = new);
        }
        for wait in self.steps.iter_mut().flat_map(|s| &mut s.waits) {
            wait.on = place.get(wait.on).copied().unwrap_or(wait.on);
        }
        self.steps.sort_by_key(|step| step.wave);
    }
}
