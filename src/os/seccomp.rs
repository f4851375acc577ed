//! Filters of system calls for this process and all that it executes, seccomp(2).
//!
//! A filter is about programs of one kind and lets all others pass; several stand one behind the other, and of
//! what they say the strictest counts, of errors the newest. seccompiler makes the program of it; of its head,
//! which ends whoever is of another kind, and which knows no 32 bits, ours takes the place. They are installed
//! by prctl(2), which has known them since Linux 3.5; seccomp(2) came with 3.17 and does no more here.
#![allow(unsafe_code)]

/// Numbers that rules are about, and errors that they answer with.
pub use libc::{
    EAFNOSUPPORT, ENOSYS, EPERM, O_CREAT, PROT_EXEC, PROT_WRITE, S_ISGID, S_ISUID, SCHED_FIFO, SCHED_IDLE,
    SCHED_RR, SHM_EXEC,
};
use nix::errno::Errno;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};
use std::collections::BTreeMap;

/// What kind of program makes a call: AUDIT_ARCH_* of linux/audit.h, and whether it has the bit of x32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    arch: u32,
    x32: Option<bool>,
}

impl Caller {
    /// 64 bits of x86.
    pub const X86_64: Caller = Caller { arch: 0xc000_003e, x32: Some(false) };
    /// The same with short pointers.
    pub const X32: Caller = Caller { arch: 0xc000_003e, x32: Some(true) };
    /// 32 bits of x86.
    pub const I386: Caller = Caller { arch: 0x4000_0003, x32: None };
    /// 64 bits of ARM.
    pub const AARCH64: Caller = Caller { arch: 0xc000_00b7, x32: None };
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is made.
    Allow,
    /// It is made and logged (Linux 4.14).
    Log,
    /// It fails with this number.
    Errno(i32),
    /// The process ends by SIGSYS; before Linux 4.14 the thread.
    Kill,
}

/// What is looked at of an argument: its lower 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which, from 0.
    pub argument: u8,
    /// The comparison that the lower half of the argument must pass.
    pub test: Test,
    /// What it is compared with.
    pub value: u32,
}

/// How an argument is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Test {
    Equal,
    Unequal,
    Above,
    Below,
    /// It has all of these bits.
    Has,
}

/// Conditions that have to hold together.
pub type Rule = Vec<Condition>;

/// See the head of this file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whom it is about.
    pub caller: Caller,
    /// By number: any of the rules; none: always.
    pub rules: BTreeMap<u32, Vec<Rule>>,
    /// Where a rule holds.
    pub matched: Action,
    /// Else.
    pub otherwise: Action,
}

const LOAD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_FROM: u16 = 0x35;
const RETURN: u16 = 0x06;
/// Offsets in struct seccomp_data.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const X32_BIT: u32 = 0x4000_0000;

fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// Lets all pass but the caller.
fn head(caller: Caller) -> BpfProgram {
    let pass = instruction(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW);
    let mut head =
        vec![instruction(LOAD, 0, 0, ARCH), instruction(JUMP_EQUAL, 1, 0, caller.arch), pass.clone()];
    if let Some(x32) = caller.x32 {
        let (from, below) = if x32 { (1, 0) } else { (0, 1) };
        head.extend([instruction(LOAD, 0, 0, NUMBER), instruction(JUMP_FROM, from, below, X32_BIT), pass]);
    }
    head
}

impl Filter {
    /// The program for the kernel.
    fn program(&self) -> nix::Result<BpfProgram> {
        let rule = |rule: &Rule| {
            let conditions = rule.iter().map(Condition::compiled).collect::<Option<Vec<_>>>()?;
            SeccompRule::new(conditions).ok()
        };
        let rules = |rules: &Vec<Rule>| rules.iter().map(rule).collect::<Option<Vec<_>>>();
        let all = self.rules.iter().map(|(number, of)| Some((i64::from(*number), rules(of)?)));
        let all = all.collect::<Option<BTreeMap<_, _>>>().ok_or(Errno::EINVAL)?;
        let (matched, otherwise) = (self.matched.compiled(), self.otherwise.compiled());
        // Whatever processor: the head that tells them apart is taken away.
        let filter =
            SeccompFilter::new(all, otherwise, matched, TargetArch::x86_64).map_err(|_| Errno::EINVAL)?;
        let made = BpfProgram::try_from(filter).map_err(|_| Errno::E2BIG)?;
        let (foreign, body) = made.split_at_checked(3).ok_or(Errno::EINVAL)?;
        let is_head = |i: &[sock_filter]| matches!(i, [a, b, c] if (a.code, b.code, c.code) == (LOAD, JUMP_EQUAL, RETURN));
        if !is_head(foreign) {
            return Err(Errno::EINVAL);
        }
        Ok([head(self.caller).as_slice(), body].concat())
    }

