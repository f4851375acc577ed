//! From the assignments of a unit's files to a [`Unit`]: each goes through the table of directives
//! and the parser of its value; then the defaults of systemd 252 are applied and the unit is judged
//! as 252 judges it (`service_add_extras`, `service_verify`). Pure.
//!
//! Nothing is lost on the way: a value that cannot be read is a finding with its place, a directive
//! that amr does not apply is kept in [`Unit::unapplied`], an unknown key is a finding with a hint.
//! What 252 refuses makes the unit [`LoadState::BadSetting`]; all of its faults are still collected,
//! so that one look shows everything. In one point amr is stricter: an error that 252 refuses in the
//! main file it lets pass in a drop-in, of which it then drops the rest; amr refuses in both.

mod inline;
mod install;
mod remarks;
mod service;
mod settle;
#[cfg(test)]
mod tests;
mod unit;

use super::cgroup;
use super::directive::{self, Directive, Kind, Known, Shape, Since, Support};
use super::exec::{self, Field};
use super::finding::Id;
use super::line::{Line, Remark, ValueProblem};
use super::merge::{Setting, Source, settings};
use super::model::{Body, Dependency, HostActions, Install, LoadState, Severity, StartLimit, Unit};
use super::name::{NameError, UnitKind, UnitName};
use super::specifier::Facts;
use super::syntax::Item;
use super::value::Timeout;
use service::ServiceDraft;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What the search path says of a unit.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Its main name, the instance included.
    pub name: UnitName,
    /// Its other names.
    pub aliases: Vec<UnitName>,
    /// The main file as a path inside the root; `None` where there is none (a built-in unit).
    pub fragment: Option<PathBuf>,
    /// The main file's contents and behind it the drop-ins in order.
    pub sources: Vec<Source<'a>>,
    /// The drop-ins' paths.
    pub dropins: Vec<PathBuf>,
    /// What the `.wants` and `.requires` folders add.
    pub links: Vec<Dependency>,
}

/// A unit without any setting.
#[must_use]
pub fn blank(name: UnitName, load: LoadState) -> Unit {
    Unit {
        name,
        aliases: Vec::new(),
        load,
        fragment: None,
        dropins: Vec::new(),
        description: None,
        documentation: Vec::new(),
        deps: Vec::new(),
        default_dependencies: true,
        conditions: Vec::new(),
        asserts: Vec::new(),
        start_limit: StartLimit { interval: Duration::from_secs(10), burst: 5 },
        refuse_manual_start: false,
        refuse_manual_stop: false,
        stop_when_unneeded: false,
        ignore_on_isolate: false,
        job_timeout: Timeout::Never,
        job_running_timeout: None,
        actions: HostActions::default(),
        body: Body::Other,
        install: Install::default(),
        findings: Vec::new(),
        unapplied: Vec::new(),
    }
}

/// Makes the unit.
#[must_use]
pub fn build(input: Input<'_>, facts: &Facts) -> Unit {
    let Input { name, aliases, fragment, sources, dropins, mut links } = input;
    let unit = Unit { aliases, fragment, dropins, ..blank(name, LoadState::Loaded) };
    let own_section = own_section(unit.name.kind());
    let (service, refused) = (ServiceDraft::default(), BTreeMap::new());
    let mut draft = Draft { facts, own_section, sources: &sources, unit, service, refused };
    for source in &sources {
        draft.faults(source);
        draft.sections(source);
    }
    for setting in settings(&sources) {
        draft.apply(setting);
    }
    draft.refuse_what_cannot_be_left_out();
    draft.unit.deps.append(&mut links);
    settle::settle(draft)
}

/// One arm of the loader: reads a value into the draft.
type Arm = fn(&mut Draft<'_>, &Line<'_>) -> Result<(), ValueProblem>;

/// Honoured, and unknown to 252, of which a note is due.
const YOUNGER: [&str; 12] = [
    "OpenFile",
    "ReloadSignal",
    "RestartMaxDelaySec",
    "RestartMode",
    "RestartSteps",
    "SetLoginEnvironment",
    "AssertKernelModuleLoaded",
    "AssertPathIsSocket",
    "AssertVersion",
    "ConditionKernelModuleLoaded",
    "ConditionPathIsSocket",
    "ConditionVersion",
];

