//! What a SysV rc would do on each way, from plain facts about links, scripts and locks.
//!
//! [`redhat`] follows `/etc/rc.d/rc` and `S00killall` of initscripts 9.03; [`debian`] follows
//! `/lib/init/rc` by numbers and startpar by insserv's files; [`beside`] are the jobs that pid 1 stops
//! itself. A driver fills [`SysvHost`]. Pure.

pub mod beside;
pub mod debian;
pub mod redhat;

use super::obstacle::Obstacle;
use super::step::{Absent, Act, Fate, Init, Limit, Plan, Role, Step, Wait, Way, Why, Wishes};
use std::collections::{BTreeMap, BTreeSet};

/// Which rc the host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rc {
    /// RHEL 6, Amazon Linux AMI.
    RedHat,
    /// Debian without insserv, or with `/etc/init.d/.legacy-bootordering`.
    DebianNumbers,
    /// Debian with insserv and startpar.
    DebianDepend,
}

/// Where an entry of an rcN.d folder leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// To the script of this name in init.d.
    Script(String),
    /// To a path that does not exist.
    Dangling(String),
    /// To something else.
    Elsewhere(String),
    /// It is a file of its own.
    RegularFile,
}

/// An entry of an rcN.d folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `K30amr`.
    pub name: String,
    /// Where it leads.
    pub target: LinkTarget,
    /// Is what it leads to executable?
    pub executable: bool,
}

/// The numbers of a header or override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// S.
    pub start: u8,
    /// K.
    pub stop: u8,
    /// The file and line that they come from.
    pub place: (std::path::PathBuf, u32),
}

/// A script of init.d.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its file name.
    pub name: String,
    /// Its executable bit.
    pub executable: bool,
    /// What its header or override asks for.
    pub numbers: Option<Numbers>,
    /// A lock file that is known to be this script's although it has another name.
    pub lock: Option<String>,
}

/// The contents of insserv's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depend {
    /// `.depend.start`
    pub start: String,
    /// `.depend.stop`
    pub stop: String,
}

/// The facts about a host. Paths are those of the host, without any root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SysvHost {
    /// Its rc.
    pub rc: Rc,
    /// rcN.d by level; a missing folder is missing here.
    pub levels: BTreeMap<u8, Vec<Link>>,
    /// init.d.
    pub scripts: Vec<Script>,
    /// The files in the subsys lock folder; `None` where there is no such folder.
    pub locks: Option<BTreeSet<String>>,
    /// Where [`SysvHost::locks`] come from, e.g. `/var/lock/subsys`.
    pub lock_folder: String,
    /// For [`Rc::DebianDepend`].
    pub depend: Depend,
    /// The runlevel that the host is in, or boots into.
    pub runlevel: u8,
    /// What pid 1 runs itself.
    pub jobs: Vec<beside::Job>,
}

/// Endings of names that RHEL's rc passes over (initscripts rc.d/rc).
const FILTERED: [&str; 6] = ["~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"];

impl SysvHost {
    /// The links of a level whose names begin with `letter` and two characters, in the order in
    /// which the shell's glob gives them.
    #[must_use]
    pub fn links(&self, level: u8, letter: char) -> Vec<&Link> {
        let all = self.levels.get(&level).map_or(&[][..], Vec::as_slice);
        let mut links: Vec<&Link> =
            all.iter().filter(|l| l.name.starts_with(letter) && tail(&l.name).is_some()).collect();
        links.sort_by(|a, b| a.name.cmp(&b.name));
        links
    }

    /// The script of this name.
    #[must_use]
    pub fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|s| s.name == name)
    }

    /// The services that have such a link in a level.
    fn services(&self, level: u8, letter: char) -> BTreeSet<&str> {
        let all = self.levels.get(&level).into_iter().flatten();
        BTreeSet::from_iter(all.filter(|l| l.name.starts_with(letter)).filter_map(|l| tail(&l.name)))
    }

    fn has_link(&self, level: u8, letter: char, service: &str) -> bool {
        let all = self.levels.get(&level).into_iter().flatten();
        all.filter(|l| l.name.starts_with(letter)).any(|l| tail(&l.name) == Some(service))
    }

    fn is_locked(&self, service: &str) -> bool {
        let init = format!("{service}.init");
        self.locks.as_ref().is_some_and(|l| l.contains(service) || l.contains(&init))
    }

    /// The K numbers that scripts ask for.
    fn asked(&self) -> BTreeMap<String, u8> {
        let numbers = |s: &Script| Some((s.name.clone(), s.numbers.as_ref()?.stop));
        BTreeMap::from_iter(self.scripts.iter().filter_map(numbers))
    }

    fn folder(level: u8) -> String {
        format!("/etc/rc{level}.d")
    }

    /// Is the service running, as far as the files tell?
    fn runs(&self, service: &str) -> bool {
        match &self.locks {
            Some(_) => self.is_locked(service) || self.script(service).is_some_and(|s| s.lock.is_some()),
            None => self.has_link(self.runlevel, 'S', service),
        }
    }
}

/// The service that `K30amr` is for.
#[must_use]
pub fn tail(link: &str) -> Option<&str> {
    let rest = link.strip_prefix(['S', 'K'])?;
    rest.get(2..).filter(|t| !t.is_empty())
}

/// What happens on `way`.
#[must_use]
pub fn plan(host: &SysvHost, way: Way, wishes: &Wishes) -> Plan {
    let mut plan = match host.rc {
        Rc::RedHat => redhat::plan(host, way, wishes),
        Rc::DebianNumbers => debian::by_numbers(host, way, wishes),
        Rc::DebianDepend => debian::by_depend(host, way, wishes),
    };
    plan.asked = host.asked();
    if way.is_down() {
        beside::add(host, way.level(host.runlevel), wishes, &mut plan);
        plan.absent = absent(host, &plan, way.level(host.runlevel), wishes);
        say_useless_links(host, &mut plan);
    }
    plan.set_waves();
    plan
}

