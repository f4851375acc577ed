//! System V and POSIX objects that outlive their makers, and whose they are: `RemoveIPC=` (`clean_ipc` of systemd
//! 252's clean-ipc.c).
#![allow(unsafe_code)]

use super::error::Result;
use super::root::{FileKind, Root};
use std::path::Path;

/// Whose objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By number.
    User(u32),
    /// By number.
    Group(u32),
}

/// A kind of System V object: its file below /proc/sysvipc, the column of its number, and how it is removed.
type Kind = (&'static str, &'static str, fn(i32));

const KINDS: [Kind; 3] = [
    // SAFETY: an integer and a null pointer, which the removal of an object does not look at.
    ("shm", "shmid", |id| _ = unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) }),
    // SAFETY: integers.
    ("sem", "semid", |id| _ = unsafe { libc::semctl(id, 0, libc::IPC_RMID) }),
    // SAFETY: as with the first.
    ("msg", "msqid", |id| _ = unsafe { libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()) }),
];

/// Where POSIX has its shared memory and its message queues.
const FOLDERS: [&str; 2] = ["/dev/shm", "/dev/mqueue"];

/// Is anything theirs?
#[must_use]
pub fn is_used(host: &Root, owner: Owner) -> bool {
    KINDS.iter().any(|(file, id, _)| !numbers(host, file, id, owner).is_empty())
        || FOLDERS.iter().any(|folder| !names(host, folder, owner).is_empty())
}

/// Removes what is theirs, of whom no process may live. Shared memory that somebody has attached stays, as with systemd;
/// so does a group's folder of another user, who could put something else in its place. Nothing of root's.
pub fn remove(host: &Root, owner: Owner) {
    if matches!(owner, Owner::User(0) | Owner::Group(0)) {
        return;
    }
    for (file, id, remove) in KINDS {
        numbers(host, file, id, owner).into_iter().for_each(remove);
    }
    for folder in FOLDERS {
        for (name, is_folder) in names(host, folder, owner) {
            let path = Path::new(folder).join(name);
            let removed: Result<()> = match owner {
                Owner::User(id) if is_folder => host.remove_dir_all_of(id, &path),
                Owner::Group(_) if is_folder => host.remove_dir_all(&path),
                Owner::User(_) | Owner::Group(_) => host.remove_file_if_there(&path),
            };
            if let Err(e) = removed {
                log::warn!("{e}");
            }
        }
    }
}

/// The names in a folder that are theirs, and which are folders.
fn names(host: &Root, folder: &str, owner: Owner) -> Vec<(std::ffi::OsString, bool)> {
    let mut found = Vec::new();
    for entry in host.list(Path::new(folder)).unwrap_or_default() {
        let Ok(stat) = host.lstat(&Path::new(folder).join(&entry.name)) else { continue };
        let is_theirs = match owner {
            Owner::User(id) => stat.uid == id,
            Owner::Group(id) => stat.gid == id,
        };
        if is_theirs {
            found.push((entry.name, stat.kind == FileKind::Dir));
        }
    }
    found
}

/// The numbers of objects of a kind that are theirs.
fn numbers(host: &Root, file: &str, id: &str, owner: Owner) -> Vec<i32> {
    let path = Path::new("/proc/sysvipc").join(file);
    let text = host.read_kernel(&path, 64 << 20).unwrap_or_default();
    theirs(&String::from_utf8_lossy(&text), id, owner)
}

/// The same of the text of such a file: a line of names of columns, and a line for each object.
fn theirs(text: &str, id: &str, owner: Owner) -> Vec<i32> {
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let (column, number) = match owner {
        Owner::User(number) => ("uid", number),
        Owner::Group(number) => ("gid", number),
    };
    let of = |line: &str| {
        let values: Vec<&str> = line.split_whitespace().collect();
        let value = |name: &str| values.get(columns.iter().position(|column| *column == name)?).copied();
        let attached = value("nattch").is_some_and(|count| count != "0");
        let is_theirs = value(column)?.parse::<u32>().ok()? == number;
        if is_theirs && !attached { value(id)?.parse().ok() } else { None }
    };
    lines.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let shm = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n         0          1   644                     1   100     0      0   990   991     0     0          0          0 1700000000                     0                     0\n         0          2   644                     1   100     0      1   990   991     0     0          0          0 1700000000                     0                     0\n";
        assert_eq!(theirs(shm, "shmid", Owner::User(990)), [1]);
        assert_eq!(theirs(shm, "shmid", Owner::Group(991)), [1]);
        assert_eq!(theirs(shm, "shmid", Owner::User(991)), Vec::<i32>::new());
        assert_eq!(theirs("", "shmid", Owner::User(0)), Vec::<i32>::new());
        let sem = "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n 0 7 600 1 5 6 5 6 0 0\n";
        assert_eq!(theirs(sem, "semid", Owner::User(5)), [7]);
    }
}
