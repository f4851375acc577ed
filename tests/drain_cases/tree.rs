//! A tree that stands for a host: a registry, a configuration, log files and what `/proc` shows.

use amr::drain::inspect::{Options, once};
use amr::drain::judge::file::ShortFiles;
use amr::drain::judge::verdict::Verdict;
use amr::drain::report::Report;
use amr::drain::shipper::Shipper;
use amr::drain::shipper::filebeat::Filebeat;
use amr::os::root::Root;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The log file of most cases.
pub const A: &str = "/var/log/app/a.log";

/// A tree that stands for a host with a running Filebeat.
pub struct Tree {
    pub root: PathBuf,
    pub inputs: String,
    pub log: String,
    pub ops: u64,
    pub held: Vec<(String, u64)>,
    pub alive: bool,
    pub shipper: Option<&'static dyn Shipper>,
    /// `--ignore-short`.
    pub short: Option<ShortFiles>,
}

/// When states were acknowledged: after the last write of every file here.
pub const TIME: &str = "2100-01-01T00:00:00Z";

impl Tree {
    pub fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("amr-drain-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("proc")).unwrap();
        Self {
            root,
            inputs: String::new(),
            log: String::new(),
            ops: 0,
            held: Vec::new(),
            alive: true,
            shipper: Some(&Filebeat),
            short: None,
        }
    }

    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(&path[1..]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A log file, and its inode and device.
    pub fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> (u64, u64) {
        self.put(path, bytes);
        let stat = fs::metadata(self.root.join(&path[1..])).unwrap();
        (stat.ino(), stat.dev())
    }

    pub fn input(&mut self, kind: &str, more: &str) {
        self.inputs += &format!("- type: {kind}\n  paths: [/var/log/app/*.log]\n{more}");
    }

    /// A state of 7.9 and later.
    pub fn set(&mut self, key: &str, value: &str) {
        self.ops += 1;
        let id = self.ops;
        self.log += &format!("{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"{key}\",\"v\":{value}}}\n");
    }

    pub fn log_state(&mut self, path: &str, (ino, dev): (u64, u64), offset: u64) {
        self.log_state_of(path, (ino, dev), offset, "log", "null", "");
    }

    pub fn log_state_of(
        &mut self,
        path: &str,
        (ino, dev): (u64, u64),
        offset: u64,
        kind: &str,
        meta: &str,
        prefix: &str,
    ) {
        let key = format!("filebeat::logs::{prefix}native::{ino}-{dev}");
        let value = format!(
            "{{\"id\":\"{prefix}native::{ino}-{dev}\",\"prev_id\":\"\",\"source\":\"{path}\",\"offset\":{offset},\
             \"timestamp\":[0,4102444800],\"ttl\":-1,\"type\":\"{kind}\",\"meta\":{meta},\
             \"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}},\"identifier_name\":\"native\"}}"
        );
        self.set(&key, &value);
    }

    pub fn filestream(&mut self, identity: &str, path: &str, cursor: &str, more: &str) {
        let key = format!("filestream::app::{identity}");
        let name = identity.split("::").next().unwrap();
        let value = format!(
            "{{\"ttl\":-1,\"updated\":[0,4102444800],\"cursor\":{cursor},\
             \"meta\":{{\"source\":\"{path}\",\"identifier_name\":\"{name}\"{more}}}}}"
        );
        self.set(&key, &value);
    }

    pub fn hold(&mut self, path: &str, read: u64) {
        self.held.push((path.to_owned(), read));
    }

    pub fn old(&self, path: &str) {
        let file = fs::File::options().write(true).open(self.root.join(&path[1..])).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }

    /// Lays everything down and judges.
    pub fn judge(&self) -> (Verdict, Report) {
        self.lay();
        self.judge_what_is_there()
    }

    /// The same of what was laid before.
    pub fn judge_what_is_there(&self) -> (Verdict, Report) {
        let (verdict, report) = self.look().unwrap();
        self.the_same_by_the_command(verdict);
        (verdict, report)
    }

    pub fn lay(&self) {
        let space = if self.inputs.starts_with(' ') { "" } else { "\n" };
        self.put("/etc/filebeat/filebeat.yml", format!("filebeat.inputs:{space}{}", self.inputs));
        if !self.log.is_empty() {
            self.put("/var/lib/filebeat/registry/filebeat/meta.json", "{\"version\":\"1\"}");
            self.put("/var/lib/filebeat/registry/filebeat/log.json", &self.log);
        }
        if self.alive {
            self.process();
        }
    }

    /// Judges what is there.
    pub fn look(&self) -> Result<(Verdict, Report), String> {
        let options = Options { shipper: self.shipper, short: self.short, ..Options::default() };
        let judged = once(&Root::at(&self.root).unwrap(), &options).map_err(|error| error.to_string())?;
        Ok((judged.verdict, judged.report))
    }

    /// The command looks in a process that has given up its rights, where it has some.
    fn the_same_by_the_command(&self, verdict: Verdict) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.arg("--root").arg(&self.root).args(["drain", "--once", "--quiet"]);
        command.args(self.shipper.map(Shipper::name)).args(self.short.map(|_| "--ignore-short"));
        // Where no case has its logs.
        command.args(["--reports", "/reports"]).stdin(Stdio::null());
        let told = command.output().unwrap();
        let said = String::from_utf8_lossy(&told.stderr);
        assert_eq!(told.status.code(), Some(verdict.code().into()), "{verdict:?} in-process, {said}");
    }

