//! `amr drain --once` and `--last` as they are typed: what is printed, kept and returned, and what a
//! position file that is none does to them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, clippy::print_stdout)]

use amr::drain::report::{Report, Stage};
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A tree that stands for `/`, with one log file of four bytes.
struct Tree(PathBuf);

const LOG: &str = "/logs/a.log";

impl Tree {
    fn new(name: &str) -> Self {
        let tree = Self(std::env::temp_dir().join(format!("amr-drain-once-{}-{name}", std::process::id())));
        let _ = fs::remove_dir_all(&tree.0);
        tree.put("proc/1/stat", "");
        tree.put("logs/a.log", "a\nb\n");
        tree.put("filebeat.yml", "filebeat.inputs:\n- type: log\n  paths: ['/logs/*.log']\n");
        tree.acknowledge(4);
        tree
    }

    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The registry says so much of the log file.
    fn acknowledge(&self, offset: u64) {
        let stat = fs::metadata(self.0.join("logs/a.log")).unwrap();
        let (ino, dev) = (stat.ino(), stat.dev());
        self.put(
            "registry",
            format!(
                "[{{\"source\":\"{LOG}\",\"offset\":{offset},\"timestamp\":\"2100-01-01T00:00:00Z\",\
                 \"ttl\":-1,\"type\":\"log\",\"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}]"
            ),
        );
    }

    fn amr(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.arg("--root").arg(&self.0).args(["drain", "filebeat"]).args(words).output().unwrap()
    }

    fn once(&self, more: &[&str]) -> Output {
        let words = ["--once", "--registry", "/registry", "--config", "/filebeat.yml"];
        self.amr(&[&words, more].concat())
    }

