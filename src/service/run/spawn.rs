//! From a command of the unit to a process: user, folders, environment, descriptors, limits.
//!
//! What systemd does between fork and exec and answers with a code from 200 on is partly done here,
//! before the fork; a failure is then told as that exit code, as if the process had made it.

use super::environment::{self, Known, SEARCH_PATH};
use super::output::Output;
use super::private_tmp;
use crate::os::cgroup::Group;
use crate::os::child::{self, Bind, Credentials, Cwd, Limit, Spawned, Spec, Stage, Stdio};
use crate::os::error::Error;
use crate::os::features::Features;
use crate::os::ids::{Ids, User, id_number};
use crate::os::root::{Existing, Output as Sink, Root};
use crate::os::socket::NotifySocket;
use crate::service::machine::{Role, Slot};
use crate::service::plan::{ApplyMode, Plan};
use crate::unit::exec::directories::Kind;
use crate::unit::exec::io::{Input, Output as To};
use crate::unit::exec::process::WorkingDirectory;
use crate::unit::model::{ExecCommand, ExecPrivilege};
use crate::unit::value::expand;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whose standard descriptors the main process gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreground {
    /// Those that the unit says.
    No,
    /// The caller's own.
    Yes,
}

/// What a spawn needs besides the command.
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) root: &'a Root,
    pub(super) features: &'a Features,
    pub(super) output: Option<&'a Output>,
    pub(super) notify: Option<&'a NotifySocket>,
    pub(super) group: Option<&'a Group>,
    pub(super) foreground: Foreground,
    /// The OOM score and the limits where the unit says nothing; `None`, or not among them: the
    /// supervisor's own.
    pub(super) oom_score: Option<i32>,
    pub(super) limits: &'a [Limit],
}

/// What became of it.
pub(super) enum Launched {
    /// A process.
    Process(Spawned),
    /// No process, but as if it had exited with the code of this stage.
    Refused(Stage, String),
    /// No process, for want of something: systemd's result `resources`.
    Impossible(String),
}

type Step<T> = Result<T, Launched>;

/// Starts a command. `not_applied` takes what is left out here.
pub(super) fn launch(
    scene: &Scene<'_>,
    slot: Slot,
    index: usize,
    role: Role,
    known: Known,
    not_applied: &mut Vec<String>,
) -> Launched {
    prepare(scene, slot, index, role, known, not_applied)
        .and_then(|spec| child::spawn(&spec, scene.features).map_err(|e| Launched::Impossible(e.to_string())))
        .map_or_else(|failed| failed, Launched::Process)
}

fn prepare(
    scene: &Scene<'_>,
    slot: Slot,
    index: usize,
    role: Role,
    mut known: Known,
    not_applied: &mut Vec<String>,
) -> Step<Spec> {
    let plan = scene.plan;
    let Some(command) = plan.command(slot, index) else {
        return Err(Launched::Impossible(format!("the plan of '{}' lacks a command", plan.unit)));
    };
    let (user, credentials) = identity(scene)?;
    give_socket(scene, credentials.as_ref())?;
    let own = credentials.clone().filter(|_| plan.mode == ApplyMode::Strict).unwrap_or_else(Credentials::own);
    make_folders(scene, &own)?;
    known.user = user;
    let whose = environment::Whose { user: &own, line: command.privilege };
    let (env, kept_out) =
        environment::of(plan, scene.root, &known, (slot, role), whose).map_err(Launched::Impossible)?;
    kept_out.iter().for_each(|why| note(not_applied, why));
    let mut words = command.argv.clone();
    if !command.no_env_expand {
        words = expand::argv(&words, &|name| env.get(name));
    }
    let c = &plan.service.context;
    let mut spec = Spec {
        program: program(scene, command)?,
        argv: words.into_iter().map(Into::into).collect(),
        pid_variables: pid_variables(&env),
        env: env.into_pairs(),
        cwd: working_directory(scene, known.user.as_ref()),
        stdio: stdio(scene, role, &own)?,
        umask: Some(c.process.umask),
        nice: c.scheduling.nice,
        oom_score_adjust: c.process.oom_score_adjust.or(scene.oom_score),
        cpu_affinity: c.scheduling.cpu_affinity.clone(),
        ignore_sigpipe: c.process.ignore_sigpipe,
        new_session: scene.foreground == Foreground::No,
        limits: limits(scene),
        own_keyring: true,
        ..Spec::default()
    };
    restrict(&mut spec, scene, command, credentials);
    if command.privilege != ExecPrivilege::Full {
        spec.binds = binds(scene, &known, not_applied)?;
    }
    if let Some(group) = scene.group {
        let procs = group.procs().map_err(|e| Launched::Refused(Stage::Cgroup, e.to_string()))?;
        spec.cgroup = Some(Arc::new(procs));
        spec.cgroup_folder = group.folder().map(Arc::new);
    }
    if plan.mode == ApplyMode::BestEffort {
        leave_out(&mut spec, not_applied);
    }
    Ok(spec)
}

