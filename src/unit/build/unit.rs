//! The arms of `[Unit]`.

use super::{Arm, Draft, instance_for};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::model::{Check, DepKind, Dependency};
use crate::unit::name::UnitName;
use crate::unit::value::words::{self, Word};
use std::borrow::Cow;

pub(super) const ARMS: &[(&str, Arm)] = &[
    ("After", |d, l| d.depend(l, DepKind::After)),
    ("AssertACPower", check),
    ("AssertArchitecture", check),
    ("AssertCPUFeature", check),
    ("AssertCPUPressure", check),
    ("AssertCPUs", check),
    ("AssertCapability", check),
    ("AssertControlGroupController", check),
    ("AssertCredential", check),
    ("AssertDirectoryNotEmpty", check),
    ("AssertEnvironment", check),
    ("AssertFileIsExecutable", check),
    ("AssertFileNotEmpty", check),
    ("AssertFirstBoot", check),
    ("AssertGroup", check),
    ("AssertHost", check),
    ("AssertIOPressure", check),
    ("AssertKernelCommandLine", check),
    ("AssertKernelModuleLoaded", check),
    ("AssertKernelVersion", check),
    ("AssertMemory", check),
    ("AssertMemoryPressure", check),
    ("AssertNeedsUpdate", check),
    ("AssertOSRelease", check),
    ("AssertPathExists", check),
    ("AssertPathExistsGlob", check),
    ("AssertPathIsDirectory", check),
    ("AssertPathIsEncrypted", check),
    ("AssertPathIsMountPoint", check),
    ("AssertPathIsReadWrite", check),
    ("AssertPathIsSocket", check),
    ("AssertPathIsSymbolicLink", check),
    ("AssertSecurity", check),
    ("AssertUser", check),
    ("AssertVersion", check),
    ("AssertVirtualization", check),
    ("Before", |d, l| d.depend(l, DepKind::Before)),
    ("BindTo", |d, l| d.depend(l, DepKind::BindsTo)),
    ("BindsTo", |d, l| d.depend(l, DepKind::BindsTo)),
    ("ConditionACPower", check),
    ("ConditionArchitecture", check),
    ("ConditionCPUFeature", check),
    ("ConditionCPUPressure", check),
    ("ConditionCPUs", check),
    ("ConditionCapability", check),
    ("ConditionControlGroupController", check),
    ("ConditionCredential", check),
    ("ConditionDirectoryNotEmpty", check),
    ("ConditionEnvironment", check),
    ("ConditionFileIsExecutable", check),
    ("ConditionFileNotEmpty", check),
    ("ConditionFirmware", check),
    ("ConditionFirstBoot", check),
    ("ConditionGroup", check),
    ("ConditionHost", check),
    ("ConditionIOPressure", check),
    ("ConditionKernelCommandLine", check),
    ("ConditionKernelModuleLoaded", check),
    ("ConditionKernelVersion", check),
    ("ConditionMemory", check),
    ("ConditionMemoryPressure", check),
    ("ConditionNeedsUpdate", check),
    ("ConditionOSRelease", check),
    ("ConditionPathExists", check),
    ("ConditionPathExistsGlob", check),
    ("ConditionPathIsDirectory", check),
    ("ConditionPathIsEncrypted", check),
    ("ConditionPathIsMountPoint", check),
    ("ConditionPathIsReadWrite", check),
    ("ConditionPathIsSocket", check),
    ("ConditionPathIsSymbolicLink", check),
    ("ConditionSecurity", check),
    ("ConditionUser", check),
    ("ConditionVersion", check),
    ("ConditionVirtualization", check),
    ("Conflicts", |d, l| d.depend(l, DepKind::Conflicts)),
    ("DefaultDependencies", |d, l| set(&mut d.unit.default_dependencies, l.boolean())),
    ("Description", description),
    ("Documentation", documentation),
    ("FailureAction", failure_action),
    ("IgnoreOnIsolate", |d, l| set(&mut d.unit.ignore_on_isolate, l.boolean())),
    ("JobRunningTimeoutSec", |d, l| set(&mut d.unit.job_running_timeout, l.time_or_never().map(Some))),
    ("JobTimeoutAction", |d, l| set(&mut d.unit.actions.job_timeout, l.keyword())),
    ("JobTimeoutSec", |d, l| set(&mut d.unit.job_timeout, l.time_or_never())),
    ("OnFailure", |d, l| d.depend(l, DepKind::OnFailure)),
    ("OnSuccess", |d, l| d.depend(l, DepKind::OnSuccess)),
    ("PartOf", |d, l| d.depend(l, DepKind::PartOf)),
    ("PropagateReloadFrom", |d, l| d.depend(l, DepKind::ReloadPropagatedFrom)),
    ("PropagateReloadTo", |d, l| d.depend(l, DepKind::PropagatesReloadTo)),
    ("PropagatesReloadTo", |d, l| d.depend(l, DepKind::PropagatesReloadTo)),
    ("PropagatesStopTo", |d, l| d.depend(l, DepKind::PropagatesStopTo)),
    ("RefuseManualStart", |d, l| set(&mut d.unit.refuse_manual_start, l.boolean())),
    ("RefuseManualStop", |d, l| set(&mut d.unit.refuse_manual_stop, l.boolean())),
    ("ReloadPropagatedFrom", |d, l| d.depend(l, DepKind::ReloadPropagatedFrom)),
    ("Requires", |d, l| d.depend(l, DepKind::Requires)),
    ("RequiresOverridable", |d, l| d.depend(l, DepKind::Requires)),
    ("Requisite", |d, l| d.depend(l, DepKind::Requisite)),
    ("RequisiteOverridable", |d, l| d.depend(l, DepKind::Requisite)),
    ("StartLimitAction", start_limit_action),
    ("StartLimitBurst", start_limit_burst),
    ("StartLimitInterval", start_limit_interval),
    ("StartLimitIntervalSec", start_limit_interval),
    ("StopPropagatedFrom", |d, l| d.depend(l, DepKind::StopPropagatedFrom)),
    ("StopWhenUnneeded", |d, l| set(&mut d.unit.stop_when_unneeded, l.boolean())),
    ("SuccessAction", |d, l| set(&mut d.unit.actions.success, l.keyword())),
    ("Upholds", |d, l| d.depend(l, DepKind::Upholds)),
    ("Wants", |d, l| d.depend(l, DepKind::Wants)),
];

