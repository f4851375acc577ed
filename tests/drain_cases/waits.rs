//! Waits in which something else than the files speaks against `drained`, or the configuration changes.

use crate::tree::{A, Tree};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const LINES: &str = "one line\nanother line\n";
const ALL: u64 = LINES.len() as u64;

/// A waiting drain, and what it says.
struct Wait {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Wait {
    fn begin(tree: &Tree) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.arg("--root").arg(&tree.root).args([
            "drain",
            "filebeat",
            "--timeout",
            "30s",
            "--settle",
            "1s",
        ]);
        command.args(["--reports", "/reports"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.contains("waiting"), "{line}");
        Self { child, out }
    }

    /// Still after more time than a look takes that has reason to.
    fn goes_on(&mut self) {
        std::thread::sleep(Duration::from_millis(1500));
        assert!(self.child.try_wait().unwrap().is_none(), "{}", self.rest());
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Its end: the exit code and the last line.
    fn ends(mut self) -> (Option<i32>, String) {
        let rest = self.rest();
        (self.child.wait().unwrap().code(), rest.lines().last().unwrap_or_default().to_owned())
    }
}

/// The shipper acknowledges a file up to there.
fn acknowledge(tree: &mut Tree, path: &str, offset: u64) {
    let file = fs::metadata(tree.root.join(&path[1..])).unwrap();
    let before = tree.log.len();
    tree.log_state(path, (file.ino(), file.dev()), offset);
    let registry = tree.root.join("var/lib/filebeat/registry/filebeat/log.json");
    let mut registry = fs::OpenOptions::new().append(true).open(registry).unwrap();
    registry.write_all(&tree.log.as_bytes()[before..]).unwrap();
}

/// F05: an input was added after the process began. What is left of the others is waited for, and then it is not said
/// that all is.
#[test]
fn a_wait_beside_inputs_that_were_changed_ends_in_doubt() {
    let mut tree = Tree::new("wait-changed");
    tree.input("log", "");
    let id = tree.file(A, LINES);
    tree.log_state(A, id, 9);
    tree.lay();
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    let second = hour_ago.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    tree.put("/proc/stat", format!("cpu 1 2\nbtime {second}\n"));
    let mut wait = Wait::begin(&tree);
    wait.goes_on();
    let inputs = tree.inputs.replace("*.log", "*.txt");
    tree.put("/etc/filebeat/filebeat.yml", format!("filebeat.inputs:\n{}{inputs}", tree.inputs));
    acknowledge(&mut tree, A, ALL);
    let (code, last) = wait.ends();
    assert_eq!(code, Some(11), "{last}");
    assert!(last.contains("changed after its process began") && last.contains("filebeat.yml"), "{last}");
}

/// F06: a module is put where the shipper reads modules again, while a drain waits.
#[test]
fn a_module_that_is_added_in_a_wait_is_waited_for() {
    let mut tree = Tree::new("wait-modules");
    tree.version("8.1.3");
    tree.input("log", "");
    tree.inputs += "filebeat.config.modules: {path: modules.d/*.yml, reload: {enabled: true, period: 1s}}\n";
    fs::create_dir_all(tree.root.join("etc/filebeat/modules.d")).unwrap();
    let id = tree.file(A, LINES);
    tree.log_state(A, id, 9);
    let access = "/var/log/nginx/access.log";
    tree.file(access, LINES);
    tree.lay();
    let mut wait = Wait::begin(&tree);
    let module = "- module: nginx\n  access:\n    enabled: true\n    var.paths: [/var/log/nginx/*.log]\n";
    tree.put("/etc/filebeat/modules.d/nginx.yml", module);
    acknowledge(&mut tree, A, ALL);
    wait.goes_on();
    acknowledge(&mut tree, access, ALL);
    let (code, last) = wait.ends();
    assert_eq!(code, Some(0), "{last}");
}

/// What others can change speaks against `drained`, not against waiting for what is left.
#[test]
fn a_wait_goes_on_where_others_can_change_the_configuration() {
    let mut tree = Tree::new("wait-changeable");
    tree.input("log", "");
    let id = tree.file(A, LINES);
    tree.log_state(A, id, 9);
    tree.lay();
    let folder = tree.root.join("etc/filebeat");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let mut wait = Wait::begin(&tree);
    wait.goes_on();
    acknowledge(&mut tree, A, ALL);
    let (code, last) = wait.ends();
    assert_eq!(code, Some(11), "{last}");
    assert!(last.contains("'/etc/filebeat' can be changed by everybody"), "{last}");
}
