//! Asks Filebeat's own HTTP endpoint, on this host and within a time limit.
//!
//! Only loopback addresses and unix sockets are asked: amr runs as root and a drain must not depend
//! on a network, nor tell a stranger that it runs. One request, one answer, HTTP/1.0, so that the
//! answer ends where the connection does. A driver: it talks.

use crate::drain::shipper::interface::QUESTION;
use crate::drain::shipper::listener::{At, OwnListener};
use crate::os::clock;
use crate::os::error::escape;
use crate::os::opener::Opener;
use crate::os::proc::ProcessId;
use crate::os::socket::connect_now;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

/// The port that Filebeat takes by itself (`http.port`).
pub const PORT: u16 = 5066;
/// `/stats` has some 10 KiB.
const LARGEST: usize = 4 << 20;

/// Where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A loopback address.
    Tcp(SocketAddr),
    /// A socket's path.
    Unix(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => f.write_str(&escape(path.as_os_str())),
        }
    }
}

impl Endpoint {
    /// The endpoint that `http.host` and `http.port` name; `None` if it is not on this host alone.
    #[must_use]
    pub fn parse(host: &str, port: u16) -> Option<Self> {
        if let Some(path) = host.strip_prefix("unix://") {
            return path.starts_with('/').then(|| Self::Unix(path.into()));
        }
        let host = host.strip_prefix("http://").unwrap_or(host);
        let address = match host {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            // Listening everywhere is listening on loopback too.
            "0.0.0.0" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            "::" => IpAddr::V6(Ipv6Addr::LOCALHOST),
            other => other.parse().ok()?,
        };
        address.is_loopback().then(|| Self::Tcp(SocketAddr::new(address, port)))
    }
}

/// Why there are no counters.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens, the answer is none, is not 200, or does not come in time.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another process listens there than the one that is meant.
    #[error("who listens there is not known to be process {0}")]
    Another(ProcessId),
}

/// Its counters: the body of the answer to [`QUESTION`]. The process that opens files asks, where there is one.
/// `own`: the process that must be the one that answers; any may where there is none.
///
/// # Errors
/// See [`Error`]. An answer takes `limit` at most.
pub fn stats(
    endpoint: &Endpoint,
    opener: Option<&Opener>,
    own: Option<OwnListener<'_>>,
    limit: Duration,
) -> Result<Vec<u8>, Error> {
    let deadline = clock::now().saturating_add(limit);
    match endpoint {
        Endpoint::Tcp(address) => {
            let sockets = own.map(|own| own_sockets(own, *address)).transpose()?;
            let asked = match opener {
                Some(opener) => opener.tcp(*address, limit)?,
                None => ask(TcpStream::connect_timeout(address, limit)?)?,
            };
            let answer = read_response(asked, deadline, |stream, left| stream.set_read_timeout(left))?;
            match own.zip(sockets) {
                Some((own, sockets)) if !own.is_still(&sockets, *address) => Err(Error::Another(own.process)),
                Some(_) | None => Ok(answer),
            }
        }
        Endpoint::Unix(path) => {
            let asked = match opener {
                Some(opener) => opener.unix(path, limit)?,
                None => ask(connect_now(path)?)?,
            };
            match own {
                Some(own) if !own.is_at_end_of(&asked) => Err(Error::Another(own.process)),
                Some(_) | None => {
                    Ok(read_response(asked, deadline, |stream, left| stream.set_read_timeout(left))?)
                }
            }
        }
    }
}

fn own_sockets(own: OwnListener<'_>, address: SocketAddr) -> Result<Vec<u64>, Error> {
    match own.at(address) {
        At::Own(sockets) => Ok(sockets),
        At::Another => Err(Error::Another(own.process)),
        At::Nobody => Err(io::Error::from(io::ErrorKind::ConnectionRefused).into()),
    }
}

/// Asks; some forty bytes fit into any socket.
fn ask<S: Write>(mut stream: S) -> io::Result<S> {
    stream.write_all(QUESTION).map(|()| stream)
}

