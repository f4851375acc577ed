//! Speed of `amr chkconfig` and `amr order`, as whole programs, in CPU time.
//!
//! `cargo bench --bench links` (as root or where users may make namespaces: a folder is mounted over
//! /etc for the time of a run). Reach: `chkconfig --list` of 1 000 services, and `chkconfig NAME on` with
//! an LSB header among 1 000, in at most 1.5 times what a C program takes that reads the same files;
//! `amr order` over 10 000 units in 300 ms, and over twice as many units in at most 2.3 times that. Prints
//! each number and fails when one is missed.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

const AMR: &str = env!("CARGO_BIN_EXE_amr");
const SERVICES: usize = 1_000;
const UNITS: usize = 10_000;
const ROUNDS: usize = 15;

/// Reads what chkconfig reads: the seven folders of links and, in every script, each line up to the
/// header.
const PEER: &str = r##"
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void) {
    char path[512]; long links = 0, found = 0;
    for (int n = 0; n < 7; n++) {
        sprintf(path, "/etc/rc%d.d", n);
        DIR *d = opendir(path); struct dirent *e;
        while (d && (e = readdir(d))) links += e->d_name[0] == 'S' || e->d_name[0] == 'K';
        if (d) closedir(d);
    }
    DIR *d = opendir("/etc/init.d"); struct dirent *e;
    while (d && (e = readdir(d))) {
        if (e->d_name[0] == '.') continue;
        sprintf(path, "/etc/init.d/%s", e->d_name);
        int fd = open(path, O_RDONLY); struct stat st;
        if (fd < 0 || fstat(fd, &st)) return 1;
        char *text = malloc(st.st_size + 1);
        ssize_t size = read(fd, text, st.st_size);
        close(fd);
        if (size < 0) return 1;
        text[size] = 0;
        for (char *line = text; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : 0)
            if (*line == '#') found += !strncmp(line, "# chkconfig:", 12) || !strncmp(line, "# Default-Start:", 16);
        free(text);
    }
    printf("%ld %ld\n", links, found);
    return 0;
}
"##;

fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("amr-bench-links-{}", std::process::id()));
    let done = fs::create_dir_all(&folder).and_then(|()| run(&folder));
    let _ = fs::remove_dir_all(&folder);
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("links: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> io::Result<bool> {
    let mut good = true;
    if !std::env::args().any(|a| a == "order") {
        good &= chkconfig(folder)?;
    }
    if !std::env::args().any(|a| a == "chkconfig") {
        good &= order(folder)?;
    }
    Ok(good)
}

fn chkconfig(folder: &Path) -> io::Result<bool> {
    let peer = folder.join("peer");
    fs::write(folder.join("peer.c"), PEER)?;
    let built = Command::new("gcc").args(["-O2", "-o"]).arg(&peer).arg(folder.join("peer.c")).status()?;
    if !built.success() {
        return Err(io::Error::other("gcc cannot compile the program to compare with"));
    }
    let etc = folder.join("etc");
    services(&etc)?;
    let read = [peer.to_string_lossy().into_owned()];
    let list = [AMR, "chkconfig", "--list"].map(str::to_owned);
    let on = [AMR, "chkconfig", "service0999", "on"].map(str::to_owned);
    let off = [AMR, "chkconfig", "service0999", "off"].map(str::to_owned);
    let times = below(&etc, &[&read, &list, &off, &on])?;
    let [peer, list, _, on] = times.as_slice() else { return Err(io::Error::other("a time is missing")) };
    let mut good = true;
    for (name, time) in [("chkconfig --list", list), ("chkconfig NAME on, LSB", on)] {
        let ratio = time.as_secs_f64() / peer.as_secs_f64();
        good &= ratio <= 1.5;
        println!(
            "{name}, {SERVICES} services: {time:.2?}, the C program {peer:.2?}: {ratio:.2} (at most 1.5)"
        );
    }
    Ok(good)
}

