//! What commands and supervisors say to each other through the control socket: one packet, one message.
//!
//! | request | answers |
//! |---|---|
//! | `start` | `started`, `done` (over, and well), `failed RESULT`, `later` (it is going down) |
//! | `stop`, `stop-restart` | `stopped RESULT`, `stopped-yours RESULT` (the first who asked sees to the others) |
//! | `reload` | `reloaded RESULT`, `refused WHY` |
//! | `kill SIGNAL main\|control\|all` | `ok`, `refused WHY` |
//! | `reset-failed` | `ok` |
//! | `concerns` | `ok` |
//! | `replan` (the plan in the unit's folder counts from now on) | `ok`, `refused WHY` |
//!
//! Before it stands the [version](crate::supervisor::core::version) in which it is said, `2 start`; without one it is
//! version 1. A request is answered in its own version, so that an older command understands the answer; one
//! in a newer version with `speaks VERSION`, and it is asked again in that. (A supervisor of version 1, which
//! knows no number, says `refused unknown request`.) The first line of the pipe to the starter of a
//! supervisor is an answer, too: further ones are `busy` and `error WHY`.
//!
//! Pure.

use super::machine::ServiceResult;
use crate::supervisor::core::frame::{frame, unframe};
use crate::supervisor::core::version::{FIRST, VERSION};

/// What a command wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Be up.
    Start,
    /// Be down.
    Stop,
    /// Be down, to be started again.
    StopForRestart,
    /// Read the configuration again (`ExecReload=`, or SIGHUP of `Type=notify-reload`).
    Reload,
    /// Send a signal by its number.
    Kill(i32, Who),
    /// Forget a failure and the starts that were counted.
    ResetFailed,
    /// Know that the end concerns others from now on.
    Concerns,
    /// Go by the plan that was put into the unit's folder. Not before version 3.
    Replan,
}

/// To whom a signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Who {
    Main,
    Control,
    All,
}

impl Who {
    const WORDS: [(Self, &'static str); 3] =
        [(Self::Main, "main"), (Self::Control, "control"), (Self::All, "all")];
}

/// What a supervisor answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is active.
    Started,
    /// It ran and ended well.
    Done,
    /// The start failed: with this result, and why a step before exec failed (empty where none did).
    Failed(ServiceResult, String),
    /// It is down.
    Stopped(ServiceResult),
    /// The same, and whoever asked sees to those whom that concerns. Not before version 3.
    StoppedYours(ServiceResult),
    /// The reload is over.
    Reloaded(ServiceResult),
    /// It goes down: ask again after that.
    Later,
    /// The unit has another supervisor.
    Busy,
    /// Done as asked.
    Ok,
    /// It will not do that.
    Refused(String),
    /// It could not begin its work.
    Error(String),
    /// The request was in a version that it does not know; this one it does.
    Speaks(u32),
}

/// What a supervisor of version 1 says to a number, and each to a word that is no request.
const UNKNOWN: &str = "unknown request";

impl Request {
    fn text(self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Stop => "stop".to_owned(),
            Self::StopForRestart => "stop-restart".to_owned(),
            Self::Reload => "reload".to_owned(),
            Self::Kill(signal, who) => {
                let word = Who::WORDS.iter().find(|(w, _)| *w == who).map_or("all", |(_, word)| word);
                format!("kill {signal} {word}")
            }
            Self::ResetFailed => "reset-failed".to_owned(),
            Self::Concerns => "concerns".to_owned(),
            Self::Replan => "replan".to_owned(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(match *words.as_slice() {
            ["start"] => Self::Start,
            ["stop"] => Self::Stop,
            ["stop-restart"] => Self::StopForRestart,
            ["reload"] => Self::Reload,
            ["kill", signal, who] => {
                let (who, _) = Who::WORDS.iter().find(|(_, word)| *word == who)?;
                Self::Kill(signal.parse().ok()?, *who)
            }
            ["reset-failed"] => Self::ResetFailed,
            ["concerns"] => Self::Concerns,
            ["replan"] => Self::Replan,
            _ => return None,
        })
    }

    /// The packet, in a version.
    #[must_use]
    pub fn encode(self, version: u32) -> Vec<u8> {
        frame(version, &self.text()).into_bytes()
    }

    /// From a packet, with the version in which to answer.
    ///
    /// # Errors
    /// What to answer instead.
    pub fn decode(packet: &[u8]) -> (u32, Result<Self, Reply>) {
        let text = String::from_utf8_lossy(packet);
        let (version, rest) = unframe(&text);
        if version > VERSION {
            return (VERSION, Err(Reply::Speaks(VERSION)));
        }
        (version, Self::read(rest).ok_or_else(|| Reply::Refused(UNKNOWN.to_owned())))
    }
}

impl Reply {
    fn unknown(line: &str) -> Self {
        Self::Error(format!("unknown answer '{line}'"))
    }