    /// Is there a program of it that the kernel could take?
    ///
    /// # Errors
    /// It is too long.
    pub fn check(&self) -> nix::Result<()> {
        self.program().map(drop)
    }

    /// Has the kernel go by it from now on: for good.
    ///
    /// # Errors
    /// EACCES where this process neither has CAP_SYS_ADMIN nor has renounced new privileges.
    pub fn install(&self) -> nix::Result<()> {
        install(&self.program()?)
    }
}

impl Condition {
    fn compiled(&self) -> Option<SeccompCondition> {
        let value = u64::from(self.value);
        let test = match self.test {
            Test::Equal => SeccompCmpOp::Eq,
            Test::Unequal => SeccompCmpOp::Ne,
            Test::Above => SeccompCmpOp::Gt,
            Test::Below => SeccompCmpOp::Lt,
            Test::Has => SeccompCmpOp::MaskedEq(value),
        };
        SeccompCondition::new(self.argument, SeccompCmpArgLen::Dword, test, value).ok()
    }
}

impl Action {
    fn compiled(self) -> SeccompAction {
        match self {
            Action::Allow => SeccompAction::Allow,
            Action::Log => SeccompAction::Log,
            Action::Errno(number) => SeccompAction::Errno(number.cast_unsigned()),
            Action::Kill if has(libc::SECCOMP_RET_KILL_PROCESS) => SeccompAction::KillProcess,
            Action::Kill => SeccompAction::KillThread,
        }
    }
}

/// Ends whoever makes a call as a program of another kind than these (`seccomp_restrict_archs`).
///
/// # Errors
/// As [`Filter::install`].
pub fn restrict_callers(allowed: &[Caller]) -> nix::Result<()> {
    install(&only(allowed))
}

fn only(allowed: &[Caller]) -> BpfProgram {
    // Each looks whether it is one of its own, which returns, or goes on behind itself.
    let pass = || instruction(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW);
    let look = |caller: &Caller| match caller.x32 {
        None => vec![instruction(LOAD, 0, 0, ARCH), instruction(JUMP_EQUAL, 0, 1, caller.arch), pass()],
        Some(x32) => {
            let (from, below) = if x32 { (0, 1) } else { (1, 0) };
            vec![
                instruction(LOAD, 0, 0, ARCH),
                instruction(JUMP_EQUAL, 0, 3, caller.arch),
                instruction(LOAD, 0, 0, NUMBER),
                instruction(JUMP_FROM, from, below, X32_BIT),
                pass(),
            ]
        }
    };
    let mut program: BpfProgram = allowed.iter().flat_map(look).collect();
    program.push(instruction(RETURN, 0, 0, libc::SECCOMP_RET_KILL_THREAD));
    program
}

/// Hands a program over.
pub(super) fn install(program: &BpfProgram) -> nix::Result<()> {
    let filter = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?,
        filter: program.as_ptr().cast_mut().cast(),
    };
    let (mode, none): (libc::c_ulong, libc::c_ulong) = (libc::SECCOMP_MODE_FILTER.into(), 0);
    // SAFETY: the program has the kernel's layout (seccompiler) and lives through the call, which reads it.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter, none, none) };
    Errno::result(done).map(drop)
}

/// Can this kernel filter at all? Asked as `is_seccomp_available` does: with no filter, which is a bad address
/// for one that can.
#[must_use]
pub fn is_available() -> bool {
    let (mode, none): (libc::c_ulong, libc::c_ulong) = (libc::SECCOMP_MODE_FILTER.into(), 0);
    // SAFETY: prctl with integers, and an address that the kernel refuses.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, none, none, none) };
    Errno::result(done) == Err(Errno::EFAULT)
}

/// Can calls be logged?
#[must_use]
pub fn can_log() -> bool {
    has(libc::SECCOMP_RET_LOG)
}

/// Does this kernel know the action (Linux 4.14)? One before ends the thread for what it does not know.
fn has(action: u32) -> bool {
    const ACTION_AVAILABLE: libc::c_ulong = 2;
    let none: libc::c_ulong = 0;
    // SAFETY: the kernel reads a number that lives through the call.
    let done = unsafe { libc::syscall(libc::SYS_seccomp, ACTION_AVAILABLE, none, &raw const action) };
    Errno::result(done).is_ok()
}

#[cfg(test)]
mod tests;
