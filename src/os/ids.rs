//! Users and groups by name and number, without NSS.
//!
//! A static binary cannot load the host's name services, so /etc/passwd and /etc/group are read
//! here, through a root. Whom they do not know, the host's own `getent` and `id` are asked for (on
//! the host alone): by absolute path, without a shell, with a time limit. Groups of a user are a
//! list of any length.

use super::capture::capture;
use super::child::Spec;
use super::error::{Error, Result};
use super::root::Root;
use super::wait::Exit;
use nix::errno::Errno;
use nix::unistd::{
    Gid, Uid, getresgid, getresuid, setegid, seteuid, setgroups, setresgid, setresuid, setuid,
};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// Larger than any real passwd file; a directory does not belong in one.
const LIMIT: u64 = 64 << 20;

/// How long the host's name services may take. They may ask the network.
const LOOKUP_TIME: Duration = Duration::from_secs(15);

/// The highest number but one stands for "no id" in the kernel's calls, as does 65535 in old ones.
const NO_ID: [u32; 2] = [u32::MAX, 0xffff];

/// Who a process is. Groups are exactly these: more than musl's 32 are possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// What becomes of supplementary groups where rights are taken for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supplementary {
    /// They are the user's.
    Taken,
    /// They stay what they are: in a namespace of users of its own, in which nobody may set them.
    Fixed,
}

impl Credentials {
    /// Of this process.
    #[must_use]
    pub fn own() -> Self {
        Self {
            uid: nix::unistd::geteuid().as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            groups: nix::unistd::getgroups().unwrap_or_default().into_iter().map(|g| g.as_raw()).collect(),
        }
    }

    /// Gives this process the groups, and no others.
    pub fn take_groups(&self) -> nix::Result<()> {
        let groups: Vec<Gid> = self.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
        let gid = Gid::from_raw(self.gid);
        setgroups(&groups)?;
        setresgid(gid, gid, gid)?;
        let now = getresgid()?;
        if [now.real, now.effective, now.saved] == [gid; 3] { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// Does something with the rights of this user to files, and takes those back that this process had
    /// before, which must be root's. Not among threads.
    ///
    /// # Errors
    /// Those of the act; or its rights cannot be had.
    pub fn with_rights<T>(
        &self,
        supplementary: Supplementary,
        act: impl FnOnce() -> nix::Result<T>,
    ) -> nix::Result<T> {
        let before = Self::own();
        let groups = |of: &Self| match supplementary {
            Supplementary::Fixed => Ok(()),
            Supplementary::Taken => {
                setgroups(&of.groups.iter().copied().map(Gid::from_raw).collect::<Vec<_>>())
            }
        };
        groups(self)?;
        setegid(Gid::from_raw(self.gid))?;
        seteuid(Uid::from_raw(self.uid))?;
        let done = act();
        seteuid(Uid::from_raw(before.uid))?;
        setegid(Gid::from_raw(before.gid))?;
        groups(&before)?;
        done
    }

    /// Makes this process the user's, with no way back.
    pub fn take_user(&self) -> nix::Result<()> {
        let uid = Uid::from_raw(self.uid);
        setresuid(uid, uid, uid)?;
        let now = getresuid()?;
        // Secure bits of the caller could have kept the capability to go back: that must fail.
        let regained = !uid.is_root() && setuid(Uid::from_raw(0)).is_ok();
        if [now.real, now.effective, now.saved] == [uid; 3] && !regained { Ok(()) } else { Err(Errno::EPERM) }
    }
}

/// A line of passwd(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The home folder.
    pub home: PathBuf,
    /// Login shell: the last field of passwd(5).
    pub shell: PathBuf,
}

/// A line of group(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// First field of group(5).
    pub name: String,
    /// The number.
    pub gid: u32,
    /// Login names of those for whom it is a supplementary group.
    pub members: Vec<String>,
}

/// The users and groups of a root.
#[derive(Clone, Debug)]
pub struct Ids {
    root: Root,
}

impl Ids {
    /// Of this root.
    pub fn new(root: &Root) -> Ids {
        Ids { root: root.clone() }
    }

    /// By name, or by number where it is one (as `User=` takes both). `None` where nobody knows it.
    pub fn user(&self, wanted: &str) -> Result<Option<User>> {
        self.entry(PASSWD, "passwd", wanted, User::parse, |user| (user.uid, &user.name))
    }

