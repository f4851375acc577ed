//! Families of network addresses by name, address_families(7): `AF_INET`. Pure.

/// By number, from 0 (linux/socket.h).
const NAMES: &str = "\
UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY \
NETLINK PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV \
RXRPC ISDN PHONET IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP";

/// One more than the last that there is.
#[must_use]
pub fn count() -> u32 {
    u32::try_from(NAMES.split_whitespace().count()).unwrap_or(0)
}

/// `AF_UNIX`.
#[must_use]
pub fn name(number: u32) -> Option<String> {
    let name = NAMES.split_whitespace().nth(usize::try_from(number).ok()?)?;
    Some(format!("AF_{name}"))
}

/// Its number.
#[must_use]
pub fn parse(text: &str) -> Option<u32> {
    let name = match text.strip_prefix("AF_")? {
        "LOCAL" | "FILE" => "UNIX",
        "ROUTE" => "NETLINK",
        name => name,
    };
    NAMES.split_whitespace().position(|known| known == name).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (name, number) in [
            ("AF_UNIX", libc::AF_UNIX),
            ("AF_INET6", libc::AF_INET6),
            ("AF_VSOCK", libc::AF_VSOCK),
            ("AF_XDP", libc::AF_XDP),
            ("AF_NETLINK", libc::AF_NETLINK),
        ] {
            assert_eq!(parse(name).map(i64::from), Some(i64::from(number)), "{name}");
            assert_eq!(self::name(number.cast_unsigned()).as_deref(), Some(name));
        }
        assert_eq!((parse("AF_LOCAL"), parse("INET"), parse("AF_NONSENSE")), (Some(1), None, None));
        assert_eq!((count(), self::name(46)), (46, None));
    }
}
