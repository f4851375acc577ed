//! A small program that the kernel asks each time a process of a group opens or makes a device node
//! (`BPF_PROG_TYPE_CGROUP_DEVICE`, Linux 4.15): what the devices controller of v1 is for, on the unified hierarchy.
#![allow(unsafe_code)]

use super::cgroup::Group;
use super::error::{Error, Result};
use nix::errno::Errno;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Some device nodes, and what may be done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `c` or `b`.
    pub kind: char,
    /// Of the driver; `None` for all.
    pub major: Option<u32>,
    /// `None` for all.
    pub minor: Option<u32>,
    /// Of `r`, `w` and `m` (mknod(2)).
    pub access: String,
}

/// struct bpf_insn.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instruction {
    code: u8,
    /// Destination in the low half, source in the high one.
    registers: u8,
    offset: i16,
    value: i32,
}

// Of linux/bpf.h and linux/bpf_common.h.
const LOAD_WORD: u8 = 0x61;
const MOVE_VALUE: u8 = 0xb7;
const MOVE_WORD: u8 = 0xbc;
const AND_WORD: u8 = 0x54;
const SHIFT_WORD: u8 = 0x74;
const UNLESS_VALUE: u8 = 0x55;
const UNLESS_REGISTER: u8 = 0x5d;
const EXIT: u8 = 0x95;

/// Registers: the answer, and what is made of struct bpf_cgroup_dev_ctx, to which `CONTEXT` points at first.
const ANSWER: u8 = 0;
const CONTEXT: u8 = 1;
const KIND: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

fn instruction(code: u8, to: u8, from: u8, offset: i16, value: i32) -> Instruction {
    Instruction { code, registers: to | (from << 4), offset, value }
}

/// First comes what is asked about, then each rule: what it does not fit goes on to the next one.
fn program(rules: &[Rule]) -> Vec<Instruction> {
    let load = |to, at| instruction(LOAD_WORD, to, CONTEXT, at, 0);
    let mut program = vec![
        load(KIND, 0),
        instruction(AND_WORD, KIND, 0, 0, 0xffff),
        load(ACCESS, 0),
        instruction(SHIFT_WORD, ACCESS, 0, 0, 16),
        load(MAJOR, 4),
        load(MINOR, 8),
    ];
    rules.iter().for_each(|rule| program.extend(one(rule)));
    program.extend(answer(0));
    program
}

fn answer(value: i32) -> [Instruction; 2] {
    [instruction(MOVE_VALUE, ANSWER, 0, 0, value), instruction(EXIT, 0, 0, 0, 0)]
}

fn one(rule: &Rule) -> Vec<Instruction> {
    let unless = |register, value| instruction(UNLESS_VALUE, register, 0, 0, value);
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let mut all = vec![unless(KIND, if rule.kind == 'b' { 1 } else { 2 })];
    let bits = [('m', 1), ('r', 2), ('w', 4)].into_iter().filter(|(letter, _)| rule.access.contains(*letter));
    let may = bits.map(|(_, bit)| bit).sum::<i32>();
    if may != 7 {
        all.push(instruction(MOVE_WORD, CONTEXT, ACCESS, 0, 0));
        all.push(instruction(AND_WORD, CONTEXT, 0, 0, may));
        all.push(instruction(UNLESS_REGISTER, CONTEXT, ACCESS, 0, 0));
    }
    all.extend(rule.major.map(|major| unless(MAJOR, number(major))));
    all.extend(rule.minor.map(|minor| unless(MINOR, number(minor))));
    all.extend(answer(1));
    // Each jump leads behind the rule.
    let end = all.len();
    for (at, instruction) in all.iter_mut().enumerate() {
        if [UNLESS_VALUE, UNLESS_REGISTER].contains(&instruction.code) {
            instruction.offset = i16::try_from(end - at - 1).unwrap_or(i16::MAX);
        }
    }
    all
}

/// Those in the group can open what the rules allow and nothing else; a program of before goes.
///
/// # Errors
/// The kernel's: `ENOSYS` or `EINVAL` of one that has no such programs, `EPERM` where this process, or the container
/// that it is in, may not load any.
pub fn allow_devices(group: &Group, rules: &[Rule]) -> Result<()> {
    let fail = |errno: Errno| Error::new("limit the devices of", group.dir().0, errno);
    let folder = group.open()?;
    let program = load(&program(rules)).map_err(fail)?;
    attach(ATTACH, folder.as_raw_fd(), program.as_raw_fd(), ALLOW_OVERRIDE).map_err(fail)
}

