//! `amr chkconfig`, and amr called as chkconfig: prints what `sysv` answers, and hands over where it says so.

use crate::cli::door::CallerEnv;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{exit, handover, out, scripts};
use crate::host::{family, init};
use crate::job::context::Context;
use crate::os::child::{Spec, Stdio, to_end};
use crate::sysv::apply;
use crate::sysv::chkconfig::{
    self, Command, Env, Family, HandOver, HandOverPolicy, Init, Outcome, Privilege,
};
use crate::sysv::level::Runlevel;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// xinetd's own script, which chkconfig calls.
const XINETD: &str = "/etc/init.d/xinetd";

/// DIR of `--root=DIR`.
fn root_of(word: &OsStr) -> Option<&Path> {
    word.as_bytes().strip_prefix(b"--root=").map(|dir| Path::new(OsStr::from_bytes(dir)))
}

/// `program` is the name it was called by; `--root DIR` may come first.
// Its frame is none of a supervisor's, which lives in the same `main`.
#[inline(never)]
pub fn run(program: &str, words: &[OsString], caller_env: &CallerEnv) -> Answered {
    let (root, words) = match words {
        [option, dir, rest @ ..] if option == "--root" => (Path::new(dir), rest),
        [word, rest @ ..] => root_of(word).map_or((Path::new("/"), words), |dir| (dir, rest)),
        [] => (Path::new("/"), words),
    };
    let ctx = Context::new(root, None, caller_env.switches.clone())
        .map_err(|what| Refused::new(Class::Failed, what))?;
    in_tree(&ctx, program, words, caller_env)
}

/// The same, where the root is known.
pub fn in_tree(ctx: &Context, program: &str, words: &[OsString], caller_env: &CallerEnv) -> Answered {
    // An option of ours: what would be done, step by step.
    let (dry, words): (Vec<OsString>, Vec<OsString>) = words.iter().cloned().partition(|w| w == "--dry-run");
    let is_dry = !dry.is_empty();
    let command = match chkconfig::parse(program, &words, caller_env.hand_over.skip) {
        Ok(command) => command,
        Err(usage) => {
            out::eprint_raw(&usage.stderr);
            return Ok(Answer::Told(Class::Failed));
        }
    };
    let mut env = env(ctx, program);
    if !matches!(command, Command::Query { .. } | Command::Version) {
        env.jobs = scripts::jobs(&ctx.root);
    }
    if let Command::Query { level: None, .. } = command {
        let digit =
            handover::runlevels(ctx, caller_env.runlevel.as_deref()).and_then(|l| l.current.to_digit(10));
        env.runlevel = digit.and_then(|d| Runlevel::new(u8::try_from(d).ok()?));
    }
    let outcome = if is_dry {
        let decision = apply::preview(&ctx.root, &command, &env);
        decision.steps.iter().for_each(|step| out::print_raw(&format!("{step}\n")));
        let written = decision.write.iter().map(|(path, _)| format!("write {}\n", path.display()));
        written.for_each(|line| out::print_raw(&format!("{}\n", out::escape(line.trim_end()))));
        let mut outcome = decision.outcome;
        outcome.notes.extend(apply::differences(&ctx.root, &command));
        let calls = std::mem::take(&mut outcome.hand_over);
        calls.iter().for_each(|call| out::print_raw(&format!("run {call}\n")));
        Outcome { reload: false, reload_xinetd: false, ..outcome }
    } else {
        apply::execute(&ctx.root, &command, &env)
    };
    out::print_raw(&outcome.stdout);
    out::eprint_raw(&outcome.stderr);
    outcome.notes.iter().for_each(|note| out::print_error("chkconfig", note, None));
    let mut answer = Answer::program(u8::try_from(outcome.code).unwrap_or(1));
    for program in &outcome.hand_over {
        answer = hand_over(ctx, program);
    }
    // Whether xinetd runs does not matter, as in the real one.
    if outcome.reload_xinetd && ctx.root.is_host() && Path::new(XINETD).exists() {
        let quiet = [Stdio::Null, Stdio::Null, Stdio::Null];
        let argv = vec![XINETD.into(), "reload".into()];
        let env = vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())];
        let spec = Spec { argv, env, program: XINETD.into(), stdio: quiet, ..Spec::default() };
        let _ = to_end(&spec, &ctx.features());
    }
    if outcome.reload {
        hand_over(ctx, &HandOver { program: "systemctl", args: vec!["daemon-reload".into()] });
    }
    Ok(answer)
}

/// What the host is, as chkconfig's rules need to know it; but for the runlevel, which a query needs, and
/// for the jobs of pid 1, which everything else names.
pub fn env(ctx: &Context, program: &str) -> Env {
    let systemd = |running| if running { Init::SystemdRunning } else { Init::SystemdInstalled };
    let may_write = ctx.is_root || !ctx.root.is_host();
    Env {
        program: program.to_owned(),
        privilege: if may_write { Privilege::Full } else { Privilege::None },
        runlevel: None,
        jobs: Vec::new(),
        init: match init::init(&ctx.root) {
            init::Init::Systemd => systemd(ctx.root.is_host() && init::booted_with_systemd(&ctx.root)),
            init::Init::Upstart | init::Init::Sysvinit | init::Init::Openrc | init::Init::Other => Init::Sysv,
        },
        family: family_of(ctx),
        hand_over: if ctx.root.is_host() { HandOverPolicy::Allowed } else { HandOverPolicy::Forbidden },
    }
}

/// Which header the host's tools read.
pub fn family_of(ctx: &Context) -> Family {
    match family::family(&ctx.root) {
        family::Family::Debian => Family::Debian,
        family::Family::RedHat | family::Family::Other => Family::RedHat,
    }
}

/// Runs a program of the host, and answers as it did.
pub fn hand_over(ctx: &Context, what: &HandOver) -> Answer {
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let found = folders.iter().map(|f| Path::new(f).join(what.program)).find(|p| p.exists());
    let Some(program) = found else {
        let what = format!("cannot find '{}' to hand over to", what.program);
        return exit::print_refused("chkconfig", &Refused::new(Class::Failed, what));
    };
    let spec = Spec {
        argv: std::iter::once(OsString::from(what.program)).chain(what.args.iter().cloned()).collect(),
        env: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
        program,
        stdio: [Stdio::Inherit, Stdio::Inherit, Stdio::Inherit],
        ..Spec::default()
    };
    to_end(&spec, &ctx.features()).map_or_else(
        |e| exit::print_refused("chkconfig", &Refused::new(Class::Failed, e.to_string())),
        Answer::program,
    )
}
