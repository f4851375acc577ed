//! Reads a Filebeat's configuration with everything that it includes. A driver: it reads files.

use super::config::{self, Config, Flags};
use crate::os::error::escape;
use crate::os::root::Root;
use std::path::Path;

/// How large a configuration may be.
pub(super) const LARGEST: u64 = 4 << 20;

/// A configuration may include more, and that more: no real one so many.
const INCLUDES: usize = 64;

/// A configuration, and what could not be read of it.
pub(super) struct Loaded {
    pub(super) config: Config,
    /// Each is a sentence.
    pub(super) doubts: Vec<String>,
}

/// Reads a configuration; `folder` is where its includes are looked for (`path.config`).
pub(super) fn load(root: &Root, file: &Path, folder: Option<&Path>, flags: &Flags) -> Loaded {
    let mut doubts = Vec::new();
    let name = escape(file.as_os_str());
    let text = match text(root, file) {
        Ok(text) => text,
        Err(what) => {
            doubts.push(what);
            // The flags count all the same.
            String::new()
        }
    };
    let config = config::read(&name, &text, flags).unwrap_or_else(|error| {
        doubts.push(format!("{name}:{error}"));
        config::read(&name, "", flags).unwrap_or_default()
    });
    let mut loaded = Loaded { config, doubts };
    add_includes(root, folder, &mut loaded);
    loaded
}

fn text(root: &Root, file: &Path) -> Result<String, String> {
    let bytes = root.read(file, LARGEST).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn add_includes(root: &Root, folder: Option<&Path>, loaded: &mut Loaded) {
    let Loaded { config, doubts } = loaded;
    let mut at = 0;
    while let Some(include) = config.includes.get(at).cloned().filter(|_| at < INCLUDES) {
        at += 1;
        let base = folder.unwrap_or(Path::new("/")).join(&include.pattern);
        let files = match base.to_str().map(|pattern| root.glob(pattern)) {
            Some(Ok(files)) => files,
            Some(Err(error)) => {
                doubts.push(error.to_string());
                continue;
            }
            None => continue,
        };
        for file in files {
            let name = escape(file.as_os_str());
            match text(root, &file) {
                Err(what) => doubts.push(what),
                Ok(text) => {
                    if let Err(error) = config.add(include.holds, &name, &text) {
                        doubts.push(format!("{name}:{error}"));
                    }
                }
            }
        }
    }
}
