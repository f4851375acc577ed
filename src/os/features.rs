//! What this kernel can do that Linux 3.10 could not. Asked once; each has a fallback, and each
//! can be switched off so that tests take the fallback on any kernel.

use super::sys;
use nix::errno::Errno;

/// See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// pidfd_open and pidfd_send_signal (5.3); else start times are compared before each kill.
    pub pidfd: bool,
    /// close_range (5.9); else the open descriptors are listed before a fork.
    pub close_range: bool,
    /// memfd_create (3.17), to be tried; else an unlinked file.
    pub memfd: bool,
    /// May groups of the kernel be used, where a hierarchy is found? Else child subreaper and /proc.
    pub cgroup: bool,
    /// cgroup.kill (5.14) where the group has it; else signals until the group is empty.
    pub cgroup_kill: bool,
    /// May processes get a view of the file system of their own? Where the kernel then says no, it is
    /// left out and said.
    pub mount_namespace: bool,
    /// Options of a /proc that are its own alone (5.8), to be tried; else it has none.
    pub proc_options: bool,
    /// inotify, for whoever can also look again and again. Its limits show where it is used.
    pub inotify: bool,
    /// Filters of system calls (3.5, and not in every kernel); else a process that only reads has given up
    /// its rights and nothing more.
    pub seccomp: bool,
}

/// A word in the list of switches that means nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "unknown switch '{0}': expected no-pidfd, no-close-range, no-memfd, no-cgroup, no-cgroup-kill, no-mount-namespace, no-proc-options, no-inotify or no-seccomp, separated by commas"
)]
pub struct UnknownSwitch(String);

impl Features {
    /// Asks the kernel, but for what `forced` takes away, e.g. `no-pidfd,no-cgroup`.
    pub fn detect(forced: Option<&str>) -> Result<Features, UnknownSwitch> {
        Ok(Features::allowed(forced)?.ask())
    }

    /// Everything that `forced` does not take away, before the kernel is asked.
    pub fn allowed(forced: Option<&str>) -> Result<Features, UnknownSwitch> {
        let mut features = Features {
            pidfd: true,
            close_range: true,
            memfd: true,
            cgroup: true,
            cgroup_kill: true,
            mount_namespace: true,
            proc_options: true,
            inotify: true,
            seccomp: true,
        };
        for word in forced.unwrap_or_default().split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "no-pidfd" => features.pidfd = false,
                "no-close-range" => features.close_range = false,
                "no-memfd" => features.memfd = false,
                "no-cgroup" => features.cgroup = false,
                "no-cgroup-kill" => features.cgroup_kill = false,
                "no-mount-namespace" => features.mount_namespace = false,
                "no-proc-options" => features.proc_options = false,
                "no-inotify" => features.inotify = false,
                "no-seccomp" => features.seccomp = false,
                unknown => return Err(UnknownSwitch(unknown.to_owned())),
            }
        }
        Ok(features)
    }

    /// Those of them that this kernel has. Groups show what they can where they are used.
    #[must_use]
    pub fn ask(self) -> Features {
        Features {
            pidfd: self.pidfd && has_pidfd(),
            close_range: self.close_range && sys::has_close_range(),
            ..self
        }
    }
}

/// Asked for nobody, which a kernel that has both calls refuses in its own words.
fn has_pidfd() -> bool {
    matches!(sys::pidfd_open(-1), Err(Errno::EINVAL)) && sys::has_pidfd_send_signal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_switches_one_off_and_nonsense_is_said() {
        let all = Features::detect(None).unwrap();
        let words = "no-pidfd, no-close-range,no-memfd,no-cgroup,no-cgroup-kill,no-mount-namespace,no-proc-options,no-inotify,no-seccomp";
        let got = Features::detect(Some(words)).unwrap();
        let none = Features {
            pidfd: false,
            close_range: false,
            memfd: false,
            cgroup: false,
            cgroup_kill: false,
            mount_namespace: false,
            proc_options: false,
            inotify: false,
            seccomp: false,
        };
        assert_eq!(got, none);
        assert_eq!(Features::detect(Some("no-pidfd")).unwrap(), Features { pidfd: false, ..all });
        assert_eq!(Features::detect(Some("pidfd")), Err(UnknownSwitch("pidfd".into())));
    }
}