    /// The reports that are kept, the oldest first.
    fn kept(&self) -> Vec<Report> {
        let entries = fs::read_dir(self.0.join("var/log/amr-drain")).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| Report::parse(&fs::read(path).unwrap()).unwrap()).collect()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_verdict_is_the_code_and_the_last_report_is_shown_again() {
    let tree = Tree::new("last");
    let none = tree.amr(&["--last"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("no report was kept in '/var/log/amr-drain'"));
    for (offset, code, words) in [(4, 0, "drained: 0 B left"), (2, 14, "shipper dead: 2 B left")] {
        tree.acknowledge(offset);
        let _ = fs::remove_dir_all(tree.0.join("var"));
        let now = tree.once(&[]);
        assert_eq!((now.status.code(), text(&now.stderr)), (Some(code), String::new()));
        assert!(text(&now.stdout).starts_with(words), "{}", text(&now.stdout));
        let last = tree.amr(&["--last"]);
        assert_eq!((last.status.code(), &last.stdout), (Some(code), &now.stdout));
        let kept = tree.kept();
        assert_eq!((kept.len(), kept[0].stage, i32::from(kept[0].code)), (1, Stage::Once, code));
        let json = tree.amr(&["--last", "--json"]);
        assert_eq!(Report::parse(&json.stdout).unwrap(), kept[0]);
        assert!(tree.amr(&["--last", "--quiet"]).stdout.is_empty());
    }
}

#[test]
fn nobody_gave_up_who_did_not_wait() {
    let tree = Tree::new("not-drained");
    // Whether it runs is not known.
    fs::remove_dir_all(tree.0.join("proc")).unwrap();
    tree.put("logs/b.log", "1\n2\n3\n");
    tree.acknowledge(2);
    let now = tree.once(&[]);
    let said = text(&now.stdout);
    assert_eq!(now.status.code(), Some(13), "{said}");
    assert!(
        said.starts_with("not drained: 8 B in 2 files, 2") && said.contains("(most in '/logs/b.log', 6 B)")
    );
    assert!(said.contains("positions in '/registry': not drained\n") && !said.contains("gave up"), "{said}");
    assert_eq!(text(&tree.amr(&["--last"]).stdout), said);
    tree.acknowledge(4);
    assert!(text(&tree.once(&[]).stdout).starts_with("not drained: 6 B in 1 file, "));
}

#[test]
fn a_report_goes_where_it_is_asked_for_as_well() {
    let tree = Tree::new("report");
    let json = tree.once(&["--json", "--report", "/mine.json"]);
    assert_eq!(json.status.code(), Some(0));
    let mine = Report::parse(&fs::read(tree.0.join("mine.json")).unwrap()).unwrap();
    assert_eq!((&Report::parse(&json.stdout).unwrap(), &mine), (&mine, &tree.kept()[0]));
    let file = &mine.shippers[0].files[0];
    assert_eq!((file.path.as_str(), file.size, file.offset, file.rest), (LOG, 4, Some(4), Some(0)));
    let quiet = tree.once(&["--quiet", "--reports", "/elsewhere"]);
    assert_eq!((quiet.status.code(), quiet.stdout, quiet.stderr), (Some(0), Vec::new(), Vec::new()));
    assert_eq!(fs::read_dir(tree.0.join("elsewhere")).unwrap().count(), 1);
    // What cannot be written is said; the verdict stays what it is.
    let nowhere = tree.once(&["--quiet", "--report", "/none/mine.json"]);
    assert_eq!(nowhere.status.code(), Some(0));
    assert!(text(&nowhere.stderr).contains("/none/mine.json': No such file or directory"));
}

#[test]
fn a_report_is_not_itself_a_file_to_be_shipped_and_takes_the_place_of_no_device() {
    let tree = Tree::new("taken");
    std::os::unix::fs::symlink("logs", tree.0.join("link")).unwrap();
    let fifo = tree.0.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for (path, says) in [
        ("/logs/mine.log", "/logs/mine.log': the shipper takes files of that name"),
        ("/link/mine.log", "/link/mine.log': the shipper takes files of that name"),
        ("/fifo", "/fifo': it is not a regular file"),
    ] {
        let refused = tree.once(&["--quiet", "--report", path]);
        assert_eq!(refused.status.code(), Some(0), "the verdict stays what it is");
        assert!(text(&refused.stderr).contains(says), "{}", text(&refused.stderr));
    }
    assert_eq!(fs::read_dir(tree.0.join("logs")).unwrap().count(), 1);
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&fs::metadata(&fifo).unwrap().file_type()));
    // The folder that is not used is named here as well.
    tree.put("filebeat.yml", "filebeat.inputs:\n- type: log\n  paths: ['/logs/*.log', '/kept/*']\n");
    let moved = tree.once(&["--quiet", "--reports", "/kept"]);
    assert_eq!(
        (moved.status.code(), fs::read_dir(tree.0.join("var/lib/amr-drain")).unwrap().count()),
        (Some(0), 1)
    );
    assert!(
        text(&moved.stderr)
            .contains("kept in '/var/lib/amr-drain', since the shipper takes files from '/kept'")
    );
}

/// On the host itself, without `--root`.
#[test]
fn relative_paths_begin_where_the_caller_stands() {
    let tree = Tree::new("relative");
    let logs = tree.0.join("logs").display().to_string();
    tree.put("filebeat.yml", format!("filebeat.inputs:\n- type: log\n  paths: ['{logs}/*.log']\n"));
    let amr = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.args(words).current_dir(&tree.0).output().unwrap()
    };
    let judged = amr(&[
        "drain",
        "filebeat",
        "--once",
        "--registry",
        "registry",
        "--config",
        "./filebeat.yml",
        "--report",
        "mine.json",
        "--reports",
        "kept",
    ]);
    assert_eq!((judged.status.code(), text(&judged.stderr)), (Some(0), String::new()));
    let mine = Report::parse(&fs::read(tree.0.join("mine.json")).unwrap()).unwrap();
    assert_eq!(mine.shippers[0].positions, tree.0.join("registry").display().to_string());
    assert_eq!(fs::read_dir(tree.0.join("kept")).unwrap().count(), 1);
    // Whatever this host's shutdown is like.
    amr(&["order", "--svg", "way.svg"]);
    assert!(text(&fs::read(tree.0.join("way.svg")).unwrap()).starts_with("<svg "));
}

