//! Errors of system calls by name, errno(3). Pure.

use super::number;

/// By number, from 1; `-` where there is none (asm-generic/errno.h, which x86 and ARM share).
const NAMES: &str = "\
EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK \
EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE \
EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM \
ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT \
- EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP \
EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ \
ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT \
ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH \
ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT \
ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM \
EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED \
EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON";

/// The highest number that a system call can return as an error (`ERRNO_MAX`).
const MAX: i32 = 4095;

/// `EPERM`.
#[must_use]
pub fn name(number: i32) -> Option<&'static str> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    NAMES.split_whitespace().nth(at).filter(|name| *name != "-")
}

/// By name or number (`parse_errno`).
#[must_use]
pub fn parse(text: &str) -> Option<i32> {
    if let Some(number) = number::parse_i32(text) {
        return (0..=MAX).contains(&number).then_some(number);
    }
    let text = match text {
        "EWOULDBLOCK" => "EAGAIN",
        "EDEADLOCK" => "EDEADLK",
        "ENOTSUP" => "EOPNOTSUPP",
        text => text,
    };
    let at = NAMES.split_whitespace().position(|name| name == text && name != "-")?;
    i32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, number) in [
            ("EPERM", libc::EPERM),
            ("ENOTSUP", libc::EOPNOTSUPP),
            ("EAFNOSUPPORT", libc::EAFNOSUPPORT),
            ("EHWPOISON", libc::EHWPOISON),
            ("EDEADLOCK", libc::EDEADLK),
            ("0", 0),
            ("4095", 4095),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        assert_eq!(
            (name(libc::EILSEQ), name(41), name(0), name(-1), name(500)),
            (Some("EILSEQ"), None, None, None, None)
        );
        assert_eq!((parse("-"), parse("4096"), parse("eperm"), parse("-1")), (None, None, None, None));
    }
}
