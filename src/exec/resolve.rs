//! What needs the host, before the fork: users, folders, files, the program. An error is a value: no
//! process, but as if it had exited with the status of the step that systemd would have failed in.

mod directories;
mod identity;
pub(super) mod io;
mod sandbox;

use super::credentials;
use super::descriptors::{Passed, Passing};
use super::environment::{self, RunAs, SEARCH_PATH, Variables};
use super::process::Process;
use super::spaces::Spaces;
use super::stage::Stage;
use crate::os::cgroup::Group;
use crate::os::error::Error;
use crate::os::features::Features;
use crate::os::ids::{Credentials, User};
use crate::os::limits::Limit;
use crate::os::root::{FileKind, Root, Stat};
use crate::os::socket::NotifySocket;
use crate::os::spaces::Space;
use crate::unit::exec::directories::Kind;
use crate::unit::exec::process::WorkingDirectory;
use crate::unit::exec::scheduling;
use crate::unit::exec::{ApplyMode, ExecContext};
use crate::unit::model::{ExecCommand, ExecPrivilege};
use crate::unit::value::expand;
pub use directories::link_target;
use identity::Identity;
use std::cell::{Cell, OnceCell};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A command of a unit that is to become a process.
pub struct Request<'a> {
    /// The unit's name.
    pub unit: &'a str,
    /// What it says of its processes.
    pub context: &'a ExecContext,
    /// The line.
    pub command: &'a ExecCommand,
    /// What each service of the host gets: [`of_host`](super::of_host).
    pub host: &'a [(String, String)],
    /// amr's own variables.
    pub variables: Variables,
    /// Of the run, for its folders.
    pub invocation: &'a str,
    /// May it do what needs root?
    pub mode: ApplyMode,
    /// Where the unit's paths lie.
    pub root: &'a Root,
    /// Folders of this host.
    pub places: HostFolders<'a>,
    /// The namespaces of the run.
    pub spaces: &'a Spaces,
    /// What the kernel can do.
    pub features: &'a Features,
    /// Where output goes that the unit gives to the journal; `None`: nowhere.
    pub log: Option<Arc<OwnedFd>>,
    /// Whose standard descriptors it gets.
    pub streams: Streams,
    /// Which others.
    pub passing: Passing<'a>,
    /// May it read the terminal of the unit?
    pub terminal: bool,
    /// Are the credentials of the unit to be put there first?
    pub credentials: bool,
    /// The socket that the service's user is to speak to.
    pub notify: Option<&'a NotifySocket>,
    /// The group that it enters.
    pub group: Option<&'a Group>,
    /// Those of controllers, besides.
    pub controllers: &'a [Group],
    /// Where the unit says nothing; `None`: that of the supervisor.
    pub oom_score: Option<i32>,
    /// Where the unit says nothing.
    pub limits: &'a [Limit],
}

/// Whose standard descriptors a process gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Those that the unit says.
    Unit,
    /// The supervisor's own.
    Own,
}

/// Folders of the host, inner paths.
#[derive(Clone, Copy, Debug)]
pub struct HostFolders<'a> {
    /// `/run`, or what stands for it.
    pub runtime: &'a Path,
    /// amr's own, for files without a name.
    pub own: &'a Path,
}

impl<'a> HostFolders<'a> {
    /// Where directories of a kind lie.
    #[must_use]
    pub fn above(&self, kind: Kind) -> &'a Path {
        if kind == Kind::Runtime { self.runtime } else { Path::new(kind.above()) }
    }
}

/// Why there is no process.
#[derive(Debug)]
pub enum Refused {
    /// It is as if it had exited with the code of this stage.
    At(Stage, String),
    /// For want of something: systemd's result `resources`.
    Resources(String),
}

type Step<T> = Result<T, Refused>;

/// The doors to the groups of controllers. As with systemd, one that is shut keeps nobody from running.
fn controllers(request: &Request<'_>, not_applied: &mut Vec<String>) -> Vec<OwnedFd> {
    let door = |group: &Group| group.procs().map_err(|e| note(not_applied, &e.to_string())).ok();
    request.controllers.iter().filter_map(door).collect()
}