#[test]
fn what_is_installed_is_found_without_processes() {
    let tree = Tree::new("no-proc");
    fs::create_dir_all(tree.0.join("var/lib/filebeat")).unwrap();
    fs::create_dir_all(tree.0.join("etc/filebeat")).unwrap();
    fs::copy(tree.0.join("registry"), tree.0.join("var/lib/filebeat/registry")).unwrap();
    fs::copy(tree.0.join("filebeat.yml"), tree.0.join("etc/filebeat/filebeat.yml")).unwrap();
    fs::remove_dir_all(tree.0.join("proc")).unwrap();
    let judged = tree.amr(&["--once"]);
    assert_eq!(judged.status.code(), Some(0), "{judged:?}");
    assert!(text(&judged.stdout).contains("positions in '/var/lib/filebeat/registry': drained"));
}

/// A shipper may run although it cannot be seen.
#[test]
fn a_host_that_shows_no_process_is_an_error() {
    let tree = Tree::new("blind");
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_amr"))
        .args(["drain", "filebeat", "--once", "--registry"])
        .arg(tree.0.join("registry"))
        .output()
        .unwrap();
    if text(&output.stderr).contains("unshare") || text(&output.stderr).contains("mount:") {
        println!("left out: no mount namespace of one's own here");
        return;
    }
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
    assert!(text(&output.stderr).contains("'/proc': it shows no process; is it mounted?"), "{output:?}");
}

#[test]
fn what_has_no_meaning_for_a_judgement_at_once_is_refused() {
    let tree = Tree::new("meaning");
    for more in [&["--settle", "5min"][..], &["--exec", "/bin/true"], &["--console"]] {
        let refused = tree.once(more);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(2), String::new()));
        assert!(text(&refused.stderr).contains("'--once' cannot be used with '--"), "{refused:?}");
    }
}

#[test]
fn files_that_are_asked_for_are_shippable_whatever_the_registry_knows() {
    let tree = Tree::new("logs");
    tree.put("other/x.txt", "x\n");
    tree.put("third/y.txt", "y\n");
    assert_eq!(tree.once(&["--quiet"]).status.code(), Some(0));
    let asked = tree.once(&["--logs", "/other/*.txt", "--logs", "/third/**"]);
    let said = text(&asked.stdout);
    assert_eq!(asked.status.code(), Some(14), "{said}");
    assert!(said.contains("/other/x.txt") && said.contains("/third/y.txt"), "{said}");
    assert_eq!(tree.once(&["--quiet", "--logs", "/none/*"]).status.code(), Some(0));
    let relative = tree.once(&["--logs", "*.txt"]);
    assert_eq!((relative.status.code(), text(&relative.stdout)), (Some(1), String::new()));
    assert!(text(&relative.stderr).contains("cannot take --logs: '*.txt' is relative"));
}

#[test]
fn a_bad_position_file_is_an_answer_or_an_error_that_names_it() {
    let tree = Tree::new("bad");
    tree.put("logs/a.log", "");
    let whole = fs::read(tree.0.join("registry")).unwrap();
    let half = &whole[..whole.len() / 2];
    for (bytes, code, says) in [
        (&b""[..], 11, "registry: byte 0: the file is empty"),
        (&[0; 512], 11, "registry: byte 0: the file is empty or begins with NUL bytes"),
        (half, 11, "registry: byte "),
        (b"<xml/>", 11, "registry: byte 0: expected '[' or '{', found '<'"),
        (b"[{\"source\":\"/\\ud800\\n\xff\"}]", 11, "lacks 'FileStateOS'"),
    ] {
        tree.put("registry", bytes);
        let judged = tree.once(&[]);
        assert_eq!(judged.status.code(), Some(code), "{says}: {judged:?}");
        assert!(text(&judged.stdout).contains(says), "{says}: {judged:?}");
    }
    fs::remove_file(tree.0.join("registry")).unwrap();
    let missing = tree.once(&[]);
    assert_eq!((missing.status.code(), text(&missing.stdout)), (Some(1), String::new()));
    assert!(text(&missing.stderr).starts_with("amr: drain: no registry at '/registry'"), "{missing:?}");
    // The same for memlog's two files.
    tree.put("registry/meta.json", "{\"version\":\"1\"}");
    for (name, bytes, says) in [
        (
            "log.json",
            "{\"op\":\"set\",\"id\":1}\n{\"k\":\"filebeat::logs::nat",
            "half-written operation at byte 0",
        ),
        ("log.json", "\0\0\0\0", "log.json: byte 0"),
        (
            "log.json",
            "{\"op\":\"jump\",\"id\":1}\n{\"k\":\"x\"}\n",
            "log.json: byte 0: unknown operation 'jump'",
        ),
        ("9.json", "[\n{\"_key\":\"filebeat::logs::native::1-1\",", "9.json: byte 40"),
        ("9.json", "", "9.json: byte 0: the file is empty"),
    ] {
        tree.put("registry/log.json", "");
        tree.put(&format!("registry/{name}"), bytes);
        let judged = tree.once(&[]);
        let torn = says.starts_with("half");
        assert_eq!(judged.status.code(), Some(if torn { 0 } else { 11 }), "{says}: {judged:?}");
        assert!(text(&judged.stdout).contains(says), "{says}: {judged:?}");
    }
}

