//! Programs are run here by a small machine for classic BPF, so that what a filter says of any caller and any
//! arguments is seen without being one.

use super::*;

/// What the program returns for a call.
fn run(program: &BpfProgram, arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let word = |at: u32| match at {
        NUMBER => number,
        ARCH => arch,
        at => {
            let (index, half) = ((at - 16) / 8, (at - 16) % 8);
            (arguments[index as usize] >> (half * 8)) as u32
        }
    };
    let (mut at, mut a) = (0, 0_u32);
    loop {
        let i = &program[at];
        let jump = |is: bool| usize::from(if is { i.jt } else { i.jf });
        at += 1 + match i.code {
            LOAD => {
                a = word(i.k);
                0
            }
            0x54 => {
                a &= i.k;
                0
            }
            0x05 => i.k as usize,
            JUMP_EQUAL => jump(a == i.k),
            0x25 => jump(a > i.k),
            JUMP_FROM => jump(a >= i.k),
            RETURN => return i.k,
            code => panic!("{code:#x}"),
        };
    }
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | 1;

fn filter(caller: Caller, number: u32, rules: Vec<Rule>) -> BpfProgram {
    let rules = BTreeMap::from([(number, rules)]);
    Filter { caller, rules, matched: Action::Errno(1), otherwise: Action::Allow }.program().unwrap()
}

/// (AUDIT_ARCH, number) of each kind's own call 5.
const CALLS: [(Caller, u32, u32); 4] = [
    (Caller::X86_64, 0xc000_003e, 5),
    (Caller::X32, 0xc000_003e, X32_BIT | 5),
    (Caller::I386, 0x4000_0003, 5),
    (Caller::AARCH64, 0xc000_00b7, 5),
];

#[test]
fn a_filter_is_about_its_own_callers_alone() {
    for (caller, _, own) in CALLS {
        let program = filter(caller, own, Vec::new());
        for (other, arch, number) in CALLS {
            let said = run(&program, arch, number, [0; 6]);
            assert_eq!(said, if other == caller { EPERM } else { ALLOW }, "{caller:?}: {other:?}");
            assert_eq!(run(&program, arch, number + 1, [0; 6]), ALLOW);
        }
    }
}

#[test]
fn only_some_callers() {
    let program = only(&[Caller::X86_64, Caller::I386]);
    for (caller, arch, number) in CALLS {
        let allowed = [Caller::X86_64, Caller::I386].contains(&caller);
        assert_eq!(
            run(&program, arch, number, [0; 6]),
            if allowed { ALLOW } else { libc::SECCOMP_RET_KILL_THREAD },
            "{caller:?}"
        );
    }
    assert_eq!(run(&only(&[Caller::X32, Caller::X86_64]), 0xc000_003e, X32_BIT | 5, [0; 6]), ALLOW);
}

/// The upper half of an argument that the kernel takes as 32 bits leads nobody past a rule.
#[test]
fn conditions() {
    let said = |test, value, argument: u64| {
        let program = filter(Caller::X86_64, 5, vec![vec![Condition { argument: 1, test, value }]]);
        run(&program, 0xc000_003e, 5, [0, argument, 0, 0, 0, 0]) == EPERM
    };
    for high in [0, 1 << 32] {
        assert!(said(Test::Equal, 7, high | 7) && !said(Test::Equal, 7, high | 8));
        assert!(said(Test::Unequal, 7, high | 8) && !said(Test::Unequal, 7, high | 7));
        assert!(said(Test::Above, 7, high | 8) && !said(Test::Above, 7, high | 7));
        assert!(said(Test::Below, 7, high | 6) && !said(Test::Below, 7, high | 7));
        assert!(said(Test::Has, 6, high | 7) && !said(Test::Has, 6, high | 3));
    }
    let both = vec![
        Condition { argument: 0, test: Test::Equal, value: 1 },
        Condition { argument: 1, test: Test::Has, value: 2 },
    ];
    let program =
        filter(Caller::X86_64, 5, vec![both, vec![Condition { argument: 2, test: Test::Above, value: 9 }]]);
    let said = |a, b, c| run(&program, 0xc000_003e, 5, [a, b, c, 0, 0, 0]);
    assert_eq!([said(1, 2, 0), said(1, 1, 0), said(0, 2, 0), said(0, 0, 10)], [EPERM, ALLOW, ALLOW, EPERM]);
}
