//! The doors: argv and environment in, printed words and an exit code out.
//!
//! [`door`] decides which one a call comes through: the init door ([`init`]), chkconfig's command
//! line ([`chkconfig`]), or the hand door ([`hand`]). From there the work is the same: units are started
//! and stopped by [`job`](crate::job), [`show`] finds the words.

pub mod args;
mod ask;
mod cgroups;
mod chkconfig;
mod demo;
mod dialect;
mod door;
mod drain;
mod enable;
mod exit;
mod hand;
mod handover;
mod init;
mod logger;
mod logs;
mod order;
mod out;
mod reaction;
mod reload;
mod run;
mod scripts;
mod security;
mod show;
mod start;
mod sysusers;
mod tmpfiles;

use crate::os::{limits, signal, syslog};
use door::{CallerEnv, Door};
use exit::{Class, Codes, Refused};
use logger::Target;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that `argv` names and returns the exit code of the process.
#[must_use]
pub fn main(argv: impl Iterator<Item = OsString>) -> ExitCode {
    if !limits::make_room() {
        return refuse(
            "the caller's limits on memory leave too little to work with".to_owned(),
            "raise them with 'ulimit -v' and 'ulimit -d', or call amr as root",
        );
    }
    let argv: Vec<OsString> = argv.collect();
    // It fails for signals that do not exist, and these do.
    let _ = signal::reset();
    let caller_env = CallerEnv::read();
    let door = door::decide(argv);
    let target = if matches!(door, Door::Supervise(_)) {
        Target::System
    } else if caller_env.journal.as_deref().is_some_and(syslog::is_journal) {
        Target::Journal
    } else {
        Target::Terminal
    };
    logger::install(target, caller_env.log.as_deref());
    if door.has_jobs()
        && let Err(short) = limits::lift()
    {
        let what = format!(
            "the caller's limit on '{}' is {} and cannot be raised: amr needs {}",
            short.name, short.have, short.needed
        );
        return refuse(what, "raise it with ulimit or prlimit, or call amr as root");
    }
    match door {
        Door::Init(words) => exit::code("initd", init::run(&words, &caller_env), Codes::Lsb),
        Door::CarriageReturn(words) => exit::code("initd", init::carriage_return(&words), Codes::Lsb),
        Door::Chkconfig(program, words) => {
            exit::code("chkconfig", chkconfig::run(&program, &words, &caller_env), Codes::Lsb)
        }
        Door::Supervise(words) => exit::code("supervise", run::supervise(&words), Codes::Systemctl),
        Door::Hand(argv) => {
            let (verb, answered) = hand::run(argv, &caller_env);
            exit::code(&verb, answered, Codes::Systemctl)
        }
    }
}

/// A limit of the caller's under which amr cannot work.
fn refuse(what: String, hint: &str) -> ExitCode {
    let refused = Refused { class: Class::Failed, what, hint: Some(hint.to_owned()) };
    exit::code("start-up", Err(refused), Codes::Systemctl)
}
