//! Terminals of services: made ready, taken as the controlling one, given to a user (tty_ioctl(4)).
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::poll;
use nix::sys::stat::{Mode, fchmod};
use nix::sys::termios::{
    ControlFlags, FlushArg, InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, tcflush,
    tcgetattr, tcsetattr,
};
use nix::unistd::{Gid, Uid, fchown};
use std::io::IsTerminal;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// What comes of a change; an error is the kernel's.
pub type Done = nix::Result<()>;

/// The mode of a terminal that is somebody's: others may write to it as write(1) does, by their group.
const OWN: u32 = 0o620;
/// The group of terminals on all distributions.
const TTY_GROUP: u32 = 5;

/// ioctl(2) with an integer.
fn control(fd: BorrowedFd<'_>, request: u64, number: libc::c_ulong) -> nix::Result<()> {
    // The request's type differs between C libraries.
    // SAFETY: the requests of this file take an integer.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), request as _, number) }).map(drop)
}

/// Hangs it up for all who have it open.
///
/// # Errors
/// The kernel's.
pub fn hang_up(fd: impl AsFd) -> nix::Result<()> {
    const TIOCVHANGUP: u64 = 0x5437;
    control(fd.as_fd(), TIOCVHANGUP, 0)
}

/// Makes it the controlling one of this process, which leads a session that has none. `force` takes it from
/// another session.
///
/// # Errors
/// EPERM where it is another's.
pub fn take(fd: impl AsFd, force: bool) -> nix::Result<()> {
    const TIOCSCTTY: u64 = 0x540e;
    control(fd.as_fd(), TIOCSCTTY, force.into())
}

/// The same once no other session has it; a signal ends the wait.
///
/// # Errors
/// As [`take`], but for another's.
pub fn take_when_free(fd: impl AsFd) -> nix::Result<()> {
    /// Between two looks, in milliseconds.
    const AGAIN: u8 = 250;
    loop {
        match take(fd.as_fd(), false) {
            Err(Errno::EPERM) => drop(poll(&mut [], AGAIN)),
            done => return done,
        }
    }
}

/// Makes it sane (`reset_terminal_fd`): text, its usual characters, nothing left to be read.
///
/// # Errors
/// The kernel's; it is no terminal.
pub fn reset(fd: impl AsFd) -> nix::Result<()> {
    const TIOCNXCL: u64 = 0x540d;
    const KDSETMODE: u64 = 0x4b3a;
    const KDSKBMODE: u64 = 0x4b45;
    const TEXT: libc::c_ulong = 0;
    const UNICODE: libc::c_ulong = 3;
    let fd = fd.as_fd();
    // Of consoles alone, and of those that somebody has for himself.
    let _ = control(fd, TIOCNXCL, 0);
    let _ = control(fd, KDSETMODE, TEXT).and_then(|()| control(fd, KDSKBMODE, UNICODE));
    let mut settings = tcgetattr(fd)?;
    let odd = InputFlags::IGNBRK | InputFlags::BRKINT | InputFlags::ISTRIP | InputFlags::INLCR;
    settings.input_flags.remove(odd | InputFlags::IGNCR);
    settings.input_flags.insert(InputFlags::ICRNL | InputFlags::IMAXBEL | InputFlags::IUTF8);
    settings.output_flags.insert(OutputFlags::ONLCR | OutputFlags::OPOST);
    settings.control_flags.insert(ControlFlags::CREAD);
    settings.local_flags = LocalFlags::ISIG
        | LocalFlags::ICANON
        | LocalFlags::IEXTEN
        | LocalFlags::ECHO
        | LocalFlags::ECHOE
        | LocalFlags::ECHOK
        | LocalFlags::ECHOCTL
        | LocalFlags::ECHOKE;
    for (index, character) in CHARACTERS {
        if let Some(place) = settings.control_chars.get_mut(index as usize) {
            *place = character;
        }
    }
    tcsetattr(fd, SetArg::TCSANOW, &settings)?;
    tcflush(fd, FlushArg::TCIOFLUSH)
}

const CHARACTERS: [(SpecialCharacterIndices, u8); 15] = [
    (SpecialCharacterIndices::VINTR, 0o3),
    (SpecialCharacterIndices::VQUIT, 0o34),
    (SpecialCharacterIndices::VERASE, 0o177),
    (SpecialCharacterIndices::VKILL, 0o25),
    (SpecialCharacterIndices::VEOF, 0o4),
    (SpecialCharacterIndices::VSTART, 0o21),
    (SpecialCharacterIndices::VSTOP, 0o23),
    (SpecialCharacterIndices::VSUSP, 0o32),
    (SpecialCharacterIndices::VLNEXT, 0o26),
    (SpecialCharacterIndices::VWERASE, 0o27),
    (SpecialCharacterIndices::VREPRINT, 0o22),
    (SpecialCharacterIndices::VEOL, 0),
    (SpecialCharacterIndices::VEOL2, 0),
    (SpecialCharacterIndices::VTIME, 0),
    (SpecialCharacterIndices::VMIN, 1),
];

/// Sets its size; what is `None` stays.
///
/// # Errors
/// The kernel's.
pub fn set_size(fd: impl AsFd, rows: Option<u32>, columns: Option<u32>) -> nix::Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` is what the request writes, and lives through the call.
    Errno::result(unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) })?;
    let part = |wanted: Option<u32>, is| wanted.map_or(is, |n| u16::try_from(n).unwrap_or(u16::MAX));
    (size.ws_row, size.ws_col) = (part(rows, size.ws_row), part(columns, size.ws_col));
    // SAFETY: as above, for reading.
    Errno::result(unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// Frees the memory of a virtual console, asked through any other; EBUSY where it is in use.
///
/// # Errors
/// The kernel's.
pub fn free_console(any: impl AsFd, number: u32) -> nix::Result<()> {
    const VT_DISALLOCATE: u64 = 0x5608;
    control(any.as_fd(), VT_DISALLOCATE, number.into())
}

/// Empties the screen, and with `history` what has been on it; waits for nobody.
///
/// # Errors
/// The kernel's.
pub fn clear(fd: impl AsFd, history: bool) -> nix::Result<()> {
    let fd = fd.as_fd();
    let had = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(had | OFlag::O_NONBLOCK))?;
    let text: &[u8] = if history { b"\x1b[r\x1b[H\x1b[3J" } else { b"\x1b[r\x1b[H\x1b[2J" };
    let written = nix::unistd::write(fd, text).map(drop);
    fcntl(fd, FcntlArg::F_SETFL(had))?;
    written
}

/// Gives a terminal to a user; what is none stays whose it is (`chown_terminal`).
///
/// # Errors
/// The kernel's.
pub fn give(fd: impl AsFd, uid: u32) -> nix::Result<()> {
    if !fd.as_fd().is_terminal() {
        return Ok(());
    }
    fchmod(fd.as_fd(), Mode::from_bits_truncate(OWN))?;
    fchown(fd, Some(Uid::from_raw(uid)), None)
}

/// Makes it root's again; what is none stays whose it is.
///
/// # Errors
/// The kernel's.
pub fn give_back(fd: impl AsFd) -> nix::Result<()> {
    if !fd.as_fd().is_terminal() {
        return Ok(());
    }
    fchmod(fd.as_fd(), Mode::from_bits_truncate(OWN))?;
    fchown(fd, Some(Uid::from_raw(0)), Some(Gid::from_raw(TTY_GROUP)))
}
