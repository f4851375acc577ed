//! Which sockets of this host listen on a port, as the kernel's own tables have them.

use crate::os::root::Root;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// A line has 150 bytes; so many sockets do not listen on any host.
const LARGEST: u64 = 64 << 20;

/// The inodes of the sockets of which one is given a connection to this address; none where nobody listens, or the
/// tables cannot be read. There are several where they share the port (SO_REUSEPORT), which the kernel
/// allows to one user alone.
///
/// Source: `net/ipv4/tcp_ipv4.c` (`tcp4_seq_show`), `net/ipv6/tcp_ipv6.c` (`get_tcp6_sock`); who is given it:
/// `net/ipv4/inet_hashtables.c` (`compute_score`).
#[must_use]
pub fn listeners(root: &Root, address: SocketAddr) -> Vec<u64> {
    let table = |path: &str| {
        let file = root.open(Path::new(path)).ok();
        file.map(|file| of_table(BufReader::new(file.take(LARGEST)), address)).unwrap_or_default()
    };
    let both = [table("/proc/net/tcp"), table("/proc/net/tcp6")].concat();
    let best = both.iter().map(|(rank, _)| *rank).max();
    both.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, inode)| inode).collect()
}

/// Those that may be given it, each with its rank. Listening sockets stand first, before Linux 4.4 among
/// connections that are being made; all others may be many, and are not read.
fn of_table(table: impl BufRead, address: SocketAddr) -> Vec<(u8, u64)> {
    let rows = table.lines().map_while(Result::ok).skip(1).filter_map(|line| Row::parse(&line));
    let rows = rows.take_while(|row| matches!(row.state, LISTEN | SYN_RECV));
    rows.filter(|row| row.state == LISTEN && row.port == address.port())
        .filter_map(|row| Some((rank(row.address, address.ip())?, row.inode)))
        .collect()
}

/// `TCP_LISTEN` and `TCP_SYN_RECV` of `include/net/tcp_states.h`.
const LISTEN: u8 = 10;
const SYN_RECV: u8 = 3;

/// A line of /proc/net/tcp or tcp6.
struct Row {
    address: IpAddr,
    port: u16,
    state: u8,
    inode: u64,
}

impl Row {
    /// `0: 0100007F:13CA 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1 ...`
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().take(10).collect();
        let [_, local, _, state, _, _, _, _, _, inode] = words.as_slice() else { return None };
        let (address, port) = local.split_once(':')?;
        // Four bytes at a time, each as a number of this machine's.
        let four = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
        let address = match address.len() {
            8 => IpAddr::from(four(0)?),
            32 => {
                let mut bytes = [0; 16];
                let parts = [four(0)?, four(8)?, four(16)?, four(24)?].concat();
                bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
                IpAddr::from(bytes)
            }
            _ => return None,
        };
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Self { address, port, state: u8::from_str_radix(state, 16).ok()?, inode: inode.parse().ok()? })
    }
}

/// How the kernel ranks a socket that is bound to `local`, for a connection to `asked`; `None` where it is never given
/// one. An address is better than all addresses, a socket of the address's own family better than one of
/// version 6 that takes version 4 as well.
fn rank(local: IpAddr, asked: IpAddr) -> Option<u8> {
    let mapped = match local {
        IpAddr::V6(local) => local.to_ipv4_mapped().map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    if local == asked {
        Some(3)
    } else if mapped == Some(asked) {
        Some(2)
    } else if local == Ipv4Addr::UNSPECIFIED && asked.is_ipv4() {
        Some(1)
    } else {
        (local == Ipv6Addr::UNSPECIFIED).then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::fd::AsFd;

    fn inode(listener: &TcpListener) -> u64 {
        nix::sys::stat::fstat(listener.as_fd()).unwrap().st_ino
    }

    #[test]
    fn whoever_listens_is_found_by_the_address_that_is_asked() {
        let root = Root::host().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(listeners(&root, address), [inode(&listener)]);
        assert_eq!(listeners(&root, ([127, 0, 0, 2], address.port()).into()), [] as [u64; 0]);
        let all = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = all.local_addr().unwrap().port();
        assert_eq!(listeners(&root, ([127, 0, 0, 1], port).into()), [inode(&all)]);
        drop(listener);
        assert_eq!(listeners(&root, address), [] as [u64; 0]);
    }

    #[test]
    fn the_kernels_choice_among_several() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let ranks = |asked: &str| {
            ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "::", "::1", "127.0.0.2"]
                .map(|local| rank(ip(local), ip(asked)))
        };
        assert_eq!(ranks("127.0.0.1"), [Some(3), Some(2), Some(1), Some(0), None, None]);
        assert_eq!(ranks("::1"), [None, None, None, Some(0), Some(3), None]);
    }

    /// Where a machine has its lowest byte first.
    #[cfg(target_endian = "little")]
    #[test]
    fn tables_are_read_up_to_the_first_connection() {
        let row = |local: &str, state: &str, inode: u32| {
            format!(
                "   0: {local} 00000000:0000 {state} 0:0 00:0 0 0 0 {inode} 1 0000000000000000 100 0 0 10 0\n"
            )
        };
        let here = "0100007F:13CA";
        let table = |rows: &[String]| format!("  sl  local_address ...\n{}", rows.concat());
        let of = |rows: &[String]| of_table(table(rows).as_bytes(), ([127, 0, 0, 1], 5066).into());
        let rows =
            [row("00000000:13CA", "0A", 1), row(here, "03", 2), row(here, "0A", 3), row(here, "01", 4)];
        assert_eq!(of(&rows), [(1, 1), (3, 3)]);
        assert_eq!(of(&[row(here, "01", 4), row(here, "0A", 5)]), [] as [(u8, u64); 0]);
        let rows = [row("00000000000000000000000000000000:13CA", "0A", 6), "no row\n".to_owned()];
        assert_eq!(of(&rows), [(0, 6)]);
        let mapped = "0000000000000000FFFF00000100007F:13CA";
        assert_eq!(of(&[row(mapped, "0A", 7)]), [(2, 7)]);
    }
}