/// A host of `SERVICES` services, all with LSB blocks, each behind one before it, as chkconfig leaves it.
fn services(etc: &Path) -> io::Result<()> {
    fs::create_dir_all(etc.join("init.d"))?;
    // Stands before the os-release of the machine that runs this, which may be a Debian.
    fs::write(etc.join("os-release"), "ID=\"amzn\"\nID_LIKE=\"rhel fedora\"\n")?;
    fs::write(etc.join("passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
    for level in 0..7 {
        fs::create_dir_all(etc.join(format!("rc{level}.d")))?;
    }
    let body =
        "do_start() {\n    # starts it\n    daemon --pidfile=/var/run/x.pid /usr/sbin/x\n}\n".repeat(20);
    for n in 0..SERVICES {
        let name = format!("service{n:04}");
        let depth = n % 40;
        let needs = if depth == 0 { "$network".to_owned() } else { format!("service{:04}", n - 1) };
        let path = etc.join("init.d").join(&name);
        let block = format!(
            "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: {name}\n# Required-Start: {needs}\n# Required-Stop: {needs}\n\
             # Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n# Short-Description: a service\n### END INIT INFO\n{body}"
        );
        fs::write(&path, block)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        for level in 0..7 {
            let link = if (2..=5).contains(&level) {
                format!("S{:02}{name}", 50 + depth)
            } else {
                format!("K{:02}{name}", 50 - depth)
            };
            symlink(format!("../init.d/{name}"), etc.join(format!("rc{level}.d")).join(link))?;
        }
    }
    Ok(())
}

/// The least CPU time of each command over all rounds, with `etc` mounted over /etc.
fn below(etc: &Path, commands: &[&[String]]) -> io::Result<Vec<Duration>> {
    let quote = |w: &String| format!("'{}'", w.replace('\'', "'\\''"));
    let lines: Vec<String> =
        commands.iter().map(|c| c.iter().map(quote).collect::<Vec<_>>().join(" ")).collect();
    // CPU time, so that a busy machine does not change the answer; by bash, so that one namespace does.
    let mut script = format!("mount --bind '{}' /etc || exit 9; TIMEFORMAT='%3U %3S'\n", etc.display());
    script += &format!("for round in $(seq {ROUNDS}); do\n");
    for (at, line) in lines.iter().enumerate() {
        script += &format!(
            "if ! t=$( {{ time {line} >/dev/null 2>&1; }} 2>&1 ); then echo bad {at}; fi; set -- $t; echo {at} $((10#${{1/./}} + 10#${{2/./}}))\n"
        );
    }
    script += "done\n";
    let root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
    let options: &[&str] = if root { &["-m"] } else { &["-rm"] };
    let output = Command::new("unshare")
        .args(options)
        .args(["bash", "-c", &script])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("cannot mount a folder over /etc in a namespace of its own"));
    }
    let mut best = vec![Duration::MAX; commands.len()];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next().and_then(|w| w.parse().ok())) {
            (Some("bad"), Some(at)) => {
                return Err(io::Error::other(format!("command {at} of the bench failed")));
            }
            (Some(at), Some(millis)) => {
                if let Some(slot) = at.parse().ok().and_then(|at: usize| best.get_mut(at)) {
                    *slot = (*slot).min(Duration::from_millis(millis));
                }
            }
            _ => {}
        }
    }
    Ok(best)
}

fn order(folder: &Path) -> io::Result<bool> {
    let mut times = Vec::new();
    for units in [UNITS, 2 * UNITS] {
        let root = folder.join(format!("units-{units}"));
        unit_files(&root, units)?;
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS.min(7) {
            let start = children()?;
            let output =
                Command::new(AMR).arg("--root").arg(&root).args(["order", "--needs", "20min"]).output()?;
            best = best.min(children()?.saturating_sub(start));
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            if !output.status.success() || !text.contains("shutdown-filebeat") {
                let why = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(io::Error::other(format!("amr order failed: {why}")));
            }
        }
        times.push(best);
    }
    let [one, two] = times.as_slice() else { return Err(io::Error::other("a time is missing")) };
    let growth = two.as_secs_f64() / one.as_secs_f64();
    println!("order, {UNITS} units: {one:.1?} (at most 300 ms)");
    println!("order, {} units: {two:.1?}, {growth:.2} times as much (at most 2.3)", 2 * UNITS);
    Ok(*one <= Duration::from_millis(300) && growth <= 2.3)
}

/// The CPU time of all children that have ended.
fn children() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let span = |t: TimeVal| Duration::from_micros((t.tv_sec() * 1_000_000 + t.tv_usec()).unsigned_abs());
    Ok(span(usage.user_time()) + span(usage.system_time()))
}

/// Services in chains of ten, all wanted by multi-user.target, and the hook behind its shipper.
fn unit_files(root: &Path, units: usize) -> io::Result<()> {
    let folder = root.join("usr/lib/systemd/system");
    let wants = root.join("etc/systemd/system/multi-user.target.wants");
    for dir in [&folder, &wants, &root.join("run/systemd/system")] {
        fs::create_dir_all(dir)?;
    }
    let unit = |name: &str, text: String| -> io::Result<()> {
        fs::write(folder.join(name), text)?;
        symlink(format!("/usr/lib/systemd/system/{name}"), wants.join(name))
    };
    for n in 0..units - 2 {
        let after = if n % 10 == 0 { "network.target".to_owned() } else { format!("s{}.service", n - 1) };
        unit(
            &format!("s{n}.service"),
            format!(
                "[Unit]\nDescription=Service {n}\nAfter={after}\nWants={after}\n\n[Service]\nExecStart=/usr/bin/s{n}\n\
                 Restart=always\n\n[Install]\nWantedBy=multi-user.target\n"
            ),
        )?;
    }
    unit("filebeat.service", "[Service]\nExecStart=/usr/bin/filebeat\n".to_owned())?;
    unit(
        "shutdown-filebeat.service",
        "[Unit]\nAfter=filebeat.service network.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n\
         ExecStop=/usr/sbin/amr drain filebeat\nTimeoutStopSec=25min\n"
            .to_owned(),
    )
}