fn left(deadline: Duration) -> io::Result<Duration> {
    let left = deadline.saturating_sub(clock::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The answer.
fn read_response<S: Read>(
    mut stream: S,
    deadline: Duration,
    limit: impl Fn(&S, Option<Duration>) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    let mut piece = [0; 8192];
    loop {
        limit(&stream, Some(left(deadline)?))?;
        match stream.read(&mut piece) {
            Ok(0) => return body(&answer).map(<[u8]>::to_vec),
            Ok(count) => answer.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if answer.len() > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer does not end"));
        }
    }
}

/// What stands behind the head of a whole answer.
fn body(answer: &[u8]) -> io::Result<&[u8]> {
    let wrong = |cause: &str| io::Error::new(io::ErrorKind::InvalidData, cause.to_owned());
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(|| wrong("expected an HTTP answer"))?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    let body = answer.get(end + 4..).unwrap_or_default();
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    if code != Some("200") {
        let found = strings::escape(status.as_bytes(), &['\'']);
        return Err(wrong(&format!("expected status 200, found '{found}'")));
    }
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) => body.get(..length).ok_or_else(|| wrong("the answer ends too soon")),
        None => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::Root;
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_this_host_is_asked() {
        let loopback = |port| Some(Endpoint::Tcp(([127, 0, 0, 1], port).into()));
        assert_eq!(Endpoint::parse("localhost", PORT), loopback(5066));
        assert_eq!(Endpoint::parse("0.0.0.0", 1), loopback(1));
        assert_eq!(Endpoint::parse("unix:///run/x.sock", 1), Some(Endpoint::Unix("/run/x.sock".into())));
        for host in ["10.0.0.1", "example.org", "npipe:///x", "unix://x", ""] {
            assert_eq!(Endpoint::parse(host, PORT), None, "{host}");
        }
    }

    /// The head of a request that has come whole.
    fn request(stream: &mut impl Read) -> String {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    fn answered(answer: &'static str) -> Result<Vec<u8>, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::Tcp(listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(request(&mut stream).starts_with("GET /stats HTTP/1.0\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let got = stats(&endpoint, None, None, Duration::from_secs(5));
        server.join().unwrap();
        got
    }

    /// By this process, and not by the one that began it.
    #[test]
    fn who_listens_must_be_the_process_that_is_meant() {
        const ANSWER: &[u8] = b"HTTP/1.0 200 OK\r\n\r\n{}";
        let root = Root::host().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let path = std::env::temp_dir().join(format!("amr-http-own-{}.sock", std::process::id()));
        let socket = UnixListener::bind(&path).unwrap();
        let endpoints = [Endpoint::Tcp(port.local_addr().unwrap()), Endpoint::Unix(path.clone())];
        fn answer(mut stream: impl Read + Write) {
            let _ = request(&mut stream);
            // One that is not taken for the shipper may be left before it has answered.
            let _ = stream.write_all(ANSWER);
        }
        std::thread::spawn(move || port.incoming().for_each(|stream| answer(stream.unwrap())));
        std::thread::spawn(move || socket.incoming().for_each(|stream| answer(stream.unwrap())));
        let parent = ProcessId::new(nix::unistd::getppid().as_raw()).unwrap();
        for endpoint in endpoints {
            let ask = |process| {
                stats(&endpoint, None, Some(OwnListener { root: &root, process }), Duration::from_secs(5))
            };
            assert_eq!(ask(ProcessId::own()).unwrap(), b"{}", "{endpoint}");
            let error = ask(parent).unwrap_err().to_string();
            assert_eq!(error, format!("who listens there is not known to be process {parent}"), "{endpoint}");
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn an_answer_and_what_is_none() {
        let long = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(answered(long).unwrap(), b"{}");
        assert_eq!(answered("HTTP/1.1 200 OK\r\n\r\n{\"a\":1}").unwrap(), b"{\"a\":1}");
        for (answer, error) in [
            ("HTTP/1.0 404 Not Found\r\n\r\n", "expected status 200, found 'HTTP/1.0 404 Not Found'"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{}", "the answer ends too soon"),
            ("SSH-2.0\r\n", "expected an HTTP answer"),
            ("", "expected an HTTP answer"),
        ] {
            assert_eq!(answered(answer).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn one_that_hangs_costs_no_more_than_the_limit() {
        let path = std::env::temp_dir().join(format!("amr-http-{}.sock", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let start = clock::now();
        let got = stats(&Endpoint::Unix(path.clone()), None, None, Duration::from_millis(100));
        let _ = std::fs::remove_file(&path);
        drop(listener);
        assert!(got.is_err());
        assert!(clock::now().saturating_sub(start) < Duration::from_secs(5));
    }

    #[test]
    fn nobody_there_is_an_error() {
        let endpoint = Endpoint::Unix("/nowhere/x.sock".into());
        assert!(stats(&endpoint, None, None, Duration::from_secs(1)).is_err());
    }
}