fn limits(scene: &Scene<'_>) -> Vec<Limit> {
    let said = &scene.plan.service.context.limits.0;
    let silent = scene.limits.iter().filter(|l| !said.contains_key(&l.resource));
    let said = said.iter().map(|(&resource, l)| Limit { resource, soft: l.soft, hard: l.hard });
    silent.copied().chain(said).collect()
}

/// The variables that tell a process that it is meant itself.
fn pid_variables(env: &environment::Environment) -> Vec<&'static str> {
    let mut names = vec!["SYSTEMD_EXEC_PID"];
    if env.get("WATCHDOG_USEC").is_some() {
        names.push("WATCHDOG_PID");
    }
    names
}

/// What the prefixes `+`, `!` and `!!` keep away.
fn restrict(spec: &mut Spec, scene: &Scene<'_>, command: &ExecCommand, credentials: Option<Credentials>) {
    let c = &scene.plan.service.context.capabilities;
    if command.privilege != ExecPrivilege::Full {
        spec.capability_bounding_set = c.bounding_set;
        spec.no_new_privileges = c.no_new_privileges;
    }
    spec.credentials = match command.privilege {
        ExecPrivilege::Normal => credentials,
        ExecPrivilege::Full | ExecPrivilege::NoUser | ExecPrivilege::AmbientFallback => {
            credentials.map(|_| Credentials { uid: 0, gid: 0, groups: Vec::new() })
        }
    };
}

fn note(not_applied: &mut Vec<String>, text: &str) {
    if !not_applied.iter().any(|n| n == text) {
        not_applied.push(text.to_owned());
    }
}

/// The service's own /tmp and /var/tmp. A process below a folder root sees the host's, which are not
/// for amr to cover there.
fn binds(scene: &Scene<'_>, known: &Known, not_applied: &mut Vec<String>) -> Step<Vec<Bind>> {
    if !scene.plan.service.context.mounts.private_tmp {
        return Ok(Vec::new());
    }
    let why = match scene.plan.mode {
        ApplyMode::BestEffort => "PrivateTmp= needs root",
        ApplyMode::Strict if !scene.root.is_host() => "PrivateTmp= is not applied below a folder",
        ApplyMode::Strict if !scene.features.mount_namespace => "PrivateTmp= needs a mount namespace",
        ApplyMode::Strict => {
            return private_tmp::make(scene.root, &scene.plan.unit, &known.invocation_id)
                .map_err(|e| Launched::Refused(Stage::Namespace, e.to_string()));
        }
    };
    note(not_applied, why);
    Ok(Vec::new())
}

/// Takes away what only root may do.
fn leave_out(spec: &mut Spec, not_applied: &mut Vec<String>) {
    let mut note = |what: &str| note(not_applied, &format!("{what} needs root"));
    if spec.credentials.take().is_some() {
        note("the change of user and groups");
    }
    if spec.nice.is_some_and(|n| n < 0) {
        spec.nice = None;
        note("a negative nice level");
    }
    if spec.oom_score_adjust.is_some_and(|n| n < 0) {
        spec.oom_score_adjust = None;
        note("a negative OOM score");
    }
    if spec.capability_bounding_set.take().is_some() {
        note("the capability bounding set");
    }
}

