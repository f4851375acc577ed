//! The processors that this process may run on, and what they say of themselves.

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

/// Twelve bytes by which the hypervisor below names itself; `None` where there is none, or a processor of
/// another kind, which has no cpuid.
#[must_use]
pub fn hypervisor() -> Option<[u8; 12]> {
    const PRESENT: u32 = 1 << 31;
    let [_, _, ecx, _] = cpuid(1)?;
    if ecx & PRESENT == 0 {
        return None;
    }
    let [_, ebx, ecx, edx] = cpuid(0x4000_0000)?;
    let mut name = [0; 12];
    for (place, word) in name.chunks_exact_mut(4).zip([ebx, ecx, edx]) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    Some(name)
}

/// Does the processor have what /proc/cpuinfo lists by this name, for those names that systemd knows
/// (`has_cpu_with_flag` of 252)?
#[must_use]
pub fn has_feature(name: &str) -> bool {
    FEATURES.iter().any(|(leaf, register, names)| {
        let bit = names.iter().find(|(_, known)| *known == name).map(|(bit, _)| *bit);
        bit.is_some_and(|bit| {
            cpuid(*leaf).is_some_and(|said| said.get(*register).is_some_and(|r| r >> bit & 1 == 1))
        })
    })
}

const EBX: usize = 1;
const ECX: usize = 2;
const EDX: usize = 3;

/// Leaf and register of cpuid, and the names of its bits.
type Features = (u32, usize, &'static [(u32, &'static str)]);

const FEATURES: &[Features] = &[
    (
        1,
        ECX,
        &[
            (0, "pni"),
            (1, "pclmul"),
            (3, "monitor"),
            (9, "ssse3"),
            (12, "fma3"),
            (13, "cx16"),
            (19, "sse4_1"),
            (20, "sse4_2"),
            (22, "movbe"),
            (23, "popcnt"),
            (25, "aes"),
            (26, "xsave"),
            (27, "osxsave"),
            (28, "avx"),
            (29, "f16c"),
            (30, "rdrand"),
        ],
    ),
    (
        1,
        EDX,
        &[
            (0, "fpu"),
            (1, "vme"),
            (2, "de"),
            (3, "pse"),
            (4, "tsc"),
            (5, "msr"),
            (6, "pae"),
            (7, "mce"),
            (8, "cx8"),
            (9, "apic"),
            (11, "sep"),
            (12, "mtrr"),
            (13, "pge"),
            (14, "mca"),
            (15, "cmov"),
            (16, "pat"),
            (17, "pse36"),
            (19, "clflush"),
            (23, "mmx"),
            (24, "fxsr"),
            (25, "sse"),
            (26, "sse2"),
            (28, "ht"),
        ],
    ),
    (7, EBX, &[(3, "bmi1"), (5, "avx2"), (8, "bmi2"), (18, "rdseed"), (19, "adx"), (29, "sha_ni")]),
    (0x8000_0001, ECX, &[(0, "lahf_lm"), (5, "abm")]),
    (0x8000_0001, EDX, &[(11, "syscall"), (27, "rdtscp"), (29, "lm")]),
    (0x8000_0007, EDX, &[(8, "constant_tsc")]),
];

/// eax, ebx, ecx and edx of a leaf, where the processor has it.
#[cfg(target_arch = "x86_64")]
fn cpuid(leaf: u32) -> Option<[u32; 4]> {
    use std::arch::x86_64::__cpuid_count;
    const UNBOUNDED: std::ops::Range<u32> = 0x4000_0000..0x4000_0100;
    let last = __cpuid_count(leaf & 0x8000_0000, 0).eax;
    if leaf > last && !UNBOUNDED.contains(&leaf) {
        return None;
    }
    let said = __cpuid_count(leaf, 0);
    Some([said.eax, said.ebx, said.ecx, said.edx])
}

/// None of the others has it.
#[cfg(not(target_arch = "x86_64"))]
fn cpuid(_leaf: u32) -> Option<[u32; 4]> {
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_as_many_as_the_standard_library_finds_at_least() {
        let quota = std::thread::available_parallelism().unwrap().get();
        assert!(super::count() >= quota);
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_feature_is_there_where_the_kernel_lists_it() {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags: Vec<&str> =
            text.lines().find_map(|l| l.strip_prefix("flags")).unwrap().split(' ').collect();
        // Those of which the kernel has no other name, and does not hide.
        for name in ["fpu", "sse2", "cx16", "popcnt", "avx2", "lm", "constant_tsc", "rdseed"] {
            assert_eq!(super::has_feature(name), flags.contains(&name), "{name}");
        }
        assert!(!super::has_feature("hypervisor") && !super::has_feature(""));
        assert_eq!(super::hypervisor().is_some(), flags.contains(&"hypervisor"));
    }
}