    /// A group by name or number.
    pub fn group(&self, wanted: &str) -> Result<Option<Group>> {
        self.entry(GROUP, "group", wanted, Group::parse, |group| (group.gid, &group.name))
    }

    /// An entry of a database: of its file first, then of what else the host's own C library asks.
    fn entry<T>(
        &self,
        file: &str,
        database: &str,
        wanted: &str,
        parse: fn(&[u8]) -> Option<T>,
        key: fn(&T) -> (u32, &str),
    ) -> Result<Option<T>> {
        let number = id_number(wanted);
        let is_wanted = |entry: &T| match (number, key(entry)) {
            (Some(number), (id, _)) => id == number,
            (None, (_, name)) => name == wanted,
        };
        if let Some(entry) = self.lines(file)?.iter().filter_map(|line| parse(line)).find(is_wanted) {
            return Ok(Some(entry));
        }
        let answer = self.ask("getent", &[database, wanted])?;
        Ok(answer.lines().filter_map(|line| parse(line.as_bytes())).find(is_wanted))
    }

    /// All groups of a user, `primary` first, without repeats, as initgroups(3) would have them.
    pub fn groups_of(&self, user: &User, primary: u32) -> Result<Vec<u32>> {
        let mut gids = vec![primary];
        let lines = self.lines(GROUP)?;
        let members = lines.iter().filter_map(|line| Group::parse(line));
        gids.extend(members.filter(|g| g.members.contains(&user.name)).map(|g| g.gid));
        let is_local = |line: &Vec<u8>| User::parse(line).is_some_and(|known| known.name == user.name);
        if !user.name.is_empty() && !self.lines(PASSWD)?.iter().any(is_local) {
            let answer = self.ask("id", &["-G", user.name.as_str()])?;
            gids.extend(answer.split_ascii_whitespace().filter_map(|gid| gid.parse::<u32>().ok()));
        }
        let mut seen = std::collections::BTreeSet::new();
        gids.retain(|gid| seen.insert(*gid));
        Ok(gids)
    }

    /// A file's lines; no file, no lines (as in a container image without users).
    fn lines(&self, file: &str) -> Result<Vec<Vec<u8>>> {
        match self.root.read(Path::new(file), LIMIT) {
            Ok(bytes) => Ok(bytes.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect()),
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    /// What the host's own tool prints; nothing where there is none, where it knows of nothing, or
    /// where this root is not the host's.
    fn ask(&self, tool: &str, words: &[&str]) -> Result<String> {
        // A name that could be taken for an option is no login name either.
        if !self.root.is_host() || words.iter().skip(1).any(|w| w.is_empty() || w.starts_with('-')) {
            return Ok(String::new());
        }
        let paths = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
        let Some(program) = paths.into_iter().find(|path| self.root.exists(path)) else {
            return Ok(String::new());
        };
        let spec = Spec {
            argv: std::iter::once(tool).chain(words.iter().copied()).map(OsString::from).collect(),
            env: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()), ("LC_ALL".into(), "C".into())],
            program,
            ..Spec::default()
        };
        let answer = capture(&spec, 1 << 20, LOOKUP_TIME)?;
        match answer.exit {
            Exit::Exited(0) => Ok(String::from_utf8_lossy(&answer.stdout).into_owned()),
            // getent(1): 2 is "not found"; `id` says 1. 3 and others: cannot be asked for that.
            Exit::Exited(1 | 2) => Ok(String::new()),
            exit @ (Exit::Exited(_) | Exit::Killed(_) | Exit::Dumped(_)) => {
                let cause = format!("{exit}");
                Err(Error::other("ask for a name with", &spec.program, io::ErrorKind::Other, cause))
            }
        }
    }
}

impl User {
    /// Ids that have no line.
    pub fn unnamed(uid: u32, gid: u32) -> User {
        User { name: String::new(), uid, gid, home: PathBuf::from("/"), shell: PathBuf::from("/bin/sh") }
    }

    /// A line of passwd(5); `None` for comments, NIS marks and what is broken.
    fn parse(line: &[u8]) -> Option<User> {
        let mut fields = line.split(|&b| b == b':');
        let name = std::str::from_utf8(fields.next()?).ok()?;
        let _password = fields.next()?;
        let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
        let _gecos = fields.next()?;
        let mut path = || Some(PathBuf::from(OsString::from_vec(fields.next()?.to_vec())));
        let (home, shell) = (path()?, path().unwrap_or_default());
        is_name(name).then(|| User { name: name.to_owned(), uid, gid, home, shell })
    }
}

