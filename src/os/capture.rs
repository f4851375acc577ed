//! Running a short command of the host and taking what it prints, with a limit on both.

use super::child::{Spec, Stdio, spawn};
use super::clock;
use super::error::{Error, Result};
use super::poll::{Interest, wait};
use super::sys;
use super::wait::{Exit, reap};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// What it printed.
    pub stdout: Vec<u8>,
}

/// Starts it with a pipe as standard output and waits until it ends. Past the time or `limit`
/// bytes it is killed, and that is an error.
pub fn capture(spec: &Spec, limit: usize, time: Duration) -> Result<Captured> {
    let fail = |e: Errno| Error::new("run", spec.program.as_path(), e);
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(fail)?;
    let mut spec = spec.clone();
    let [_, stdout, _] = &mut spec.stdio;
    *stdout = Stdio::Fd(Arc::new(writer));
    let child = spawn(&spec)?;
    let program = std::mem::take(&mut spec.program);
    // The last writing end on this side.
    drop(spec);
    let deadline = clock::now().saturating_add(time);
    let read = drain(&reader, limit, deadline);
    if read.is_err() {
        // Unreaped, so the number is still its own.
        let _ = sys::kill(child.pid.get(), libc::SIGKILL);
    }
    let exit = loop {
        if let Some(reaped) = reap(child.pid)? {
            break reaped.exit;
        }
        // Output closed, process still there: look again, ever less than a blink later.
        wait(&[], Some(Duration::from_millis(1)))?;
        if clock::now() > deadline {
            let _ = sys::kill(child.pid.get(), libc::SIGKILL);
        }
    };
    let stdout = read.map_err(|(kind, cause)| Error::other("run", program, kind, cause))?;
    Ok(Captured { exit, stdout })
}

/// Reads to the end of the pipe.
fn drain(
    pipe: &OwnedFd,
    limit: usize,
    deadline: Duration,
) -> std::result::Result<Vec<u8>, (io::ErrorKind, String)> {
    let mut out = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let left = deadline.saturating_sub(clock::now());
        if left.is_zero() {
            return Err((io::ErrorKind::TimedOut, "it did not end in time".to_owned()));
        }
        let ready = wait(&[(pipe.as_fd(), Interest::Read)], Some(left));
        if ready.map_err(|e| (e.kind(), e.cause()))?.is_empty() {
            continue;
        }
        match nix::unistd::read(pipe, &mut chunk) {
            Ok(0) => return Ok(out),
            Ok(n) => out.extend(chunk.iter().take(n)),
            Err(Errno::EINTR) => {}
            Err(e) => return Err((io::Error::from(e).kind(), e.desc().to_owned())),
        }
        if out.len() > limit {
            return Err((io::ErrorKind::FileTooLarge, format!("it prints more than {limit} bytes")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Spec {
        Spec {
            program: "/bin/sh".into(),
            argv: ["sh", "-c", script].map(Into::into).to_vec(),
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            ..Spec::default()
        }
    }

    #[test]
    fn takes_output_and_status() {
        let time = Duration::from_secs(20);
        let got = capture(&sh("echo hi; exit 3"), 99, time).unwrap();
        assert_eq!((got.exit, got.stdout.as_slice()), (Exit::Exited(3), &b"hi\n"[..]));
        let quiet = capture(&sh("exec >&-; sleep 0.05; exit 4"), 99, time).unwrap();
        assert_eq!(quiet.exit, Exit::Exited(4));
    }

    #[test]
    fn both_limits_kill() {
        let e = capture(&sh("exec sleep 60"), 9, Duration::from_millis(50)).unwrap_err();
        assert_eq!(e.to_string(), "cannot run '/bin/sh': it did not end in time");
        let e = capture(&sh("echo 0123456789; exec sleep 60"), 9, Duration::from_secs(20)).unwrap_err();
        assert_eq!(e.cause(), "it prints more than 9 bytes");
    }
}
