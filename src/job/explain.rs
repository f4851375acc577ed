//! What happened to a unit, in words, and the class of it. Pure but for names of signals.

use super::outcome::{Class, Outcome};
use crate::order::transaction::Activity;
use crate::service::client::{Answer, ClientError, Ended};
use crate::service::machine::{ServiceResult, State};
use crate::service::status::Record;
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
            Outcome::Failed(Class::Failed, format!("the reload failed ({})", result.as_str()))
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

/// Why the last run of a service failed; empty where it did not.
#[must_use]
pub fn failure(record: &Record) -> String {
    if let Some(why) = &record.exec_failure {
        if record.exec_main_status == 0 {
            return why.clone();
        }
        return format!("{why} (status {})", record.exec_main_status);
    }
    let exit = exit(record);
    match record.result.as_str() {
        "success" | "" => String::new(),
        "exit-code" | "signal" | "core-dump" => exit,
        "oom-kill" => "killed by the OOM killer".to_owned(),
        "timeout" => "a time limit was reached".to_owned(),
        "watchdog" => "the watchdog was not fed in time".to_owned(),
        "start-limit-hit" => START_LIMIT.to_owned(),
        "protocol" => "it did not do what its Type= says".to_owned(),
        "resources" => "something that it needs could not be had (resources)".to_owned(),
        other => other.to_owned(),
    }
}

/// How the main process ended last.
#[must_use]
pub fn exit(record: &Record) -> String {
    match record.exec_main_code {
        1 => format!("exited with status {}", record.exec_main_status),
        2 => format!("killed by {}", Signal(record.exec_main_status)),
        3 => format!("killed by {} (core dumped)", Signal(record.exec_main_status)),
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