/// Who the process is: the user for the environment, the ids for the kernel. Without `User=` and
/// `Group=` root's own, so that nothing of the caller's groups is passed on.
fn identity(scene: &Scene<'_>) -> Step<(Option<User>, Option<Credentials>)> {
    let c = &scene.plan.service.context.identity;
    let ids = Ids::new(scene.root, scene.features);
    let refuse = |stage: Stage, e: Error| Launched::Refused(stage, e.to_string());
    let user = match &c.user {
        Some(name) => Some(find_user(&ids, name)?),
        None => None,
    };
    let group_id = |name: &String| match ids.group(name).map_err(|e| refuse(Stage::Group, e))? {
        Some(group) => Ok(group.gid),
        None => id_number(name)
            .ok_or_else(|| Launched::Refused(Stage::Group, format!("there is no group '{name}'"))),
    };
    let gid = match (&c.group, &user) {
        (Some(name), _) => group_id(name)?,
        (None, Some(user)) => user.gid,
        (None, None) => 0,
    };
    let mut groups = match &user {
        Some(user) => ids.groups_of(user, gid).map_err(|e| refuse(Stage::Group, e))?,
        None => Vec::new(),
    };
    for name in &c.supplementary_groups {
        let id = group_id(name)?;
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    let asked = user.is_some() || c.group.is_some() || !c.supplementary_groups.is_empty();
    let uid = user.as_ref().map_or(0, |u| u.uid);
    let credentials =
        (asked || scene.plan.mode == ApplyMode::Strict).then_some(Credentials { uid, gid, groups });
    Ok((user, credentials))
}

/// The notify socket is the service's user's, who can be anybody only now.
fn give_socket(scene: &Scene<'_>, owner: Option<&Credentials>) -> Step<()> {
    match (scene.notify, owner, scene.plan.mode) {
        (Some(socket), Some(owner), ApplyMode::Strict) => {
            socket.give_to(owner.uid, owner.gid).map_err(|e| Launched::Impossible(e.to_string()))
        }
        _ => Ok(()),
    }
}

fn find_user(ids: &Ids, name: &str) -> Step<User> {
    match ids.user(name) {
        Ok(Some(user)) => Ok(user),
        // Root needs no entry; any other number does, since the group stands there.
        Ok(None) if id_number(name) == Some(0) => Ok(User::unnamed(0, 0)),
        Ok(None) => Err(Launched::Refused(Stage::User, format!("there is no user '{name}'"))),
        Err(e) => Err(Launched::Refused(Stage::User, e.to_string())),
    }
}

/// `RuntimeDirectory=` and its kin. What the service could have put in their place is refused. A
/// configuration folder that is there stays as it is, as with systemd.
fn make_folders(scene: &Scene<'_>, owner: &Credentials) -> Step<()> {
    for kind in Kind::ALL {
        let stage = match kind {
            Kind::Runtime => Stage::RuntimeDirectory,
            Kind::State => Stage::StateDirectory,
            Kind::Cache => Stage::CacheDirectory,
            Kind::Logs => Stage::LogsDirectory,
            Kind::Configuration => Stage::ConfigurationDirectory,
        };
        let dirs = scene.plan.service.context.directories.of(kind);
        for name in &dirs.names {
            let path = scene.plan.paths.above(kind.above()).join(name);
            let (owner, existing) = match (kind, scene.plan.mode) {
                (Kind::Configuration, _) => (None, Existing::Keep),
                (_, ApplyMode::Strict) => (Some((owner.uid, owner.gid)), Existing::Adopt),
                (_, ApplyMode::BestEffort) => (None, Existing::Adopt),
            };
            let made = scene.root.safe_dir(&path, dirs.mode, owner, existing);
            made.map_err(|e| Launched::Refused(stage, e.to_string()))?;
        }
    }
    Ok(())
}

/// The file to execute: inside the root; a folder root borrows from the host what it has not.
fn program(scene: &Scene<'_>, command: &ExecCommand) -> Step<PathBuf> {
    let inside = |path: &Path| {
        let there = scene.root.is_host() || scene.root.exists(path);
        if there { scene.root.outer(path) } else { path.to_owned() }
    };
    let path = Path::new(&command.path);
    if path.is_absolute() {
        return Ok(inside(path));
    }
    let own = &scene.plan.service.context.environment.search_path;
    let folders: Vec<&str> = if own.is_empty() {
        SEARCH_PATH.split(':').collect()
    } else {
        own.iter().map(String::as_str).collect()
    };
    let host = Root::host().map_err(|e| Launched::Refused(Stage::Exec, e.to_string()))?;
    let executable =
        |p: &PathBuf| [scene.root, &host].iter().any(|r| r.stat(p).is_ok_and(|s| s.mode & 0o111 != 0));
    let found = folders.iter().map(|f| Path::new(f).join(path)).find(executable);
    found
        .map(|p| inside(&p))
        .ok_or_else(|| Launched::Refused(Stage::Exec, format!("cannot find '{}'", command.path)))
}

fn working_directory(scene: &Scene<'_>, user: Option<&User>) -> Cwd {
    let (path, missing_ok) = match &scene.plan.service.context.process.working_directory {
        WorkingDirectory::Root if scene.foreground == Foreground::Yes => return Cwd::Keep,
        WorkingDirectory::Root => (PathBuf::from("/"), false),
        WorkingDirectory::Home { missing_ok } => {
            (user.map_or_else(|| PathBuf::from("/root"), |u| u.home.clone()), *missing_ok)
        }
        WorkingDirectory::Path { path, missing_ok } => (PathBuf::from(path), *missing_ok),
    };
    Cwd::Path { path: scene.root.outer(&path), missing_ok }
}

fn stdio(scene: &Scene<'_>, role: Role, user: &Credentials) -> Step<[Stdio; 3]> {
    if scene.foreground == Foreground::Yes && role == Role::Main {
        return Ok([Stdio::Inherit, Stdio::Inherit, Stdio::Inherit]);
    }
    let c = &scene.plan.service.context.io;
    let fail = |stage: Stage| move |e: Error| Launched::Refused(stage, e.to_string());
    let stdin = match &c.stdin {
        Input::Null => Stdio::Null,
        Input::Tty => console(scene).map_err(fail(Stage::Stdin))?,
        Input::File(path) => {
            opened(scene.root.safe_input(Path::new(path), user)).map_err(fail(Stage::Stdin))?
        }
        Input::Data(bytes) => {
            let run = &scene.plan.paths.run_dir;
            let fd = child::plan_file(bytes, scene.features, scene.root, run).map_err(fail(Stage::Stdin))?;
            Stdio::Fd(Arc::new(fd))
        }
    };
    let stdout = stream(scene, &c.stdout, &Stdio::Null, user).map_err(fail(Stage::Stdout))?;
    let stderr = stream(scene, &c.stderr, &stdout, user).map_err(fail(Stage::Stderr))?;
    Ok([stdin, stdout, stderr])
}

fn stream(scene: &Scene<'_>, wanted: &To, inherited: &Stdio, user: &Credentials) -> Result<Stdio, Error> {
    let file = |path: &String, how: Sink| opened(scene.root.safe_output(Path::new(path), how, user));
    match wanted {
        To::Inherit => Ok(inherited.clone()),
        To::Null => Ok(Stdio::Null),
        To::Tty => console(scene),
        To::Journal | To::JournalConsole => match scene.output {
            Some(output) => Ok(Stdio::Fd(Arc::new(output.writer()?))),
            None => Ok(Stdio::Null),
        },
        To::File(path) => file(path, Sink::Over),
        To::Append(path) => file(path, Sink::Append),
        To::Truncate(path) => file(path, Sink::Truncate),
    }
}

fn console(scene: &Scene<'_>) -> Result<Stdio, Error> {
    opened(scene.root.safe_device(Path::new("/dev/console")))
}

fn opened(file: Result<std::fs::File, Error>) -> Result<Stdio, Error> {
    Ok(Stdio::Fd(Arc::new(OwnedFd::from(file?))))
}