/// The process that the command is to become; `not_applied` takes what is left out.
///
/// # Errors
/// See [`Refused`].
pub fn resolve(request: &Request<'_>, not_applied: &mut Vec<String>) -> Step<Process> {
    let Identity { user, credentials, groups_of_user } = identity::find(request)?;
    let own =
        credentials.clone().filter(|_| request.mode == ApplyMode::Strict).unwrap_or_else(Credentials::own);
    give_socket(request, credentials.as_ref())?;
    directories::make(request, &own, not_applied)?;
    make_credentials(request, &own)?;
    let command = request.command;
    let whose = RunAs { user: &own, line: command.privilege };
    let passed = Passed::open(request, &own)?;
    let (env, kept_out) =
        environment::build(request, user.as_ref(), whose, &passed).map_err(Refused::Resources)?;
    kept_out.iter().for_each(|why| note(not_applied, why));
    let working_directory = working_directory(request, user.as_ref());
    let enters_as = working_directory.as_deref().and_then(|path| enters_as(request, path, &own));
    let files = io::open(request, &own)?;
    let (program, candidates) = program(request)?;
    let mut process = Process {
        context: request.context.clone(),
        name: command.path.clone(),
        program,
        candidates,
        argv: argv(command, &env),
        pid_variables: pid_variables(request, &env, &passed),
        env: env.into_pairs(),
        stdio: files.stdio,
        passed,
        terminal: files.terminal,
        terminal_owner: user.as_ref().map(|user| user.uid).filter(|_| request.mode == ApplyMode::Strict),
        group: request.group.map(Group::entrance).transpose().map_err(at(Stage::Cgroup))?,
        birth: Cell::default(),
        controllers: controllers(request, not_applied),
        oom_score: request.oom_score,
        limits: request.limits.to_vec(),
        network: sandbox::space(request, Space::Network, not_applied)?,
        ipc: sandbox::space(request, Space::Ipc, not_applied)?,
        users: sandbox::users(request, &own, not_applied),
        apparmor: sandbox::apparmor(request, not_applied),
        view: sandbox::view(request, not_applied)?,
        root: sandbox::root(request)
            .filter(|_| request.mode == ApplyMode::Strict)
            .map(|root| request.root.outer(root)),
        own_folder: request.root.outer(request.places.own),
        credentials,
        working_directory: working_directory.map(|path| request.root.outer(&path)),
        enters_as,
        close_range: request.features.close_range,
        proc_options: request.features.proc_options,
        seccomp: request.features.seccomp,
        image: OnceCell::new(),
    };
    apply_prefixes(&mut process, command.privilege, groups_of_user);
    if request.mode == ApplyMode::BestEffort {
        drop_privileged(&mut process, not_applied);
    }
    Ok(process)
}

/// The words of the command, with what its environment has for their variables.
fn argv(command: &ExecCommand, env: &Variables) -> Vec<OsString> {
    let words = &command.argv;
    let words =
        if command.no_env_expand { words.clone() } else { expand::argv(words, &|name| env.get(name)) };
    words.into_iter().map(Into::into).collect()
}

fn at(stage: Stage) -> impl Fn(Error) -> Refused {
    move |error| Refused::At(stage, error.to_string())
}

