//! What the directives of a unit come to as filters of system calls: what each may not do, as systemd 252's
//! seccomp-util.c has it.
//!
//! One filter for each kind of program that may run and each answer, the strictest lists last; systemd has one
//! for each directive, which says the same and takes longer to install. Where a word of an argument is looked
//! at that the kernel takes as 32 bits, its upper half is left aside, so that nothing gets past by it.

use crate::os::seccomp::{self as kernel, Action, Caller, Condition, Filter, Rule, Test};
use crate::unit::exec::ExecContext;
use crate::unit::exec::syscalls::{ALL_NAMESPACES, CallList, Families, NAMESPACES, Sense};
use crate::unit::value::address_family;
use crate::unit::value::syscall::{Arch, Refusal, members, numbers};
use std::collections::{BTreeMap, BTreeSet};

/// Calls by name: any of the rules; none: always.
type Rules = BTreeMap<&'static str, Vec<Rule>>;

const EPERM: Action = Action::Errno(kernel::EPERM);
/// As by a kernel that does not have the call: so the caller takes an older one, which can be looked at.
const ENOSYS: Action = Action::Errno(kernel::ENOSYS);

/// The kinds of program that may run, the processor's own last.
fn kinds(context: &ExecContext) -> Vec<Arch> {
    let local = Arch::local(std::env::consts::ARCH);
    let said = &context.system_calls.architectures;
    let own = local.last();
    let may = |arch: &&Arch| said.is_empty() || Some(*arch) == own || said.contains(arch.name());
    local.iter().filter(may).copied().collect()
}

fn caller(arch: Arch) -> Caller {
    match arch {
        Arch::X86_64 => Caller::X86_64,
        Arch::X32 => Caller::X32,
        Arch::I386 => Caller::I386,
        Arch::Aarch64 => Caller::AARCH64,
    }
}

/// Whom `SystemCallArchitectures=` lets run; `None` for all.
pub fn callers(context: &ExecContext) -> Option<Vec<Caller>> {
    let said = &context.system_calls.architectures;
    (!said.is_empty()).then(|| kinds(context).into_iter().map(caller).collect())
}

/// Of `RestrictAddressFamilies=`. Not for 32 bits of x86, where a family can be behind a pointer.
pub fn of_families(context: &ExecContext) -> Vec<Filter> {
    let families = &context.system_calls.families;
    if !families.restricts() {
        return Vec::new();
    }
    let rules = BTreeMap::from([("socket", refused_families(families))]);
    let may = kinds(context).into_iter().filter(|arch| *arch != Arch::I386);
    may.map(|arch| deny(arch, &rules, Action::Errno(kernel::EAFNOSUPPORT))).collect()
}

fn refused_families(families: &Families) -> Vec<Rule> {
    let one = |test, value| vec![Condition { argument: 0, test, value }];
    let listed = &families.listed;
    if families.sense == Some(Sense::AllBut) {
        return listed.iter().map(|family| one(Test::Equal, *family)).collect();
    }
    let (Some(first), Some(last)) = (listed.first(), listed.last()) else { return Vec::new() };
    let between =
        (*first..*last).filter(|family| !listed.contains(family) && *family < address_family::count());
    let outside = [one(Test::Below, *first), one(Test::Above, *last)];
    outside.into_iter().chain(between.map(|family| one(Test::Equal, family))).collect()
}

/// Of all else but `SystemCallArchitectures=`, in the order in which they are installed; `persona` is this
/// process's.
pub fn of_calls(context: &ExecContext, persona: u32) -> Vec<Filter> {
    let kinds = kinds(context);
    let mut filters = Vec::new();
    for arch in &kinds {
        let (unknown, forbidden) = restrictions(context, *arch, persona);
        filters.extend(some(&unknown).map(|rules| deny(*arch, rules, ENOSYS)));
        filters.extend(some(&forbidden).map(|rules| deny(*arch, rules, EPERM)));
    }
    for arch in &kinds {
        filters.extend(log(&context.system_calls.log, *arch));
    }
    for arch in &kinds {
        filters.extend(list(&context.system_calls.filter, context.system_calls.refusal, *arch));
    }
    filters
}

fn some(rules: &Rules) -> Option<&Rules> {
    (!rules.is_empty()).then_some(rules)
}

