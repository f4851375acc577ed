//! What specifiers stand for and conditions are compared with on this host.

use super::environment::of_host;
use crate::cgroup;
use crate::os::root::Root;
use crate::unit::specifier::{Dirs, Facts, HostFacts, LazyFacts, User};
use crate::unit::value::env;
use std::path::Path;

/// For units below `root`, of which `/run` is `runtime_dir`; what the host says is asked when it is needed.
#[must_use]
pub fn facts(root: &Root, runtime_dir: &Path) -> Facts {
    let root = root.clone();
    Facts {
        host: LazyFacts::when_needed(move || host_facts(&root)),
        user: Some(User::default()),
        dirs: Dirs { runtime: runtime_dir.display().to_string(), ..Dirs::default() },
        ..Facts::default()
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
        environment: of_host(root),
        memory: cgroup::memory_in_all(),
        tasks: cgroup::tasks_in_all(),
    }
}

fn fields(text: &str) -> Vec<(String, String)> {
    env::parse_file(text.as_bytes()).vars
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
