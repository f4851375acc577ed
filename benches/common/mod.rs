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

/// Does nothing: what a start costs at least.
#[allow(dead_code)]
pub const BARE: &str = "int main(void) { return 0; }\n";

/// What a process does not share with others, in KiB, as /proc/PID/smaps_rollup has it.
#[allow(dead_code)]
pub fn private_kib(smaps: &str) -> Result<u64, Box<dyn Error>> {
    let lines = smaps.lines().filter(|line| line.starts_with("Private_"));
    let sizes =
        lines.map(|line| Ok(line.split_whitespace().nth(1).ok_or("no size in smaps")?.parse::<u64>()?));
    sizes.sum()
}

/// Compiles a C program to `place`, static.
#[allow(dead_code)]
pub fn compile(place: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let source = place.with_extension("c");
    std::fs::write(&source, text)?;
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-static", "-o"]).arg(place).arg(&source);
    match gcc.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("gcc of {}: {status}", source.display()).into()),
        Err(error) => Err(format!("cannot run gcc: {error}").into()),
    }
}