fn description(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    d.unit.description = if l.text.is_empty() { None } else { Some(l.expand(0, l.text)?) };
    Ok(())
}

fn documentation(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        d.unit.documentation.clear();
    }
    for Word { at, text: word, .. } in l.words()? {
        match l.expand(at, &word) {
            Ok(uri) if is_uri(&uri) => d.unit.documentation.push(uri),
            Ok(uri) => {
                let trouble = ValueProblem::new(at, &word, format!("'{uri}' is not a URI"));
                l.warn(trouble.hint("it begins with http://, https://, file:/, info: or man:"));
            }
            Err(trouble) => l.warn(trouble),
        }
    }
    Ok(())
}

/// As `documentation_url_is_valid`.
fn is_uri(text: &str) -> bool {
    let schemes = ["http://", "https://", "file:/", "info:", "man:"];
    schemes.iter().any(|s| text.strip_prefix(s).is_some_and(|rest| !rest.is_empty()))
}

pub(super) fn failure_action(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    set(&mut d.unit.actions.failure, l.keyword())
}

pub(super) fn start_limit_action(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    set(&mut d.unit.actions.start_limit, l.keyword())
}

pub(super) fn start_limit_burst(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    set(&mut d.unit.start_limit.burst, l.number())
}

pub(super) fn start_limit_interval(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    set(&mut d.unit.start_limit.interval, l.duration())
}

impl Draft<'_> {
    /// A list of units, which cannot be cleared: an empty value means nothing.
    fn depend(&mut self, l: &Line<'_>, kind: DepKind) -> Result<(), ValueProblem> {
        // Quotes are part of a name, which makes it none.
        for Word { at, text: word, len } in words::split_bare(l.text) {
            let text = if word.contains('%') {
                l.expand_name(at, &word).map(Cow::Owned)
            } else {
                Ok(Cow::Borrowed(&*word))
            };
            let parsed = text.and_then(|text| {
                let name = UnitName::parse(&text).map_err(|e| ValueProblem::new(at, &word, e.to_string()))?;
                instance_for(&self.unit.name, name).map_err(|e| ValueProblem::new(at, &word, e.to_string()))
            });
            match parsed {
                Ok(on) if on == self.unit.name => {
                    let message = format!("{}= on the unit itself has no meaning", l.key);
                    l.warn(ValueProblem::new(at, &word, message));
                }
                Ok(on) => {
                    let origin = Some(l.origin(at, len));
                    self.unit.deps.push(Dependency { kind, on, origin });
                }
                Err(trouble) => l.warn(trouble),
            }
        }
        Ok(())
    }
}

/// One `Condition…=` or `Assert…=`; an empty value clears all of them.
fn check(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    let (test, assert) = match l.key.strip_prefix("Assert") {
        Some(test) => (test, true),
        None => (l.key.strip_prefix("Condition").unwrap_or(l.key), false),
    };
    let parsed = if l.text.is_empty() { None } else { Some(parse_check(l, test)?) };
    let list = if assert { &mut d.unit.asserts } else { &mut d.unit.conditions };
    match parsed {
        None => list.clear(),
        Some(check) => list.push(check),
    }
    Ok(())
}

fn parse_check(l: &Line<'_>, test: &str) -> Result<Check, ValueProblem> {
    let is_path = ["Path", "File", "Directory", "NeedsUpdate"].iter().any(|p| test.starts_with(p));
    // Blanks behind a mark count as part of a path, which is not absolute then.
    let marked = |text, mark| marked(text, mark, !is_path);
    let (trigger, text) = marked(l.text, '|');
    let (negate, word) = marked(text, '!');
    let at = l.text.len() - word.len();
    let value = if is_path { l.absolute(at, word)? } else { l.expand(at, word)? };
    Ok(Check { test: test.to_owned(), trigger, negate, value, origin: l.origin(0, l.text.len()) })
}

/// Is the mark there, and what follows it, without the blanks between if they do not count?
fn marked(text: &str, mark: char, trim: bool) -> (bool, &str) {
    match text.strip_prefix(mark) {
        None => (false, text),
        Some(rest) => (true, if trim { rest.trim_start() } else { rest }),
    }
}