    /// The words, without a version.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Started => "started".to_owned(),
            Self::Done => "done".to_owned(),
            Self::Failed(result, why) => format!("failed {} {why}", result.as_str()).trim_end().to_owned(),
            Self::Stopped(result) => format!("stopped {}", result.as_str()),
            Self::StoppedYours(result) => format!("stopped-yours {}", result.as_str()),
            Self::Reloaded(result) => format!("reloaded {}", result.as_str()),
            Self::Later => "later".to_owned(),
            Self::Busy => "busy".to_owned(),
            Self::Ok => "ok".to_owned(),
            Self::Refused(why) => format!("refused {why}"),
            Self::Error(why) => format!("error {why}"),
            Self::Speaks(version) => format!("speaks {version}"),
        }
    }

    /// The packet, in a version.
    #[must_use]
    pub fn encode(&self, version: u32) -> Vec<u8> {
        frame(version, &self.text()).into_bytes()
    }

    /// From a packet, or the first line of a pipe. A word that is none is an error with that text.
    #[must_use]
    pub fn decode(packet: &[u8]) -> Self {
        let text = String::from_utf8_lossy(packet);
        let (version, line) = unframe(text.lines().next().unwrap_or_default());
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (result, why) = rest.split_once(' ').unwrap_or((rest, ""));
        let result = ServiceResult::parse(result).unwrap_or_default();
        match word {
            "started" => Self::Started,
            "done" => Self::Done,
            "failed" => Self::Failed(result, why.to_owned()),
            "stopped" => Self::Stopped(result),
            "stopped-yours" => Self::StoppedYours(result),
            "reloaded" => Self::Reloaded(result),
            "later" => Self::Later,
            "busy" => Self::Busy,
            "ok" => Self::Ok,
            "refused" if version == FIRST && rest == UNKNOWN => Self::Speaks(FIRST),
            "refused" => Self::Refused(rest.to_owned()),
            "error" => Self::Error(rest.to_owned()),
            "speaks" => rest.parse().map_or_else(|_| Self::unknown(line), Self::Speaks),
            _ => Self::unknown(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUESTS: [Request; 8] = [
        Request::Start,
        Request::Stop,
        Request::StopForRestart,
        Request::Reload,
        Request::Kill(15, Who::Control),
        Request::ResetFailed,
        Request::Concerns,
        Request::Replan,
    ];

    fn replies() -> Vec<Reply> {
        use ServiceResult::{ExitCode, Success};
        let why = || "step failed".to_owned();
        let mut all = vec![Reply::Started, Reply::Done, Reply::Later, Reply::Busy, Reply::Ok];
        all.extend([Reply::Failed(ExitCode, why()), Reply::Failed(ExitCode, String::new())]);
        all.extend([Reply::Stopped(Success), Reply::Reloaded(ExitCode)]);
        all.extend([Reply::StoppedYours(ExitCode)]);
        all.extend([Reply::Refused(why()), Reply::Error(why()), Reply::Speaks(2)]);
        all
    }

    #[test]
    fn messages_come_through_in_each_version() {
        for version in FIRST..=VERSION {
            for request in REQUESTS {
                assert_eq!(Request::decode(&request.encode(version)), (version, Ok(request)));
            }
            for reply in replies() {
                assert_eq!(Reply::decode(&reply.encode(version)), reply);
            }
        }
    }

    /// What the binary of version 1 was seen to send and to understand, word by word.
    #[test]
    fn the_words_of_version_1_stay() {
        let said: Vec<String> =
            REQUESTS.iter().map(|r| String::from_utf8(r.encode(FIRST)).unwrap()).collect();
        let right = ["start", "stop", "stop-restart", "reload", "kill 15 control", "reset-failed"];
        assert_eq!(said.get(..6).unwrap(), right);
        let old = replies().into_iter().filter(|reply| !matches!(reply, Reply::StoppedYours(_)));
        let said: Vec<String> = old.map(|r| String::from_utf8(r.encode(FIRST)).unwrap()).collect();
        let right = "started|done|later|busy|ok|failed exit-code step failed|failed exit-code|\
                     stopped success|reloaded exit-code|refused step failed|error step failed|speaks 2";
        assert_eq!(said.join("|"), right);
        assert_eq!(Request::decode(b"2 start"), (2, Ok(Request::Start)));
        assert_eq!(Reply::decode(b"refused unknown request"), Reply::Speaks(FIRST));
        assert_eq!(
            Reply::decode(b"refused it has no ExecReload="),
            Reply::Refused("it has no ExecReload=".into())
        );
    }

    #[test]
    fn a_newer_request_is_told_what_is_spoken_here() {
        let (version, refused) = Request::decode(b"9 start {}");
        assert_eq!((version, refused), (VERSION, Err(Reply::Speaks(VERSION))));
        let unknown = Err(Reply::Refused(UNKNOWN.to_owned()));
        assert_eq!(Request::decode(b"dance"), (FIRST, unknown.clone()));
        assert_eq!(Request::decode(b"2 dance"), (2, unknown));
        assert_eq!(Reply::decode(b"3 hovering"), Reply::Error("unknown answer 'hovering'".to_owned()));
    }
}
