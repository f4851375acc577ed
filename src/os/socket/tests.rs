use super::*;
use crate::os::poll::{Interest, wait};
use crate::os::proc::ProcessId;
use crate::os::root::tests::Scratch;
use nix::sys::socket::{ControlMessage, send, sendmsg};
use std::io::IoSlice;
use std::os::fd::AsFd;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_state_arrives_with_its_sender() {
    let scratch = Scratch::new();
    let host = Root::host().unwrap();
    let path = scratch.0.join("notify");
    let socket = NotifySocket::bind(&host, &path).unwrap();
    assert_eq!(host.lstat(&path).unwrap().mode, 0o666);
    assert_eq!(socket.receive().unwrap(), None);
    notify(path.to_str().unwrap(), "READY=1\nSTATUS=up").unwrap();
    let got = socket.receive().unwrap().unwrap();
    let me = nix::unistd::geteuid().as_raw();
    assert_eq!((got.pid, got.uid), (Some(ProcessId::own()), me));
    assert_eq!(got.bytes, b"READY=1\nSTATUS=up");
    assert!(notify("relative", "READY=1").is_err());
    assert!(notify("/nonexistent/x", "READY=1").unwrap_err().is_not_found());
    assert_eq!(notify("@amr-nobody", "X=1").unwrap_err().errno(), Some(libc::ECONNREFUSED));
    // A second supervisor takes the name over.
    let second = NotifySocket::bind(&host, &path).unwrap();
    notify(path.to_str().unwrap(), "STOPPING=1").unwrap();
    assert!(socket.receive().unwrap().is_none() && second.receive().unwrap().is_some());
}

#[test]
fn uninvited_descriptors_are_closed_and_long_messages_passed_over() {
    let scratch = Scratch::new();
    let host = Root::host().unwrap();
    let path = scratch.0.join("notify");
    let socket = NotifySocket::bind(&host, &path).unwrap();
    let sender = new_socket(SockType::Datagram).unwrap();
    connect(sender.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
    let rights = [writer.as_raw_fd(); 3];
    let control = [ControlMessage::ScmRights(&rights)];
    let flags = MsgFlags::empty();
    sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(b"FDSTORE=1")], &control, flags, None).unwrap();
    drop(writer);
    assert_eq!(socket.receive().unwrap().unwrap().bytes, b"FDSTORE=1");
    // The end of file shows that no copy is open any more.
    assert_eq!(wait(&[(reader.as_fd(), Interest::Read)], Some(SECOND)).unwrap(), [0]);
    send(sender.as_raw_fd(), &vec![b'x'; MESSAGE + 1], flags).unwrap();
    send(sender.as_raw_fd(), b"READY=1", flags).unwrap();
    assert_eq!(socket.receive().unwrap().unwrap().bytes, b"READY=1");
}

#[test]
fn a_conversation_with_time_limits_also_on_long_paths() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let folder = Path::new("/").join("d".repeat(120));
    root.create_dir_all(&folder, 0o700).unwrap();
    let path = folder.join("control");
    assert!(Connection::open(&root, &path, SECOND).unwrap_err().is_not_found());
    let listener = Listener::bind(&root, &path, 0o600).unwrap();
    assert_eq!(root.lstat(&path).unwrap().mode, 0o600);
    assert!(listener.accept().unwrap().is_none());
    let client = Connection::open(&root, &path, SECOND).unwrap();
    let server = listener.accept().unwrap().unwrap();
    assert_eq!(server.peer().unwrap().0, Some(ProcessId::own()));
    client.send(b"stop", SECOND).unwrap();
    client.send(b"status", SECOND).unwrap();
    assert_eq!(server.receive(SECOND).unwrap(), b"stop");
    assert_eq!(server.receive(SECOND).unwrap(), b"status");
    let late = server.receive(Duration::from_millis(20)).unwrap_err();
    assert_eq!(late.errno(), Some(libc::ETIMEDOUT));
    drop(client);
    assert_eq!(server.receive(SECOND).unwrap(), b"");
    assert_eq!(server.send(b"x", SECOND).unwrap_err().errno(), Some(libc::EPIPE));
    drop(listener);
    let refused = Connection::open(&root, &path, SECOND).unwrap_err();
    assert_eq!(refused.errno(), Some(libc::ECONNREFUSED));
}