impl Group {
    fn parse(line: &[u8]) -> Option<Group> {
        let mut fields = std::str::from_utf8(line).ok()?.split(':');
        let name = fields.next()?;
        let _password = fields.next()?;
        let gid = number(fields.next()?.as_bytes())?;
        let members = fields.next().unwrap_or_default();
        let members =
            members.split(',').map(str::trim).filter(|m| !m.is_empty()).map(str::to_owned).collect();
        is_name(name).then(|| Group { name: name.to_owned(), gid, members })
    }
}

/// A comment or a NIS mark (`+`, `-`) is no name.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['#', '+', '-'])
}

/// The effective user of this process.
#[must_use]
pub fn effective_uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The parent of this process.
#[must_use]
pub fn parent_pid() -> i32 {
    nix::unistd::getppid().as_raw()
}

/// An id as `User=` may have it: digits alone, and not one of those that mean "none". A name may not
/// begin with a digit (systemd's valid_user_group_name).
pub fn id_number(text: &str) -> Option<u32> {
    number(text.as_bytes()).filter(|id| !NO_ID.contains(id))
}

fn number(digits: &[u8]) -> Option<u32> {
    let sound = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| sound)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::Sync;
    use crate::os::root::tests::Scratch;
    use proptest::prelude::*;

    fn with_files(passwd: &str, group: &str) -> (Scratch, Ids) {
        let scratch = Scratch::new();
        let root = scratch.root();
        root.create_dir_all(Path::new("/etc"), 0o755).unwrap();
        root.write_atomic(Path::new(PASSWD), passwd.as_bytes(), 0o644, Sync::No).unwrap();
        root.write_atomic(Path::new(GROUP), group.as_bytes(), 0o644, Sync::No).unwrap();
        let ids = Ids::new(&root);
        (scratch, ids)
    }

    #[test]
    fn finds_by_name_and_number_and_passes_over_broken_lines() {
        let passwd = "#root:x:9:9::/:/\n+::::::\nbroken:x:1\nroot:x:0:0:root:/root:/bin/bash\n\
                      amr:x:990:991:AMR, robots:/opt/amr:\nlast:x:5:5::/:/bin/sh";
        let (_scratch, ids) = with_files(passwd, "adm:x:4:amr, root\namr:x:991:\n");
        let amr = ids.user("amr").unwrap().unwrap();
        assert_eq!((amr.uid, amr.gid, amr.home.as_path()), (990, 991, Path::new("/opt/amr")));
        assert_eq!(ids.user("990").unwrap().unwrap(), amr);
        assert_eq!(ids.user("last").unwrap().unwrap().shell, Path::new("/bin/sh"));
        assert_eq!(ids.user("broken").unwrap(), None);
        assert_eq!(ids.user("+").unwrap(), None);
        assert_eq!(ids.group("adm").unwrap().unwrap().gid, 4);
        assert_eq!(ids.group("991").unwrap().unwrap().name, "amr");
        assert_eq!(ids.groups_of(&amr, amr.gid).unwrap(), [991, 4]);
        assert_eq!((id_number("65535"), id_number("4294967295"), id_number("0")), (None, None, Some(0)));
    }

    #[test]
    fn a_user_in_41_groups_has_them_all() {
        let groups: String = (0..41).map(|n| format!("g{n}:x:{}:a,many,b\n", 6000 + n)).collect();
        let (_scratch, ids) = with_files("many:x:7:7::/:/bin/sh\n", &groups);
        let many = ids.user("many").unwrap().unwrap();
        assert_eq!(ids.groups_of(&many, 7).unwrap().len(), 42);
    }

    #[test]
    fn the_tree_decides_not_the_host() {
        let scratch = Scratch::new();
        let ids = Ids::new(&scratch.root());
        assert_eq!(ids.user("root").unwrap(), None, "no file, no user, and the host is not asked");
        let host = Ids::new(&Root::host().unwrap());
        assert_eq!(host.user("root").unwrap().unwrap().uid, 0);
        assert_eq!(host.user("no-such-user-here").unwrap(), None);
        assert_eq!(host.user("-x").unwrap(), None);
        assert_eq!(host.ask("getent", &["passwd", "root"]).unwrap().split(':').next(), Some("root"));
        assert_eq!(host.ask("id", &["-G", "root"]).unwrap().split_whitespace().next(), Some("0"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_panic(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = (User::parse(&line), Group::parse(&line));
        }
    }
}
