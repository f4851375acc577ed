//! What a request may use: the root, who asks, and facts that are gathered once and late.

use crate::exec;
use crate::os::clock;
use crate::os::features::Features;
use crate::os::ids;
use crate::os::root::Root;
use crate::supervisor::core::state_dir::{Privilege, StateDir};
use crate::unit::load::search_path;
use crate::unit::specifier::Facts;
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
        exec::facts(&self.root, &self.state_dir.runtime_dir)
    }
}
