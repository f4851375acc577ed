//! The processors that this process may run on.

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

/// How many there are, by sched_getaffinity(2); 1 where that cannot be found out. The standard library
/// would look for a cgroup's quota as well, in a dozen files.
#[must_use]
pub fn count() -> usize {
    let this = Pid::from_raw(0);
    let set = |set: CpuSet| (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu) == Ok(true)).count();
    sched_getaffinity(this).map_or(1, set).max(1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_as_many_as_the_standard_library_finds_at_least() {
        let quota = std::thread::available_parallelism().unwrap().get();
        assert!(super::count() >= quota);
    }
}
