//! Random numbers of the kernel's.
#![allow(unsafe_code)]

use super::error::{Error, Result};
use super::root::Root;
use nix::errno::Errno;
use std::io::ErrorKind;
use std::path::Path;

/// How many hexadecimal digits a UUID has.
pub const UUID_LEN: usize = 32;

/// A random UUID (RFC 9562, version 4) in 32 hexadecimal digits. Never waits, also not early at boot, when there is
/// little to be had yet.
///
/// # Errors
/// Neither getrandom(2), which is of Linux 3.17, nor /proc has one.
pub fn uuid(host: &Root) -> Result<String> {
    let mut bytes = [0_u8; UUID_LEN / 2];
    // SAFETY: the kernel writes no more than the length that it is told.
    let got = unsafe {
        libc::syscall(
            libc::SYS_getrandom,
            bytes.as_mut_ptr(),
            bytes.len(),
            libc::c_long::from(libc::GRND_NONBLOCK),
        )
    };
    if Errno::result(got) == Ok(bytes.len() as libc::c_long) {
        let number = u128::from_be_bytes(bytes);
        return Ok(format!("{:032x}", number & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62));
    }
    read(host)
}

fn read(host: &Root) -> Result<String> {
    let path = Path::new("/proc/sys/kernel/random/uuid");
    let text = host.read_kernel(path, 64)?;
    let digits: String = String::from_utf8_lossy(&text).chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() == UUID_LEN {
        Ok(digits)
    } else {
        Err(Error::other("read", path, ErrorKind::InvalidData, "it is not a UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways say the version and the variant, and never the same twice.
    #[test]
    fn uuids() {
        let host = Root::host().unwrap();
        let all: Vec<String> =
            [uuid(&host), read(&host), uuid(&host), read(&host)].map(|id| id.unwrap()).into();
        for (number, id) in all.iter().enumerate() {
            assert_eq!(id.len(), UUID_LEN);
            assert_eq!(id.chars().nth(12), Some('4'), "{id}");
            assert!(matches!(id.chars().nth(16), Some('8' | '9' | 'a' | 'b')), "{id}");
            assert!(!all.iter().skip(number + 1).any(|other| other == id), "{id}");
        }
    }
}