    pub fn process(&self) {
        let words = [
            "/usr/share/filebeat/bin/filebeat",
            "--path.home",
            "/usr/share/filebeat",
            "--path.config",
            "/etc/filebeat",
            "--path.data",
            "/var/lib/filebeat",
            "--path.logs",
            "/var/log/filebeat",
            "",
        ];
        let zeros = " 0".repeat(48);
        self.put("/proc/42/stat", format!("42 (filebeat) S 1 42 42{zeros}"));
        self.put("/proc/42/cmdline", words.join("\0"));
        symlink("/usr/share/filebeat/bin/filebeat", self.root.join("proc/42/exe")).unwrap();
        fs::create_dir_all(self.root.join("proc/42/fd")).unwrap();
        for (number, (path, read)) in self.held.iter().enumerate() {
            let number = number + 3;
            symlink(path, self.root.join(format!("proc/42/fd/{number}"))).unwrap();
            let info = format!("pos:\t{read}\nflags:\t0100000\nmnt_id:\t1\n");
            self.put(&format!("/proc/42/fdinfo/{number}"), info);
        }
    }

    /// The configuration as it stands; `inputs` add nothing to it.
    pub fn config(&mut self, yaml: &str) {
        self.inputs = format!(" []\n{yaml}");
    }

    /// The version, as the package's README has it.
    pub fn version(&self, version: &str) {
        self.put("/usr/share/filebeat/README.md", format!("# Welcome to Filebeat {version}\n"));
    }

    /// The state of a filestream input.
    pub fn filestream_of(&mut self, input: &str, path: &str, (ino, dev): (u64, u64), offset: u64) {
        let value = format!(
            "{{\"ttl\":-1,\"updated\":[0,4102444800],\"cursor\":{{\"offset\":{offset}}},\
             \"meta\":{{\"source\":\"{path}\",\"identifier_name\":\"native\"}}}}"
        );
        self.set(&format!("filestream::{input}::native::{ino}-{dev}"), &value);
    }

    pub fn array_state(path: &str, (ino, dev): (u64, u64), offset: u64) -> String {
        format!(
            "{{\"source\":\"{path}\",\"offset\":{offset},\"timestamp\":\"{TIME}\",\"ttl\":-1,\"type\":\"log\",\
             \"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}"
        )
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

pub fn sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn fifo(path: &Path) {
    let status = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(status.success());
}

/// Filebeat's own counters over HTTP, as long as the test runs; the port.
pub fn counters(active: u64, dropped: u64) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = move |mut asker: std::net::TcpStream| {
        let _ = std::io::Read::read(&mut asker, &mut [0; 4096]);
        let body = format!(
            "{{\"filebeat\":{{\"events\":{{\"active\":{active}}}}},\"libbeat\":{{\
             \"output\":{{\"events\":{{\"dropped\":{dropped}}}}},\
             \"pipeline\":{{\"events\":{{\"active\":{active}}}}}}}}}"
        );
        let _ = write!(asker, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    };
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

/// A file whose last line is left out by the configuration, and what the shipper counts as in flight.
pub fn left_out(tree: &mut Tree, active: u64) {
    tree.input("filestream", "  id: app\n  exclude_lines: ['^#']\n");
    tree.inputs += &format!("http.enabled: true\nhttp.port: {}\n", counters(active, 0));
    let (ino, dev) = tree.file(A, "a\n#b\n");
    tree.filestream(&format!("native::{ino}-{dev}"), A, "{\"offset\":2}", "");
    tree.hold(A, 5);
}
