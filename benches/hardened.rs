//! The start of a service with everything that a production unit takes away from it (benches/hardened/service.conf),
//! on a host with sysvinit, beside `systemctl start` of the same unit under a booted systemd 252, in turns in the
//! same run; both hosts lie in namespaces (tests/e2e/amrbox).
//!
//! * At most 8 times a bare static fork and exec there, and half of what systemd takes.
//! * The same unit without all that: at most 5 times.
//! * Private memory of its supervisor: at most 96 KiB.
//!
//! `cargo bench --bench hardened`, as root; needs gcc, systemd-nspawn and mmdebstrap. `Type=exec`, so that both are
//! done when the program runs. Prints each number and fails when one is missed.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

mod common;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const HARDENED: &str = include_str!("hardened/service.conf");
const TIMES: &str = include_str!("hardened/times.c");
const SERVICE: &str = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";
/// Turns of both hosts, and starts in each.
const TURNS: usize = 3;
const STARTS: &str = "20";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("hardened: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let folder = std::env::temp_dir().join(format!("amr-bench-hardened-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let measured = measure(&folder);
    fs::remove_dir_all(&folder)?;
    measured
}

fn measure(folder: &Path) -> Result<bool> {
    let programs = Programs::make(folder)?;
    let tree = host_tree()?;
    let (sysv, systemd) = (Host::new("sysv", &tree, &programs)?, Host::new("systemd", &tree, &programs)?);
    sysv.boot("/sbin/init")?;
    systemd.boot("systemd")?;
    systemd.amrbox("booted", &[])?;
    let (mut bare, mut ours, mut plain, mut theirs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        bare.push(sysv.times(&["/usr/sbin/bare"])?);
        ours.push(sysv.starts("/usr/sbin/amr", "hardened")?);
        plain.push(sysv.starts("/usr/sbin/amr", "plain")?);
        theirs.push(systemd.starts("/bin/systemctl", "hardened")?);
    }
    let [bare, ours, plain, theirs] = [bare, ours, plain, theirs].map(best);
    // With one beside it that is like it: pages of the program that it alone had come through would count as its own.
    sysv.exec(&["amr", "start", "hardened", "alike"])?;
    let supervisor = sysv.exec(&["amr", "show", "-p", "SupervisorPID", "--value", "hardened"])?;
    let memory =
        common::private_kib(&sysv.exec(&["cat", &format!("/proc/{}/smaps_rollup", supervisor.trim())])?)?;
    println!("bare fork and exec: {bare} us; systemctl start of the hardened unit: {theirs} us");
    let rows = [
        row("start of the hardened unit", format!("{ours} us"), ours as f64 / bare as f64, 8.0),
        row("the same beside systemctl", format!("{ours} us"), ours as f64 / theirs as f64, 0.5),
        row("start of the plain unit", format!("{plain} us"), plain as f64 / bare as f64, 5.0),
        row("private memory of its supervisor, KiB", format!("{memory} KiB"), memory as f64, 96.0),
    ];
    Ok(rows.into_iter().all(|met| met))
}

fn best(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.first().copied().unwrap_or_default()
}

fn row(what: &str, value: String, got: f64, reach: f64) -> bool {
    let met = got <= reach;
    println!("{what:<40}{value:>12}{got:>9.2}   <= {reach:<8} {}", if met { "met" } else { "MISSED" });
    met
}

/// What is put into both hosts.
struct Programs(Vec<(PathBuf, &'static str)>);

impl Programs {
    fn make(folder: &Path) -> Result<Self> {
        let mut all = vec![(common::amr()?, "amr")];
        for (name, text) in [("bare", common::BARE), ("times", TIMES), ("service", SERVICE)] {
            let place = folder.join(name);
            common::compile(&place, text)?;
            all.push((place, name));
        }
        Ok(Self(all))
    }
}

fn e2e(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e").join(script)
}

fn host_tree() -> Result<String> {
    Ok(said(Command::new(e2e("mkrootfs.sh")))?.trim().to_owned())
}

/// What a command prints; an error where it fails.
fn said(mut command: Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let name =
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    if !output.status.success() {
        return Err(format!("{name}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A host in namespaces, gone with this.
struct Host<'a> {
    name: String,
    tree: &'a str,
}

impl<'a> Host<'a> {
    fn new(init: &str, tree: &'a str, programs: &Programs) -> Result<Self> {
        let host = Self { name: format!("amr-bench-{init}-{}", std::process::id()), tree };
        host.amrbox("new", &[init])?;
        let root = PathBuf::from(host.amrbox("root", &[])?.trim());
        for (program, name) in &programs.0 {
            fs::copy(program, root.join("usr/sbin").join(name))?;
        }
        fs::create_dir_all(root.join("var/lib/service"))?;
        for (name, directives) in [("hardened", HARDENED), ("alike", HARDENED), ("plain", "")] {
            let unit = format!(
                "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\nUser=daemon\nExecStart=/usr/sbin/service\n{directives}"
            );
            fs::write(root.join(format!("etc/systemd/system/{name}.service")), unit)?;
        }
        Ok(host)
    }

    fn amrbox(&self, verb: &str, words: &[&str]) -> Result<String> {
        let mut command = Command::new(e2e("amrbox"));
        command.arg(verb).arg(&self.name).args(words);
        command.env("AMRBOX_TREE", self.tree).env("AMRBOX_OWN", "1");
        said(command)
    }

    fn boot(&self, init: &str) -> Result<()> {
        self.amrbox("boot", &[init]).map(drop)
    }

    fn exec(&self, words: &[&str]) -> Result<String> {
        self.amrbox("exec", words)
    }

    fn times(&self, words: &[&str]) -> Result<u64> {
        let all = [&["/usr/sbin/times", STARTS], words].concat();
        Ok(self.exec(&all)?.trim().parse()?)
    }

    fn starts(&self, program: &str, unit: &str) -> Result<u64> {
        self.times(&[program, "start", unit, "--", program, "stop", unit])
    }
}

impl Drop for Host<'_> {
    fn drop(&mut self) {
        let _ = self.amrbox("rm", &[]);
    }
}