fn step(host: &SysvHost, link: &Link, act: Act, wishes: &Wishes) -> Step {
    let name = tail(&link.name).unwrap_or(&link.name).to_owned();
    let mut obstacles = Vec::new();
    match &link.target {
        LinkTarget::Script(script) if *script == name => {}
        LinkTarget::Script(other) => {
            obstacles.push(Obstacle::LinkBroken { link: link.name.clone(), target: other.clone() });
        }
        LinkTarget::Dangling(target) | LinkTarget::Elsewhere(target) => {
            obstacles.push(Obstacle::LinkBroken { link: link.name.clone(), target: target.clone() });
        }
        LinkTarget::RegularFile => {}
    }
    let dangling = matches!(link.target, LinkTarget::Dangling(_));
    if !dangling && !link.executable {
        obstacles.push(Obstacle::NotExecutable { path: format!("/etc/init.d/{name}") });
    }
    if host.rc == Rc::RedHat && FILTERED.iter().any(|end| link.name.ends_with(end)) {
        obstacles.push(Obstacle::NameFiltered { link: link.name.clone() });
    }
    let fate = if obstacles.is_empty() || (link.executable && only_elsewhere(&obstacles)) {
        Fate::Runs
    } else {
        Fate::Skipped
    };
    Step {
        role: wishes.role(&name),
        name,
        shown: link.name.clone(),
        act,
        wave: 0,
        waits: Vec::new(),
        limit: Limit::None,
        fate,
        obstacles,
        beside: None,
    }
}

/// A link that leads to another script still runs that one.
fn only_elsewhere(obstacles: &[Obstacle]) -> bool {
    obstacles.iter().all(|o| matches!(o, Obstacle::LinkBroken { .. }))
}

/// Chains the steps that run: each waits for the one before it.
fn chain(host: &SysvHost, steps: &mut [Step], folder: &str) {
    let mut last: Option<(usize, String)> = None;
    for (at, step) in steps.iter_mut().enumerate() {
        if step.fate == Fate::Skipped {
            continue;
        }
        if let Some((on, shown)) = &last {
            let place = host.script(&step.name).and_then(|s| s.numbers.as_ref()).map(|n| n.place.clone());
            let why = Why::said(format!("rc runs {folder}/{shown} before {}", step.shown), place);
            step.waits.push(Wait { on: *on, why });
        }
        last = Some((at, step.shown.clone()));
    }
}

/// Services that run, or that the wishes name, and that no step stops.
fn absent(host: &SysvHost, plan: &Plan, level: u8, wishes: &Wishes) -> Vec<Absent> {
    let wished = [&wishes.drains, &wishes.shippers, &wishes.writers, &wishes.network];
    let mut names = BTreeSet::from_iter(wished.into_iter().flatten().map(String::as_str));
    names.extend(host.links(host.runlevel, 'S').iter().filter_map(|l| tail(&l.name)));
    let linked = plan.steps.iter().filter(|s| s.shown.starts_with('K'));
    let linked = BTreeSet::from_iter(linked.map(|s| s.name.as_str()));
    let mut out = Vec::new();
    for name in names {
        let role = wishes.role(name);
        let has_step = linked.contains(name);
        let known = host.script(name).is_some() || role == Role::Drain;
        if has_step || !known || name == "local" {
            continue;
        }
        let second_chance = plan.find(name, Act::Stop).is_some();
        let mut obstacles = Vec::new();
        if host.script(name).is_none() {
            obstacles.push(Obstacle::NotInstalled { path: format!("/etc/init.d/{name}") });
        } else if host.rc == Rc::DebianDepend && host.has_link(level, 'K', name) {
            obstacles.push(Obstacle::NotInDepend { file: "/etc/init.d/.depend.stop".to_owned() });
        } else {
            obstacles.push(Obstacle::NoKillLink { level, second_chance });
        }
        if host.rc == Rc::RedHat
            && role == Role::Drain
            && host.script(name).is_some()
            && !host.is_locked(name)
        {
            obstacles.push(Obstacle::NoLock { expected: format!("{}/{name}", host.lock_folder) });
        }
        // Level 1 has K links for everything, which is right.
        for other in 2..=5 {
            if role == Role::Drain && host.has_link(other, 'K', name) {
                obstacles.push(Obstacle::KillLinkInStartLevel { level: other });
            }
        }
        out.push(Absent { name: name.to_owned(), role, runs: host.runs(name), obstacles });
    }
    out
}

/// A drain with a K link in a level in which hosts live is not started there, and the link stops
/// nothing on the way down.
fn say_useless_links(host: &SysvHost, plan: &mut Plan) {
    let Some(drain) = plan.steps.iter_mut().find(|s| s.role == Role::Drain && s.act == Act::Stop) else {
        return;
    };
    let levels = (2..=5).filter(|level| host.has_link(*level, 'K', &drain.name));
    drain.obstacles.extend(levels.map(|level| Obstacle::KillLinkInStartLevel { level }));
}

fn init(rc: Rc) -> Init {
    match rc {
        Rc::RedHat => Init::RedHat,
        Rc::DebianNumbers => Init::DebianNumbers,
        Rc::DebianDepend => Init::DebianDepend,
    }
}

fn empty(host: &SysvHost, way: Way) -> Plan {
    Plan {
        way,
        init: init(host.rc),
        steps: Vec::new(),
        absent: Vec::new(),
        graph: None,
        asked: BTreeMap::new(),
    }
}

#[cfg(test)]
pub(super) mod tests;
