//! For every bench: the program that is measured is the one that ships.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `$AMR_BIN`, or the static release binary, built by `tests/portable.sh`.
pub fn amr() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(path) = std::env::var_os("AMR_BIN") {
        return Ok(std::fs::canonicalize(path)?);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/portable.sh");
    let built = Command::new("bash").arg(script).env_remove("RUSTFLAGS").stderr(Stdio::inherit()).output()?;
    let path = String::from_utf8(built.stdout)?;
    if !built.status.success() {
        return Err("tests/portable.sh failed; a binary can be named in AMR_BIN".into());
    }
    Ok(std::fs::canonicalize(path.trim())?)
}
