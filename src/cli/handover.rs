//! Where systemd is the init: what would start or stop a service goes to systemctl(1).
//!
//! RHEL's `functions` and Debian's `40-systemd` do this for shell scripts; a script with its own
//! interpreter gets none of it, so amr does the same: the same verbs, daemon-reload when systemd does
//! not know the unit yet, `SYSTEMCTL_IGNORE_DEPENDENCIES`, masked units left in peace.

use crate::cli::exit::{Answer, Answered, Class};
use crate::host::{Runlevels, runlevel};
use crate::job::context::Context;
use crate::job::outcome::Refused;
use crate::os::capture::capture;
use crate::os::child::{Spec, Stdio, to_end};
use crate::os::features::Features;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What the caller's environment says about handing over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandOverEnv {
    /// `SYSTEMCTL_SKIP_REDIRECT` is set: amr does it itself.
    pub skip: bool,
    /// `SYSTEMCTL_IGNORE_DEPENDENCIES` is set.
    pub ignore_dependencies: bool,
}

/// Where systemctl may be.
const PROGRAMS: [&str; 2] = ["/usr/bin/systemctl", "/bin/systemctl"];

/// How long a question to systemd may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Runs `systemctl VERB UNIT…` in place of amr and answers as it did.
///
/// # Errors
/// There is no systemctl, or it cannot be run.
pub fn systemctl(features: &Features, verb: &str, units: &[String], hand_over: HandOverEnv) -> Answered {
    let mut args: Vec<String> = vec![verb.to_owned()];
    if hand_over.ignore_dependencies {
        args.push("--job-mode=ignore-dependencies".to_owned());
    }
    args.push("--".to_owned());
    args.extend(units.iter().cloned());
    if matches!(verb, "start" | "restart" | "try-restart" | "reload" | "reload-or-restart") {
        for unit in units {
            if ask(unit, "LoadState").as_deref() == Some("not-found") {
                run(features, &["daemon-reload".to_owned()])?;
                break;
            }
        }
    }
    run(features, &args)
}

/// A property of a unit as systemd has it; `None` where it cannot be asked.
#[must_use]
pub fn ask(unit: &str, property: &str) -> Option<String> {
    let spec =
        spec(&["show".to_owned(), "-p".to_owned(), property.to_owned(), "--".to_owned(), unit.to_owned()])?;
    let captured = capture(&spec, 64 * 1024, PATIENCE).ok()?;
    let text = String::from_utf8_lossy(&captured.stdout).into_owned();
    text.lines().find_map(|l| l.strip_prefix(property)?.strip_prefix('=').map(str::to_owned))
}

/// What systemctl prints for these words; `None` where it cannot be asked.
#[must_use]
pub fn query(words: &[&str]) -> Option<String> {
    let args: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    let captured = capture(&spec(&args)?, 256 << 20, PATIENCE).ok()?;
    Some(String::from_utf8_lossy(&captured.stdout).into_owned())
}

/// The runlevel, as runlevel(8) of the host says it where files do not.
#[must_use]
pub fn runlevels(ctx: &Context, environment: Option<&str>) -> Option<Runlevels> {
    runlevel::runlevels(&ctx.root, environment).or_else(|| {
        let program = PathBuf::from("/sbin/runlevel");
        if !ctx.root.is_host() || !program.exists() {
            return None;
        }
        let stdio = [Stdio::Null, Stdio::Inherit, Stdio::Null];
        let spec = Spec { argv: vec!["runlevel".into()], program, stdio, ..Spec::default() };
        let captured = capture(&spec, 4096, PATIENCE).ok()?;
        runlevel::parse(&String::from_utf8_lossy(&captured.stdout))
    })
}

/// `systemctl enable|disable|…` with options, on the host or, by `--root=`, in a tree.
///
/// # Errors
/// There is no systemctl, or it cannot be run.
pub fn unit_files(features: &Features, options: &[String], verb: &str, units: &[String]) -> Answered {
    let mut args = options.to_vec();
    args.extend([verb.to_owned(), "--".to_owned()]);
    args.extend(units.iter().cloned());
    run(features, &args)
}

fn spec(args: &[String]) -> Option<Spec> {
    let program = PROGRAMS.iter().map(PathBuf::from).find(|p| p.exists())?;
    let argv = std::iter::once("systemctl".to_owned()).chain(args.iter().cloned());
    Some(Spec {
        argv: argv.map(OsString::from).collect(),
        env: vec![
            ("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()),
            ("SYSTEMD_PAGER".into(), "".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        program,
        stdio: [Stdio::Null, Stdio::Inherit, Stdio::Inherit],
        ..Spec::default()
    })
}

fn run(features: &Features, args: &[String]) -> Answered {
    let spec = spec(args).ok_or_else(|| Refused {
        class: Class::NotInstalled,
        what: "systemd is the init of this host and systemctl is not there to hand over to".to_owned(),
        hint: None,
    })?;
    to_end(&spec, features).map(Answer::program).map_err(|e| Refused::new(Class::Failed, e.to_string()))
}