/// The group has no such program any more.
///
/// # Errors
/// The kernel's; `ENOENT` where it had none.
pub fn allow_all_devices(group: &Group) -> Result<()> {
    let folder = group.open()?;
    attach(DETACH, folder.as_raw_fd(), 0, 0)
        .map_err(|errno| Error::new("free the devices of", group.dir().0, errno))
}

/// Commands of bpf(2), and what they are told.
const LOAD: libc::c_int = 5;
const ATTACH: libc::c_int = 8;
const DETACH: libc::c_int = 9;
const CGROUP_DEVICE_PROGRAM: u32 = 15;
const CGROUP_DEVICE: u32 = 6;
/// A group below may have its own instead, and the next program here takes this one's place.
const ALLOW_OVERRIDE: u32 = 1;

fn load(program: &[Instruction]) -> nix::Result<OwnedFd> {
    /// The part of union bpf_attr that Linux 4.15 has for it.
    #[repr(C)]
    struct Load {
        kind: u32,
        count: u32,
        instructions: u64,
        licence: u64,
        log_level: u32,
        log_size: u32,
        log: u64,
        kernel: u32,
        flags: u32,
    }
    let licence = c"GPL";
    let told = Load {
        kind: CGROUP_DEVICE_PROGRAM,
        count: u32::try_from(program.len()).map_err(|_| Errno::E2BIG)?,
        instructions: program.as_ptr().expose_provenance() as u64,
        licence: licence.as_ptr().expose_provenance() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        kernel: 0,
        flags: 0,
    };
    // SAFETY: `told`, and the program and text that it points to, live through the call, which reads no more than their
    // lengths.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, LOAD, &raw const told, size_of::<Load>()) };
    let fd = i32::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor, close-on-exec, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn attach(command: libc::c_int, group: RawFd, program: RawFd, flags: u32) -> nix::Result<()> {
    /// The same for these commands.
    #[repr(C)]
    struct Attach {
        group: RawFd,
        program: RawFd,
        kind: u32,
        flags: u32,
    }
    let told = Attach { group, program, kind: CGROUP_DEVICE, flags };
    // SAFETY: `told` lives through the call.
    let done = unsafe { libc::syscall(libc::SYS_bpf, command, &raw const told, size_of::<Attach>()) };
    Errno::result(done).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel's interpreter would answer.
    fn asked(program: &[Instruction], kind: u32, access: u32, major: u32, minor: u32) -> i32 {
        let context = [(access << 16) | kind, major, minor];
        let mut registers = [0u64; 11];
        let mut at = 0;
        loop {
            let i = program[at];
            let (to, from) = (usize::from(i.registers & 15), usize::from(i.registers >> 4));
            let value = u64::from(i.value.cast_unsigned());
            at += 1;
            match i.code {
                LOAD_WORD => registers[to] = context[usize::try_from(i.offset).unwrap() / 4].into(),
                MOVE_VALUE => registers[to] = value,
                MOVE_WORD => registers[to] = registers[from],
                AND_WORD => registers[to] &= value,
                SHIFT_WORD => registers[to] >>= value,
                UNLESS_VALUE if registers[to] != value => at += usize::try_from(i.offset).unwrap(),
                UNLESS_REGISTER if registers[to] != registers[from] => {
                    at += usize::try_from(i.offset).unwrap();
                }
                EXIT => return i32::try_from(registers[0]).unwrap(),
                _ => {}
            }
        }
    }

    #[test]
    fn what_no_rule_allows_is_refused() {
        let rule = |kind, major, minor, access: &str| Rule { kind, major, minor, access: access.into() };
        let program = program(&[
            rule('c', Some(1), Some(3), "rwm"),
            rule('c', Some(136), None, "rw"),
            rule('b', None, None, "r"),
        ]);
        let (read, write, make) = (2, 4, 1);
        for (kind, access, major, minor, allowed) in [
            (2, read | write, 1, 3, 1),
            (2, make, 1, 3, 1),
            (2, read, 1, 5, 0),
            (1, read, 1, 3, 1),
            (1, write, 1, 3, 0),
            (2, read | write, 136, 7, 1),
            (2, read | make, 136, 7, 0),
            (2, read, 10, 200, 0),
        ] {
            let answer = asked(&program, kind, access, major, minor);
            assert_eq!(answer, allowed, "kind {kind}, access {access}, {major}:{minor}");
        }
        assert_eq!(asked(&super::program(&[]), 2, read, 1, 3), 0);
    }
}
