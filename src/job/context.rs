//! What a request may use: the root, who asks, and facts that are gathered once and late.

use crate::os::clock;
use crate::os::features::Features;
use crate::os::ids;
use crate::os::root::Root;
use crate::supervisor::core::state_dir::{Privilege, StateDir};
use crate::unit::load::search_path;
use crate::unit::specifier::{Dirs, Facts, HostFacts, LazyFacts, User};
use crate::unit::value::utc::Utc;
use std::path::{Path, PathBuf};

/// Everything that is the same for all verbs.
#[derive(Debug)]
pub struct Context {
    /// `/`, or what `--root` names.
    pub root: Root,
    /// Is the caller root?
    pub is_root: bool,
    /// What the kernel may be asked for.
    allowed: Features,
    /// `AMR_FEATURES`: features of the kernel to do without, for supervisors too.
    pub switches: Option<String>,
    /// Where supervisors keep their files.
    pub state_dir: StateDir,
    /// Where unit files are looked for.
    pub unit_paths: Vec<PathBuf>,
}

impl Context {
    /// From what the doors read of argv and environment.
    ///
    /// # Errors
    /// The root is no folder, or `AMR_FEATURES` holds a word that means nothing.
    pub fn new(root: &Path, unit_path: Option<&str>, switches: Option<String>) -> Result<Self, String> {
        let root = if root == Path::new("/") { Root::host() } else { Root::at(root) };
        let root = root.map_err(|e| e.to_string())?;
        let allowed = Features::allowed(switches.as_deref()).map_err(|e| e.to_string())?;
        let is_root = ids::effective_uid() == 0;
        let privilege = if is_root { Privilege::Root } else { Privilege::User };
        let place = StateDir::for_services(root.clone(), privilege);
        Ok(Self { root, is_root, allowed, switches, state_dir: place, unit_paths: search_path(unit_path) })
    }

    /// What the kernel can do, or is said not to. Asked by the few verbs that run a process.
    #[must_use]
    pub fn features(&self) -> Features {
        self.allowed.ask()
    }

    /// Now, by the clock on the wall.
    #[must_use]
    pub fn now() -> Utc {
        let now = clock::realtime();
        Utc(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
    }

    /// What specifiers stand for on this host. `user` is `None` where it is root.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let root = self.root.clone();
        Facts {
            host: LazyFacts::when_needed(move || host_facts(&root)),
            user: Some(User::default()),
            dirs: Dirs { runtime: self.state_dir.runtime_dir.display().to_string(), ..Dirs::default() },
            ..Facts::default()
        }
    }
}

/// What a host says of itself.
fn host_facts(root: &Root) -> HostFacts {
    let text = |path: &str| {
        let bytes = root.read(Path::new(path), 64 * 1024).ok()?;
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    // The kernel's own words are the host's, whatever the root.
    let kernel = |name: &str| {
        let host = Root::host().ok()?;
        let bytes = host.read(&Path::new("/proc/sys/kernel").join(name), 4096).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    let host_name = if root.is_host() { kernel("hostname") } else { text("/etc/hostname") };
    HostFacts {
        pretty_host_name: text("/etc/machine-info").and_then(|t| field(&fields(&t), "PRETTY_HOSTNAME")),
        host_name,
        machine_id: text("/etc/machine-id"),
        boot_id: kernel("random/boot_id").map(|id| id.replace('-', "")),
        kernel_release: kernel("osrelease"),
        architecture: Some(architecture().to_owned()),
        os_release: text("/etc/os-release").or_else(|| text("/usr/lib/os-release")).map(|t| fields(&t)),
        environment: crate::exec::environment::of_host(root),
        memory: crate::cgroup::memory_in_all(),
        tasks: crate::cgroup::tasks_in_all(),
    }
}

fn fields(text: &str) -> Vec<(String, String)> {
    crate::unit::value::env::parse_file(text.as_bytes()).vars
}

fn field(fields: &[(String, String)], name: &str) -> Option<String> {
    fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())
}

/// systemd's word for the architecture that this binary is for (`%a`).
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "x86" => "x86",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64",
        other => other,
    }
}