/// The arm for each honoured directive of a section, by name.
fn arms(section: &str) -> &'static [&'static [(&'static str, Arm)]] {
    match section {
        "Unit" => &[unit::ARMS],
        "Service" => &[service::ARMS],
        "Install" => &[install::ARMS],
        _ => &[],
    }
}

/// How a line of a unit is read.
#[derive(Clone, Copy)]
enum Reader {
    /// Into the draft of the unit.
    Unit(Arm),
    /// Into the description of its processes.
    Exec(&'static Field),
    /// Into that of what they may use together.
    Group(&'static cgroup::Field),
    /// The same, by nothing but the row.
    Plain(Directive),
}

fn reader(section: &str, key: &str) -> Option<Reader> {
    // Most names differ in length already.
    let is_it = |name: &str| name.len() == key.len() && name == key;
    let arm = arms(section).iter().find_map(|arms| arms.iter().find(|(name, _)| is_it(name)));
    let service = section == "Service";
    let field = || exec::field(key).filter(|_| service).map(Reader::Exec);
    let group = || cgroup::field(key).filter(|_| service).map(Reader::Group);
    arm.map(|(_, arm)| Reader::Unit(*arm)).or_else(field).or_else(group)
}

/// A unit on its way.
struct Draft<'a> {
    facts: &'a Facts,
    /// The section of its kind.
    own_section: Option<&'static str>,
    sources: &'a [Source<'a>],
    unit: Unit,
    service: ServiceDraft,
    /// What amr must not leave out, and why.
    refused: BTreeMap<&'static str, (Setting<'a>, &'static str)>,
}

impl<'a> Draft<'a> {
    /// What the text of a file has wrong.
    fn faults(&mut self, source: &Source<'_>) {
        for fault in source.document.faults() {
            if fault.severity == Severity::Error {
                self.refuse(LoadState::Error);
            }
            self.find(source, fault.span, (fault.kind.id(), fault.severity), fault.message.clone(), None);
        }
    }

    /// Sections that a unit of this kind does not have.
    fn sections(&mut self, source: &Source<'_>) {
        for item in &source.document.items {
            let Item::Section(header) = item else { continue };
            if header.name.starts_with("X-") || self.has_section(&header.name) {
                continue;
            }
            let hint = ["Unit", "Service", "Install"]
                .iter()
                .find(|s| s.eq_ignore_ascii_case(&header.name))
                .map(|s| format!("names of sections are case-sensitive: [{s}]"));
            let message = format!("unknown section '{}', ignoring what stands in it", header.name);
            let kind = (Id::UnknownSection, Severity::Warning);
            self.find(source, header.span, kind, message, hint);
        }
    }

    fn has_section(&self, section: &str) -> bool {
        self.own_section == Some(section) || matches!(section, "Unit" | "Install")
    }

    fn apply(&mut self, setting: Setting<'a>) {
        let key = setting.assignment.key.as_ref();
        if key.starts_with("X-") || setting.section.starts_with("X-") || !self.has_section(setting.section) {
            return;
        }
        // Most keys: nothing is to be said of them, so that the table need not be asked.
        if !YOUNGER.contains(&key)
            && let Some(reader) = reader(setting.section, key)
        {
            return self.read(setting, reader);
        }
        match directive::find(setting.section, key) {
            None if directive::has_section(setting.section) => self.unknown(setting, None),
            None => {
                let why = format!("amr does not run .{} units", self.unit.name.kind().as_str());
                self.unapplied(setting, &why);
            }
            Some(row) => self.known(setting, &row),
        }
    }

    fn known(&mut self, setting: Setting<'a>, row: &Directive) {
        match row.amr {
            Support::Honoured(_) => {
                if let (Known::No, Since::V(v)) = (row.in_252, row.since) {
                    let message = format!("{}= is known since systemd {v} only", row.name);
                    let kind = (Id::YoungerDirective, Severity::Note);
                    self.note(setting, kind, setting.assignment.key_span, message, None);
                }
                let plain = || exec::plain::is_plain(row).then_some(Reader::Plain(*row));
                if let Some(reader) = reader(setting.section, row.name).or_else(plain) {
                    self.read(setting, reader);
                }
            }
            Support::Ignored(_) if row.in_252 == Known::No => self.unknown(setting, Some(row)),
            Support::Ignored(why) => {
                let nothing = asks_nothing(row, &setting.assignment.value.text);
                if nothing || row.shape == Shape::Scalar {
                    self.unit.unapplied.retain(|u| u.section != row.section || u.key != row.name);
                }
                if !nothing {
                    self.unapplied(setting, why);
                }
                self.inline_comment(setting);
            }
            Support::Refused(_) if asks_nothing(row, &setting.assignment.value.text) => {
                self.refused.remove(row.name);
            }
            Support::Refused(why) => {
                self.refused.insert(row.name, (setting, why));
            }
        }
    }

    fn read(&mut self, setting: Setting<'a>, reader: Reader) {
        let line = Line::new(setting, self.facts, &self.unit.name);
        let outcome = match reader {
            Reader::Unit(arm) => arm(self, &line),
            Reader::Exec(field) => (field.read)(&mut self.service.service.context, &line),
            Reader::Group(field) => (field.read)(&mut self.service.service.resources, &line),
            Reader::Plain(row) => self.service.service.context.plain.read(&row, &line),
        };
        for remark in line.into_remarks().into_iter().chain(outcome.err().map(Remark::Trouble)) {
            self.remark(setting, remark);
        }
        self.inline_comment(setting);
    }
}

/// Is the value empty, or a no to something that is off by default?
fn asks_nothing(row: &Directive, value: &str) -> bool {
    let switch = matches!(row.kind, Kind::Bool | Kind::Choice) && row.name != "SyslogLevelPrefix";
    let root = row.kind == Kind::Path && value == "/";
    value.is_empty() || root || (switch && super::value::boolean::parse(value) == Ok(false))
}

/// `foo@.service` in a dependency of `own` stands for the instance that `own` itself is, or for the
/// one named like it (`resolve_template`); any other name for itself.
pub(super) fn instance_for(own: &UnitName, name: UnitName) -> Result<UnitName, NameError> {
    if !name.is_template() {
        return Ok(name);
    }
    name.with_instance(own.instance().filter(|i| !i.is_empty()).unwrap_or_else(|| own.prefix()))
}

/// The section that belongs to a kind of unit.
fn own_section(kind: UnitKind) -> Option<&'static str> {
    match kind {
        UnitKind::Service => Some("Service"),
        UnitKind::Socket => Some("Socket"),
        UnitKind::Mount => Some("Mount"),
        UnitKind::Automount => Some("Automount"),
        UnitKind::Swap => Some("Swap"),
        UnitKind::Timer => Some("Timer"),
        UnitKind::Path => Some("Path"),
        UnitKind::Slice => Some("Slice"),
        UnitKind::Scope => Some("Scope"),
        UnitKind::Target | UnitKind::Device => None,
    }
}