/// Switches by which calls are forbidden whatever their arguments.
const WHOLE: [(&str, &[&str]); 6] = [
    ("PrivateDevices", &["@raw-io"]),
    ("ProtectKernelTunables", &["_sysctl"]),
    ("ProtectKernelModules", &["@module"]),
    ("ProtectKernelLogs", &["syslog"]),
    ("ProtectClock", &["@clock"]),
    ("ProtectHostname", &["sethostname", "setdomainname"]),
];

/// What is answered with ENOSYS, and what with EPERM.
fn restrictions(context: &ExecContext, arch: Arch, persona: u32) -> (Rules, Rules) {
    let (mut unknown, mut forbidden) = (Rules::new(), Rules::new());
    let asked = |name: &str| context.is_on(name);
    for (_, group) in WHOLE.iter().filter(|(name, _)| asked(name)) {
        group.iter().flat_map(|name| members(name)).for_each(|call| _ = forbidden.insert(call, Vec::new()));
    }
    if asked("MemoryDenyWriteExecute") {
        writable_and_executable(&mut forbidden, arch);
    }
    if asked("RestrictRealtime") {
        realtime(&mut forbidden);
    }
    if asked("RestrictSUIDSGID") {
        unknown.insert("openat2", Vec::new());
        set_id_bits(&mut forbidden);
    }
    if asked("LockPersonality") {
        add(&mut forbidden, "personality", [when(0, Test::Unequal, persona)]);
    }
    if let Some(allowed) = context.system_calls.namespaces.filter(|allowed| *allowed != ALL_NAMESPACES) {
        // Its flags are behind a pointer.
        unknown.insert("clone3", Vec::new());
        namespaces(&mut forbidden, allowed);
    }
    (unknown, forbidden)
}

fn when(argument: u8, test: Test, value: u32) -> Condition {
    Condition { argument, test, value }
}

fn has(argument: u8, bits: i32) -> Condition {
    when(argument, Test::Has, bits.cast_unsigned())
}

fn add<const N: usize>(rules: &mut Rules, call: &'static str, rule: [Condition; N]) {
    rules.entry(call).or_default().push(rule.to_vec());
}

/// `seccomp_memory_deny_write_execute`.
fn writable_and_executable(rules: &mut Rules, arch: Arch) {
    let map = [has(2, kernel::PROT_EXEC | kernel::PROT_WRITE)];
    if arch == Arch::I386 {
        // The older one has its arguments behind a pointer.
        rules.insert("mmap", Vec::new());
        add(rules, "mmap2", map);
    } else {
        add(rules, "mmap", map);
        add(rules, "shmat", [has(2, kernel::SHM_EXEC)]);
    }
    add(rules, "mprotect", [has(2, kernel::PROT_EXEC)]);
    add(rules, "pkey_mprotect", [has(2, kernel::PROT_EXEC)]);
}

/// `seccomp_restrict_realtime`: all policies but SCHED_OTHER, SCHED_BATCH and SCHED_IDLE.
fn realtime(rules: &mut Rules) {
    for policy in [kernel::SCHED_FIFO, kernel::SCHED_RR, 4] {
        add(rules, "sched_setscheduler", [when(1, Test::Equal, policy.cast_unsigned())]);
    }
    add(rules, "sched_setscheduler", [when(1, Test::Above, kernel::SCHED_IDLE.cast_unsigned())]);
}

/// `seccomp_restrict_sxid`.
fn set_id_bits(rules: &mut Rules) {
    const SET_ID: [u32; 2] = [kernel::S_ISUID, kernel::S_ISGID];
    for bit in SET_ID {
        for (call, mode) in [
            ("chmod", 1),
            ("fchmod", 1),
            ("fchmodat", 2),
            ("fchmodat2", 2),
            ("mkdir", 1),
            ("mkdirat", 2),
            ("mknod", 1),
            ("mknodat", 2),
            ("creat", 1),
        ] {
            add(rules, call, [when(mode, Test::Has, bit)]);
        }
        add(rules, "open", [has(1, kernel::O_CREAT), when(2, Test::Has, bit)]);
        add(rules, "openat", [has(2, kernel::O_CREAT), when(3, Test::Has, bit)]);
    }
}

