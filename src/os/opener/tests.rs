use super::*;
use crate::os::root::tests::Scratch;
use crate::os::root::{OFlag, Root};

const LIMIT: Duration = Duration::from_secs(5);

/// Answers with the question turned around.
struct Turned;

impl ExtraHandler for Turned {
    fn answer(&mut self, asked: &[u8]) -> Vec<u8> {
        asked.iter().rev().copied().collect()
    }

    fn afterwards(&mut self) {}
}

fn opener(root: &Root) -> Opener {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let root = root.clone();
    std::thread::spawn(move || serve(theirs, &root, b"question", LIMIT, &mut Turned));
    Opener::new(ours, LIMIT)
}

fn at(path: &str) -> RootedPath {
    RootedPath { elsewhere: None, path: Path::new(path).into() }
}

#[test]
fn files_and_folders_are_passed_and_nothing_else() {
    let scratch = Scratch::new();
    let root = scratch.root();
    root.create_dir_all(Path::new("/d"), 0o755).unwrap();
    root.write_atomic(Path::new("/d/f"), b"text", 0o600, crate::os::root::Sync::No).unwrap();
    root.make_fifo(Path::new("/d/p"), 0o600).unwrap();
    let opener = opener(&root);
    let fd = opener.open(at("/d/f"), OFlag::O_RDONLY.bits()).unwrap();
    assert_eq!(std::io::read_to_string(std::fs::File::from(fd)).unwrap(), "text");
    assert!(opener.open(at("/d"), OFlag::O_DIRECTORY.bits()).is_ok());
    assert_eq!(opener.open(at("/d/p"), 0).unwrap_err(), Errno::EACCES);
    // Nobody writes through it, whatever is asked for.
    let fd = opener.open(at("/d/f"), (OFlag::O_RDWR | OFlag::O_TRUNC).bits()).unwrap();
    assert!(std::io::Write::write(&mut std::fs::File::from(fd), b"x").is_err());
    assert_eq!(opener.stat(at("/d/f"), true).unwrap().size, 4);
    assert_eq!(opener.open(at("/d/none"), 0).unwrap_err(), Errno::ENOENT);
    assert_eq!(opener.extra(b"abc", LIMIT).unwrap(), b"cba");
}

#[test]
fn of_processes_what_they_were_told_and_never_their_memory() {
    let opener = opener(&Root::host().unwrap());
    let own = std::process::id();
    let open = |name: &str| opener.open(at(&format!("/proc/{own}/{name}")), 0);
    for passed in ["environ", "cmdline", "stat", "fd", "fdinfo", "fdinfo/0"] {
        assert!(open(passed).is_ok(), "{passed}");
    }
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let held = format!("fd/{}", std::os::fd::AsRawFd::as_raw_fd(&memory));
    for refused in ["mem", "maps", "auxv", "root/proc/1/mem", "task", &held, "../1/mem"] {
        assert_eq!(open(refused).unwrap_err(), Errno::EACCES, "{refused}");
    }
    // Not by way of a root that is none.
    let elsewhere =
        |of: &str| RootedPath { elsewhere: Some(Path::new(of).into()), path: Path::new("/mem").into() };
    for of in [format!("/proc/{own}"), "/proc".into(), "/".into()] {
        assert_eq!(opener.open(elsewhere(&of), 0).unwrap_err(), Errno::EACCES, "{of}");
    }
    let mut files = opener.files(ProcessId::own()).unwrap();
    files.retain(|file| file.link == Text::from(Path::new(&format!("/proc/{own}/mem"))));
    assert_eq!(files.len(), 1, "it is named, and not passed");
    let exe = Path::new("/proc/self/exe");
    assert_eq!(opener.links(&[exe]).unwrap(), [Ok(std::env::current_exe().unwrap())]);
    assert!(opener.processes().unwrap().contains(&i32::try_from(own).unwrap()));
}

#[test]
fn on_a_connection_the_one_question_is_asked() {
    let opener = opener(&Root::host().unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut connection = opener.tcp(listener.local_addr().unwrap(), LIMIT).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    assert_eq!(std::io::read_to_string(&mut peer).unwrap(), "question");
    std::io::Write::write_all(&mut peer, b"answer").unwrap();
    drop(peer);
    assert_eq!(std::io::read_to_string(&mut connection).unwrap(), "answer");
    assert!(std::io::Write::write(&mut connection, b"more").is_err());
    assert!(opener.tcp(([192, 0, 2, 1], 80).into(), LIMIT).is_err(), "not on this host");
}

#[test]
fn who_does_not_answer_is_asked_once() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let opener = Opener::new(ours, LIMIT);
    let limit = Duration::from_millis(30);
    assert_eq!(opener.extra(b"x", limit), None);
    let start = std::time::Instant::now();
    assert_eq!(opener.open(at("/"), 0).unwrap_err(), Errno::ETIMEDOUT);
    assert!(start.elapsed() < Duration::from_secs(1));
}
