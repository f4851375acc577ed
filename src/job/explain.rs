//! What happened to a unit, in words, and the class of it. Pure but for names of signals.

use super::outcome::{Class, Outcome};
use crate::exec::stage::Stage;
use crate::order::transaction::Activity;
use crate::supervisor::client::{Answer, ClientError, Ended};
use crate::supervisor::service::machine::{ServiceResult, State};
use crate::supervisor::service::status::{CommandMark, Record};
use crate::unit::value::Signal;

/// Result=start-limit-hit. A start that is refused by it does not lift it.
const START_LIMIT: &str = "started too often in too short a time (start-limit-hit); \
     'amr reset-failed UNIT' lifts the limit (StartLimitBurst=)";

/// `ActiveState` of a state.
#[must_use]
pub fn activity(state: State) -> Activity {
    Activity::of_word(state.active())
}

/// A job that ended, as an outcome with its sentence.
#[must_use]
pub fn ended(ended: &Ended) -> Outcome {
    match &ended.answer {
        Answer::Started | Answer::Done | Answer::AlreadyDown | Answer::Stopped(_) => Outcome::Done,
        Answer::Reloaded(result) if !result.is_failure() => Outcome::Done,
        Answer::Reloaded(result) => {
            let command = ended.record.as_ref().and_then(Record::failed_reload);
            let why = command.map_or_else(|| result.as_str().to_owned(), command_ended);
            Outcome::Failed(Class::Failed, format!("the reload failed: {why}"))
        }
        Answer::Failed(result, why) => {
            let Some(record) = &ended.record else {
                return Outcome::Failed(Class::Failed, why.clone());
            };
            let class = match record.exec_main_status {
                203 if record.exec_main_code == 1 => Class::NotInstalled,
                _ => Class::Failed,
            };
            // The record keeps how the last run ended, as systemd does.
            let refused = *result == ServiceResult::StartLimitHit;
            let sentence = if refused { START_LIMIT.to_owned() } else { failure(record) };
            let sentence = if sentence.is_empty() { result.as_str().to_owned() } else { sentence };
            let sentence = if why.is_empty() || sentence.contains(why.as_str()) {
                sentence
            } else {
                format!("{sentence}: {why}")
            };
            Outcome::Failed(class, sentence)
        }
    }
}

/// Why the last run of a service failed, and by which of its commands; empty where it did not.
#[must_use]
pub fn failure(record: &Record) -> String {
    let command = record.failed_command();
    let status = command.map_or(record.exec_main_status, |c| c.status);
    let ended = command.filter(|c| c.is_over()).map_or_else(|| exit(record), |c| words(c.code, c.status));
    let why = match (&record.exec_failure, record.result.as_str()) {
        (_, "success" | "") => return String::new(),
        (_, "start-limit-hit") => return START_LIMIT.to_owned(),
        (Some(why), _) if status == 0 => format!(": {why}"),
        (Some(why), _) => match Stage::from_code(status) {
            Some(stage) => format!(": {why} (status {status}/{})", stage.name()),
            None => format!(": {why} (status {status})"),
        },
        (None, "exit-code" | "signal" | "core-dump") if !ended.is_empty() => format!(" {ended}"),
        (None, "exit-code") => " ended, and nobody saw how".to_owned(),
        (None, "oom-kill") => " was killed by the OOM killer".to_owned(),
        (None, "timeout") if command.is_none() && record.failed_in == State::Start.sub() => {
            "the PID file (PIDFile=) named no process of the service within TimeoutStartSec=".to_owned()
        }
        (None, "timeout") => format!(" did not finish within {}", limit(&record.failed_in)),
        (None, "watchdog") => " did not feed the watchdog in time (WatchdogSec=)".to_owned(),
        (None, "protocol") if !ended.is_empty() => format!(" {ended}, and did not do what Type= says"),
        (None, "protocol") => " did not do what Type= says".to_owned(),
        (None, "resources") => ": a resource that it needs was not available (resources)".to_owned(),
        (None, other) => format!(": {other}"),
    };
    match command {
        Some(command) => format!("{}{why}", strings::escape(command.assignment().as_bytes(), &[])),
        None => why.trim_start_matches([':', ' ']).to_owned(),
    }
}

/// The directive whose time was over in a state.
fn limit(sub: &str) -> &'static str {
    match State::from_sub(sub) {
        Some(State::Condition | State::StartPre | State::Start | State::StartPost) => "TimeoutStartSec=",
        Some(State::Running) => "RuntimeMaxSec=",
        Some(
            State::Stop
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalSigterm
            | State::FinalSigkill,
        ) => "TimeoutStopSec=",
        Some(State::StopWatchdog | State::FinalWatchdog) => "TimeoutAbortSec=",
        Some(State::Dead | State::Failed | State::Exited | State::Reload | State::AutoRestart) | None => {
            "the time given"
        }
    }
}

/// `ExecReload=/bin/false exited with status 1`.
fn command_ended(command: &CommandMark) -> String {
    format!(
        "{} {}",
        strings::escape(command.assignment().as_bytes(), &[]),
        words(command.code, command.status)
    )
}

/// How the main process ended last.
#[must_use]
pub fn exit(record: &Record) -> String {
    words(record.exec_main_code, record.exec_main_status)
}

/// How a process ended; empty where it has not, or nobody saw it.
fn words(code: i32, status: i32) -> String {
    match code {
        1 => format!("exited with status {status}"),
        2 => format!("was killed by {}", Signal(status)),
        3 => format!("was killed by {} (core dumped)", Signal(status)),
        _ => String::new(),
    }
}

/// What a client says, as an outcome.
#[must_use]
pub fn client_error(error: &ClientError) -> Outcome {
    let class = match error {
        ClientError::Plan(_) => Class::NotConfigured,
        ClientError::Refused { .. } => Class::NotRunning,
        ClientError::Os(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Class::Privilege,
        ClientError::Timeout { .. } => return Outcome::TimedOut,
        ClientError::Os(_) | ClientError::Switch(_) | ClientError::NotSupervised { .. } => Class::Failed,
    };
    Outcome::Failed(class, error.to_string())
}