/// `seccomp_restrict_namespaces`.
fn namespaces(rules: &mut Rules, allowed: u32) {
    for (_, flag) in NAMESPACES.iter().filter(|(_, flag)| allowed & flag == 0) {
        for call in ["unshare", "clone"] {
            add(rules, call, [when(0, Test::Has, *flag)]);
        }
        add(rules, "setns", [when(1, Test::Has, *flag)]);
    }
    if allowed == 0 {
        rules.insert("setns", Vec::new());
    } else {
        // Of any kind.
        add(rules, "setns", [when(1, Test::Equal, 0)]);
    }
}

/// `SystemCallLog=`.
fn log(list: &CallList, arch: Arch) -> Option<Filter> {
    let calls: Rules = list.resolved().into_keys().map(|call| (call, Vec::new())).collect();
    let (matched, otherwise) = match list.sense? {
        Sense::These => (Action::Log, Action::Allow),
        Sense::AllBut if calls.is_empty() => return None,
        Sense::AllBut => (Action::Allow, Action::Log),
    };
    Some(filter(arch, &calls, matched, otherwise))
}

/// `SystemCallFilter=`: what may be called, and behind it what gets an answer of its own.
fn list(list: &CallList, refusal: Refusal, arch: Arch) -> Vec<Filter> {
    let action = |refusal| match refusal {
        Refusal::Kill => Action::Kill,
        Refusal::Errno(number) => Action::Errno(number),
    };
    let Some(sense) = list.sense else { return Vec::new() };
    let mut filters = Vec::new();
    let mut answers: BTreeMap<Action, Rules> = BTreeMap::new();
    let calls = list.resolved();
    if sense == Sense::These {
        let all = calls.keys().map(|call| (*call, Vec::new())).collect();
        filters.push(filter(arch, &all, Action::Allow, action(refusal)));
    }
    for (call, own) in calls {
        if own.is_some() || sense == Sense::AllBut {
            answers.entry(action(own.unwrap_or(refusal))).or_default().insert(call, Vec::new());
        }
    }
    filters.extend(answers.into_iter().map(|(answer, rules)| deny(arch, &rules, answer)));
    filters
}

fn deny(arch: Arch, rules: &Rules, answer: Action) -> Filter {
    filter(arch, rules, answer, Action::Allow)
}

/// By the numbers that the calls have there. Those that older programs make through another are told by its
/// first argument, where nothing else is asked of them.
fn filter(arch: Arch, rules: &Rules, matched: Action, otherwise: Action) -> Filter {
    let names: BTreeSet<&str> = rules.keys().copied().collect();
    let mut by_number: BTreeMap<u32, Vec<Rule>> = BTreeMap::new();
    let mut whole = BTreeSet::new();
    for (name, numbers) in numbers(&names, arch) {
        let own = rules.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(number) = numbers.own {
            if own.is_empty() {
                whole.insert(number);
            }
            by_number.entry(number).or_default().extend_from_slice(own);
        }
        if let Some((number, which)) = numbers.through.filter(|_| own.is_empty()) {
            by_number.entry(number).or_default().push(vec![when(0, Test::Equal, which)]);
        }
    }
    // What is meant whatever its arguments has no other rule.
    whole.iter().for_each(|number| _ = by_number.insert(*number, Vec::new()));
    Filter { caller: caller(arch), rules: by_number, matched, otherwise }
}

/// Are calls filtered at all? Then a process without root's rights has to renounce new ones
/// (`context_has_no_new_privileges`).
pub fn any(context: &ExecContext) -> bool {
    let calls = &context.system_calls;
    // Also those that refuse nothing in the end.
    let lists = [&calls.filter, &calls.log]
        .iter()
        .any(|list| list.sense == Some(Sense::These) || !list.resolved().is_empty());
    let plain = ["LockPersonality", "MemoryDenyWriteExecute", "RestrictRealtime", "RestrictSUIDSGID"];
    lists
        || !calls.architectures.is_empty()
        || calls.families.restricts()
        || calls.namespaces.is_some_and(|allowed| allowed != ALL_NAMESPACES)
        || plain.iter().chain(WHOLE.iter().map(|(name, _)| name)).any(|name| context.is_on(name))
}

#[cfg(test)]
mod tests;
