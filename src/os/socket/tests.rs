use super::*;
use crate::os::poll::{Interest, wait};
use crate::os::proc::ProcessId;
use crate::os::root::tests::Scratch;
use nix::sys::socket::{ControlMessage, send, sendmsg};
use std::io::IoSlice;
use std::os::fd::AsFd;
use std::time::Duration;

/// Listens at a port of 127.0.0.1 that others of this user may share; 0 for one that is free.
#[allow(unsafe_code)]
pub(crate) fn sharing(port: u16) -> std::net::TcpListener {
    use nix::sys::socket::{Backlog, listen, setsockopt, sockopt::ReusePort};
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    setsockopt(&fd, ReusePort, &true).unwrap();
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    let length = size_of_val(&address) as libc::socklen_t;
    // SAFETY: `address` has the size that is told, and lives through the call.
    Errno::result(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) }).unwrap();
    listen(&fd, Backlog::new(1).unwrap()).unwrap();
    fd.into()
}

const SECOND: Duration = Duration::from_secs(1);

/// Bound in a folder of its own, with the path that a service is told.
fn bound(scratch: &Scratch) -> (NotifySocket, std::path::PathBuf) {
    let host = Root::host().unwrap();
    let folder = scratch.0.join("notify.d");
    host.create_dir_all(&folder, 0o700).unwrap();
    let socket = NotifySocket::bind(&host, &folder).unwrap();
    let path = socket.path().to_owned();
    (socket, path)
}

fn message(socket: &NotifySocket) -> Option<Message> {
    socket.receive().unwrap().map(|arrival| arrival.message.unwrap())
}

#[test]
fn a_state_arrives_with_its_sender() {
    let scratch = Scratch::new();
    let host = Root::host().unwrap();
    let (socket, path) = bound(&scratch);
    assert_eq!(host.lstat(&path).unwrap().mode, 0o600);
    assert_eq!(message(&socket), None);
    notify(path.to_str().unwrap(), "READY=1\nSTATUS=up").unwrap();
    let got = message(&socket).unwrap();
    let me = nix::unistd::geteuid().as_raw();
    assert_eq!((got.pid, got.uid), (Some(ProcessId::own()), me));
    assert_eq!(got.bytes, b"READY=1\nSTATUS=up");
    assert!(notify("relative", "READY=1").is_err());
    assert!(notify("/nonexistent/x", "READY=1").unwrap_err().is_not_found());
    assert_eq!(notify("@amr-nobody", "X=1").unwrap_err().errno(), Some(libc::ECONNREFUSED));
    // A second supervisor takes the name over, which the service knows.
    let (second, same) = bound(&scratch);
    assert_eq!(same, path);
    notify(path.to_str().unwrap(), "STOPPING=1").unwrap();
    assert!(message(&socket).is_none() && message(&second).is_some());
}

#[test]
fn its_name_is_told_to_nobody_but_the_service() {
    let scratch = Scratch::new();
    let host = Root::host().unwrap();
    let (socket, path) = bound(&scratch);
    let folder = host.lstat(path.parent().unwrap()).unwrap();
    assert_eq!(folder.mode, 0o711);
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.len() == 12 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    let shown = std::fs::read_to_string("/proc/net/unix").unwrap();
    assert!(shown.contains(scratch.0.join("notify.d/new").to_str().unwrap()) && !shown.contains(name));
    drop(socket);
    host.remove_file(&path).unwrap();
    assert_ne!(bound(&scratch).1, path);
}

#[test]
fn it_is_given_to_the_services_user() {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: only root gives sockets away");
        return;
    }
    let scratch = Scratch::new();
    let host = Root::host().unwrap();
    let (socket, path) = bound(&scratch);
    for ((uid, gid), mode) in [((4711, 4712), 0o600), ((0, 0), 0o666)] {
        socket.give_to(uid, gid).unwrap();
        let stat = host.lstat(&path).unwrap();
        assert_eq!((stat.uid, stat.gid, stat.mode), (uid, gid, mode));
    }
}

fn send_with(sender: &OwnedFd, text: &[u8], fds: &[i32]) {
    let control = [ControlMessage::ScmRights(fds)];
    sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(text)], &control, MsgFlags::empty(), None).unwrap();
}

#[test]
fn uninvited_descriptors_are_closed_and_long_messages_passed_over() {
    let scratch = Scratch::new();
    let (socket, path) = bound(&scratch);
    let sender = new_socket(SockType::Datagram).unwrap();
    connect(sender.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    let flags = nix::fcntl::OFlag::O_CLOEXEC;
    for count in [1, 3, 253] {
        let (reader, writer) = nix::unistd::pipe2(flags).unwrap();
        send_with(&sender, b"FDSTORE=1", &vec![writer.as_raw_fd(); count]);
        drop(writer);
        let arrival = socket.receive().unwrap().unwrap();
        assert_eq!(arrival.message.unwrap().bytes, b"FDSTORE=1");
        // The end of file shows that no copy is open any more, here or in the child.
        assert_eq!(wait(&[(reader.as_fd(), Interest::Read)], Some(SECOND)).unwrap(), [0], "{count}");
        nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(arrival.holder.unwrap().get()), None).unwrap();
    }
    send(sender.as_raw_fd(), &vec![b'x'; MESSAGE + 1], MsgFlags::empty()).unwrap();
    send(sender.as_raw_fd(), b"READY=1", MsgFlags::empty()).unwrap();
    assert_eq!(socket.receive().unwrap().unwrap().message, None);
    let arrival = socket.receive().unwrap().unwrap();
    assert_eq!((arrival.message.unwrap().bytes, arrival.holder), (b"READY=1".to_vec(), None));
}

/// The last close of a TCP socket with SO_LINGER and unsent bytes waits: here 30 s.
#[test]
fn a_descriptor_whose_close_waits_keeps_nobody() {
    use nix::sys::socket::{setsockopt, sockopt};
    use std::io::Write;
    let scratch = Scratch::new();
    let (socket, path) = bound(&scratch);
    let sender = new_socket(SockType::Datagram).unwrap();
    connect(sender.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _server = listener.accept().unwrap();
    client.set_nonblocking(true).unwrap();
    while client.write(&[0; 65536]).is_ok() {}
    setsockopt(&client, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 30 }).unwrap();
    client.set_nonblocking(false).unwrap();
    send_with(&sender, b"X=1", &[client.as_raw_fd()]);
    drop(client);
    let begun = std::time::Instant::now();
    let arrival = socket.receive().unwrap().unwrap();
    assert_eq!(arrival.message.unwrap().bytes, b"X=1");
    assert!(begun.elapsed() < 5 * SECOND, "{:?}", begun.elapsed());
    let holder = nix::unistd::Pid::from_raw(arrival.holder.unwrap().get());
    let _ = nix::sys::signal::kill(holder, nix::sys::signal::Signal::SIGKILL);
    nix::sys::wait::waitpid(holder, None).unwrap();
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