/// The variables that tell a process that it is meant itself.
fn pid_variables(request: &Request<'_>, env: &Variables, passed: &Passed) -> Vec<&'static str> {
    let mut names = vec!["SYSTEMD_EXEC_PID"];
    if env.get("WATCHDOG_USEC").is_some() {
        names.push("WATCHDOG_PID");
    }
    let unset = &request.context.environment.unset;
    let is_free = |name: &str| env.get(name).is_none() && !unset.iter().any(|unset| unset == name);
    if passed.count() > 0 && is_free("LISTEN_PID") {
        names.push("LISTEN_PID");
    }
    names
}

/// What the prefixes `+`, `!` and `!!` keep away.
fn apply_prefixes(process: &mut Process, privilege: ExecPrivilege, groups: Vec<u32>) {
    if privilege == ExecPrivilege::Full {
        process.context.drop_sandbox();
    }
    if privilege != ExecPrivilege::Normal {
        process.credentials = process.credentials.take().map(|_| Credentials { uid: 0, gid: 0, groups });
    }
}

/// Takes away what only root may do.
fn drop_privileged(process: &mut Process, not_applied: &mut Vec<String>) {
    let mut note = |what: &str| note(not_applied, &format!("{what} needs root"));
    if process.credentials.take().is_some() {
        note("the change of user and groups");
    }
    let c = &mut process.context;
    if c.scheduling.nice.is_some_and(|n| n < 0) {
        c.scheduling.nice = None;
        note("a negative nice level");
    }
    if c.process.oom_score_adjust.is_some_and(|n| n < 0) {
        c.process.oom_score_adjust = None;
        note("a negative OOM score");
    }
    if c.scheduling.policy.is_some_and(scheduling::Policy::is_realtime) {
        c.scheduling.policy = None;
        note("a real-time policy of the CPU scheduler");
    }
    if std::mem::take(&mut c.capabilities.ambient) != 0 {
        note("the set of ambient capabilities");
    }
    if std::mem::take(&mut c.capabilities.secure_bits) != 0 {
        note("a secure bit");
    }
    if c.capabilities.bounding_set.take().is_some() {
        note("the capability bounding set");
    }
}

fn note(not_applied: &mut Vec<String>, text: &str) {
    if !not_applied.iter().any(|n| n == text) {
        not_applied.push(text.to_owned());
    }
}

/// The notify socket is the service's user's, who can be anybody only now.
fn give_socket(request: &Request<'_>, owner: Option<&Credentials>) -> Step<()> {
    match (request.notify, owner, request.mode) {
        (Some(socket), Some(owner), ApplyMode::Strict) => {
            socket.give_to(owner.uid, owner.gid).map_err(|e| Refused::Resources(e.to_string()))
        }
        _ => Ok(()),
    }
}

/// Those of the unit, for the first command that gets them.
fn make_credentials(request: &Request<'_>, user: &Credentials) -> Step<()> {
    let asked = &request.context.credentials;
    if asked.is_empty() || !request.credentials {
        return Ok(());
    }
    let folder = credentials::folder(request.places.runtime, request.unit);
    credentials::make(request.root, &folder, asked, user).map_err(at(Stage::Credentials))
}

/// The file to execute, and where there is more than one that it could be, all of them: below another root it
/// is looked for when that is there.
fn program(request: &Request<'_>) -> Step<(PathBuf, Vec<PathBuf>)> {
    let path = Path::new(&request.command.path);
    let own = &request.context.environment.search_path;
    let folders: Vec<&str> = if own.is_empty() {
        SEARCH_PATH.split(':').collect()
    } else {
        own.iter().map(String::as_str).collect()
    };
    let all = folders.iter().map(|folder| Path::new(folder).join(path));
    match (sandbox::root(request), path.is_absolute()) {
        (Some(_), true) => Ok((path.to_owned(), Vec::new())),
        (Some(_), false) => Ok((path.to_owned(), all.collect())),
        (None, _) => on_host(request, path, all).map(|path| (path, Vec::new())),
    }
}

/// The one inside the root of all units; a folder root borrows from the host what it has not.
fn on_host(request: &Request<'_>, path: &Path, mut all: impl Iterator<Item = PathBuf>) -> Step<PathBuf> {
    let root = request.root;
    let inside = |path: &Path| {
        let there = root.is_host() || root.exists(path);
        if there { root.outer(path) } else { path.to_owned() }
    };
    if path.is_absolute() {
        return Ok(inside(path));
    }
    let host = Root::host().map_err(at(Stage::Exec))?;
    let is_program = |stat: &Stat| stat.kind == FileKind::Regular && stat.mode & 0o111 != 0;
    let executable = |p: &PathBuf| [root, &host].iter().any(|r| r.stat(p).is_ok_and(|s| is_program(&s)));
    all.find(executable)
        .map(|p| inside(&p))
        .ok_or_else(|| Refused::At(Stage::Exec, format!("cannot find '{}'", request.command.path)))
}

fn working_directory(request: &Request<'_>, user: Option<&User>) -> Option<PathBuf> {
    let path = match &request.context.process.working_directory {
        WorkingDirectory::Root => PathBuf::from("/"),
        WorkingDirectory::Home { .. } => user.map_or_else(|| PathBuf::from("/root"), |u| u.home.clone()),
        WorkingDirectory::Path { path, .. } => PathBuf::from(path),
    };
    // The same folder, seen from outside (`apply_working_directory`).
    let outside = request.context.mounts.root().filter(|_| request.command.at_host_root);
    Some(outside.map_or(path.clone(), |root| root.join(path.strip_prefix("/").unwrap_or(&path))))
}

/// A line that keeps root's rights enters a folder to which others lead as the service's user: else a link
/// that the service has put there would lead root anywhere. So it does below another root, whose links mean
/// other places there.
fn enters_as(request: &Request<'_>, folder: &Path, user: &Credentials) -> Option<Credentials> {
    let outranks = request.command.privilege != ExecPrivilege::Normal && user.uid != 0;
    let alone = || sandbox::root(request).is_none() && request.root.is_alone(folder).unwrap_or(false);
    let leads = folder != Path::new("/") && !alone();
    (outranks && request.mode == ApplyMode::Strict && leads).then(|| user.clone())
}
