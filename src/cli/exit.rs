//! Exit codes: the one place where what a verb answers, or why it was refused, becomes a number.
//!
//! The init door and chkconfig speak LSB (iniscrptact), the hand door speaks systemctl(1).

use super::out;
pub use crate::job::outcome::{Class, Refused};
use std::process::ExitCode;

/// What a verb ends with.
pub type Answered = Result<Answer, Refused>;

/// What a verb answers that was not refused. Its words are printed when it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All went well, also when there was nothing to do.
    Done,
    /// What was asked is not so.
    No,
    /// Not all went well, and why is said.
    Told(Class),
    /// Whether something runs.
    Status(Running),
    /// The number of a drain's verdict, as its report has it.
    Verdict(u8),
    /// What a program ended with that ran in amr's place, or below it.
    Program(u8),
}

impl From<Class> for Answer {
    fn from(class: Class) -> Self {
        if class == Class::Ok { Self::Done } else { Self::Told(class) }
    }
}

impl Answer {
    /// What a program ended with, which is well where that is 0.
    #[must_use]
    pub fn program(code: u8) -> Self {
        if code == 0 { Self::Done } else { Self::Program(code) }
    }
}

/// Whose numbers the caller reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// LSB's, of init scripts.
    Lsb,
    /// systemctl(1)'s.
    Systemctl,
}

impl Codes {
    fn class(self, class: Class) -> u8 {
        match class {
            Class::Ok => 0,
            Class::Failed => 1,
            Class::Usage => 2,
            Class::Unimplemented => 3,
            Class::Privilege => 4,
            Class::NotInstalled => 5,
            Class::NotConfigured => 6,
            Class::NotRunning => match self {
                Self::Lsb => 7,
                Self::Systemctl => 1,
            },
        }
    }

    fn answer(self, answer: Answer) -> u8 {
        match answer {
            Answer::Done => 0,
            Answer::No => 1,
            Answer::Told(class) => self.class(class),
            Answer::Status(running) => running.code(),
            Answer::Verdict(number) | Answer::Program(number) => number,
        }
    }
}

/// LSB's answers to `status`, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Running {
    /// 0
    Yes,
    /// 1: dead, and the pid file is there.
    DeadPidFile,
    /// 2: dead, and the lock file is there.
    DeadLocked,
    /// 3
    No,
    /// 4
    Unknown,
}

impl Running {
    /// LSB's code, and systemctl's.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::DeadPidFile => 1,
            Self::DeadLocked => 2,
            Self::No => 3,
            Self::Unknown => 4,
        }
    }
}

/// Says why a verb was refused.
pub fn print_refused(verb: &str, refused: &Refused) -> Answer {
    out::print_error(verb, &refused.what, refused.hint.as_deref());
    Answer::Told(refused.class)
}

/// The exit code of the process; why the verb was refused is said first.
#[must_use]
pub fn code(verb: &str, answered: Answered, codes: Codes) -> ExitCode {
    ExitCode::from(codes.answer(answered.unwrap_or_else(|refused| print_refused(verb, &refused))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_the_number_that_the_manual_gives_it() {
        let numbers = |answer| (Codes::Lsb.answer(answer), Codes::Systemctl.answer(answer));
        assert_eq!(numbers(Answer::Done), (0, 0));
        assert_eq!(numbers(Answer::No), (1, 1));
        let classes = [
            (Class::Ok, 0, 0),
            (Class::Failed, 1, 1),
            (Class::Usage, 2, 2),
            (Class::Unimplemented, 3, 3),
            (Class::Privilege, 4, 4),
            (Class::NotInstalled, 5, 5),
            (Class::NotConfigured, 6, 6),
            (Class::NotRunning, 7, 1),
        ];
        for (class, lsb, systemctl) in classes {
            assert_eq!(numbers(Answer::from(class)), (lsb, systemctl), "{class:?}");
        }
        for (number, running) in
            [Running::Yes, Running::DeadPidFile, Running::DeadLocked, Running::No, Running::Unknown]
                .into_iter()
                .enumerate()
        {
            assert_eq!(usize::from(running.code()), number);
        }
        assert_eq!((numbers(Answer::Verdict(14)), numbers(Answer::Program(203))), ((14, 14), (203, 203)));
    }
}