/// Runs `amr drain --once` as somebody who is not root, whom permissions bind.
fn once_as_nobody(tree: &Tree, registry: &str) -> Output {
    // The binary may lie where only root comes to.
    let program = tree.0.join("amr");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_amr"), &program).unwrap();
    }
    let mut command = Command::new(program);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    command.arg("--root").arg(&tree.0).args(["drain", "filebeat", "--once", "--registry", registry]);
    command.args(["--config", "/filebeat.yml"]);
    loop {
        match command.output() {
            // A test beside this one has forked while the copy was open for writing.
            Err(e) if e.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            done => return done.unwrap(),
        }
    }
}

#[test]
fn what_may_not_be_read_is_named_and_never_drained() {
    let tree = Tree::new("forbidden");
    tree.put("data/log.json", "");
    tree.put("data/7.json", "[\n]\n");
    tree.put("data/meta.json", "{\"version\":\"1\"}");
    let reports = tree.0.join("var/log/amr-drain");
    fs::create_dir_all(&reports).unwrap();
    fs::set_permissions(&reports, Permissions::from_mode(0o777)).unwrap();
    let whole = once_as_nobody(&tree, "/registry");
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    for (forbidden, registry, named) in [
        ("registry", "/registry", "registry"),
        ("data", "/data", "data"),
        ("data/meta.json", "/data", "data/meta.json"),
        ("data/log.json", "/data", "data/log.json"),
        ("data/7.json", "/data", "data/7.json"),
        ("filebeat.yml", "/registry", "filebeat.yml"),
    ] {
        let path = tree.0.join(forbidden);
        let mode = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
        let said = once_as_nobody(&tree, registry);
        fs::set_permissions(&path, mode).unwrap();
        let error = text(&said.stderr);
        assert_eq!(
            (said.status.code(), text(&said.stdout)),
            (Some(1), String::new()),
            "{forbidden}: {error}"
        );
        assert!(error.contains(&format!("/{named}")) && error.contains("Permission denied"), "{error}");
    }
    // Of logs a verdict can be given, with what could not be seen.
    tree.acknowledge(2);
    for forbidden in ["logs/a.log", "logs"] {
        let path = tree.0.join(forbidden);
        let mode = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
        let said = once_as_nobody(&tree, "/registry");
        fs::set_permissions(&path, mode).unwrap();
        let told = text(&said.stdout);
        assert!(!matches!(said.status.code(), Some(0 | 10)), "{forbidden}: {told}");
        assert!(told.contains(&format!("/{forbidden}")) && told.contains("Permission denied"), "{told}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_said_and_a_reader_that_went_away_is_not() {
    let tree = Tree::new("full");
    let into = |out: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.arg("--root").arg(&tree.0).args(["drain", "filebeat", "--once", "--registry", "/registry"]);
        let mut child =
            command.args(["--config", "/filebeat.yml"]).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let said = child.wait_with_output().unwrap();
        (said.status.code(), text(&said.stderr))
    };
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let words = "amr: cannot write to standard output: No space left on device\n";
    assert_eq!(into(full.into()), (Some(0), words.to_owned()));
    assert_eq!(into(Stdio::piped()), (Some(0), String::new()));
}
