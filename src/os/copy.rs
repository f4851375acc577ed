//! Copying bytes, in place of musl's memcpy and memmove.
//!
//! musl copies with `rep movs` whatever the length. What amr copies are names, numbers and small records:
//! most of it shorter than 128 bytes, where to begin with `rep movs` costs more than all the rest. Those
//! are copied here with a few loads and stores that may overlap, so without a loop, and all loads before
//! the first store, so that memmove is the same code. Nothing newer than SSE2 is asked for, which every
//! x86-64 has. In assembly, since a compiler makes a memcpy of what looks like one.
//!
//! Only in the static binary: other C libraries have good ones. In tests they have names of their own.
#![allow(unsafe_code)]

#[cfg(all(target_arch = "x86_64", any(test, all(panic = "abort", target_env = "musl"))))]
macro_rules! named {
    ($copy:literal, $move:literal) => {
        std::arch::global_asm!(
            ".pushsection .text.amr_copy,\"ax\",@progbits",
            concat!(".globl ", $copy, "\n.type ", $copy, ",@function"),
            concat!(".globl ", $move, "\n.type ", $move, ",@function"),
            ".p2align 4",
            // rdi: to, rsi: from, rdx: how many bytes; rax: to.
            concat!($move, ":"),
            "mov rax, rdi",
            "cmp rdx, 128",
            "jbe 20f",
            "mov rcx, rdi",
            "sub rcx, rsi",
            "cmp rcx, rdx",
            "jae 26f",
            // From the end, since the beginning of `to` lies within `from`. Its first bytes come last.
            "movups xmm0, [rsi]",
            "lea rdi, [rdi + rdx - 8]",
            "lea rsi, [rsi + rdx - 8]",
            "mov rcx, rdx",
            "shr rcx, 3",
            "std",
            "rep movsq",
            "cld",
            "movups [rax], xmm0",
            "ret",
            ".p2align 4",
            concat!($copy, ":"),
            "mov rax, rdi",
            "20:",
            "cmp rdx, 16",
            "ja 23f",
            "cmp edx, 8",
            "jae 22f",
            "cmp edx, 4",
            "jae 21f",
            "test edx, edx",
            "je 29f",
            // One to three: the first, the middle and the last one.
            "movzx ecx, byte ptr [rsi]",
            "movzx r8d, byte ptr [rsi + rdx - 1]",
            "mov r9, rdx",
            "shr r9, 1",
            "movzx r10d, byte ptr [rsi + r9]",
            "mov byte ptr [rdi + r9], r10b",
            "mov byte ptr [rdi + rdx - 1], r8b",
            "mov byte ptr [rdi], cl",
            "29:",
            "ret",
            "21:",
            "mov ecx, dword ptr [rsi]",
            "mov r8d, dword ptr [rsi + rdx - 4]",
            "mov dword ptr [rdi], ecx",
            "mov dword ptr [rdi + rdx - 4], r8d",
            "ret",
            "22:",
            "mov rcx, qword ptr [rsi]",
            "mov r8, qword ptr [rsi + rdx - 8]",
            "mov qword ptr [rdi], rcx",
            "mov qword ptr [rdi + rdx - 8], r8",
            "ret",
            "23:",
            "cmp rdx, 32",
            "ja 24f",
            "movups xmm0, [rsi]",
            "movups xmm1, [rsi + rdx - 16]",
            "movups [rdi], xmm0",
            "movups [rdi + rdx - 16], xmm1",
            "ret",
            "24:",
            "cmp rdx, 128",
            "ja 26f",
            "movups xmm0, [rsi]",
            "movups xmm1, [rsi + 16]",
            "movups xmm2, [rsi + rdx - 32]",
            "movups xmm3, [rsi + rdx - 16]",
            "cmp rdx, 64",
            "jbe 25f",
            "movups xmm4, [rsi + 32]",
            "movups xmm5, [rsi + 48]",
            "movups xmm6, [rsi + rdx - 64]",
            "movups xmm7, [rsi + rdx - 48]",
            "movups [rdi + 32], xmm4",
            "movups [rdi + 48], xmm5",
            "movups [rdi + rdx - 64], xmm6",
            "movups [rdi + rdx - 48], xmm7",
            "25:",
            "movups [rdi], xmm0",
            "movups [rdi + 16], xmm1",
            "movups [rdi + rdx - 32], xmm2",
            "movups [rdi + rdx - 16], xmm3",
            "ret",
            // From the beginning; the last bytes, read first, are written last.
            "26:",
            "movups xmm2, [rsi + rdx - 32]",
            "movups xmm3, [rsi + rdx - 16]",
            "lea r8, [rdi + rdx - 32]",
            "cmp rdx, 2048",
            "ja 28f",
            "27:",
            "movups xmm0, [rsi]",
            "movups xmm1, [rsi + 16]",
            "add rsi, 32",
            "movups [rdi], xmm0",
            "movups [rdi + 16], xmm1",
            "add rdi, 32",
            "cmp rdi, r8",
            "jb 27b",
            "movups [r8], xmm2",
            "movups [r8 + 16], xmm3",
            "ret",
            "28:",
            "mov rcx, rdx",
            "shr rcx, 3",
            "rep movsq",
            "movups [r8], xmm2",
            "movups [r8 + 16], xmm3",
            "ret",
            concat!(".size ", $copy, ", . - ", $copy),
            ".popsection",
        );
    };
}

#[cfg(all(target_arch = "x86_64", not(test), panic = "abort", target_env = "musl"))]
named!("memcpy", "memmove");
#[cfg(all(target_arch = "x86_64", test))]
named!("amr_copy", "amr_move");

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    unsafe extern "C" {
        fn amr_copy(to: *mut u8, from: *const u8, len: usize) -> *mut u8;
        fn amr_move(to: *mut u8, from: *const u8, len: usize) -> *mut u8;
    }

    fn lengths() -> impl Iterator<Item = usize> {
        (0..300).chain([511, 512, 1000, 2047, 2048, 2049, 2050, 2063, 4096, 5001])
    }

    fn text(len: usize) -> Vec<u8> {
        (0..len).map(|n| u8::try_from((n * 167 + n / 251) % 256).unwrap()).collect()
    }

    /// Every length at every alignment, with what stands before and behind untouched.
    #[test]
    fn copies() {
        for len in lengths() {
            for (from, to) in (0..16).flat_map(|from| [(from, 16), (from, 21), (from, from)]) {
                let (source, mut target) = (text(from + len), vec![0xaa; to + len + 32]);
                // SAFETY: both are long enough, and apart.
                let told = unsafe { amr_copy(target.as_mut_ptr().add(to), source.as_ptr().add(from), len) };
                assert_eq!(told, target[to..].as_mut_ptr());
                assert_eq!(&target[to..to + len], &source[from..], "{len}");
                assert!(target[..to].iter().chain(&target[to + len..]).all(|b| *b == 0xaa), "{len}");
            }
        }
    }

    /// Every length over itself, in both directions.
    #[test]
    fn moves() {
        for len in lengths() {
            for (from, to) in (0..18)
                .chain([31, 32, 33, 63, 65, 127, 128, 129, 139])
                .flat_map(|by| [(by, 0), (0, by), (7, 7 + by), (7 + by, 7)])
            {
                let mut ours = text(len + 200);
                let mut theirs = ours.clone();
                theirs.copy_within(from..from + len, to);
                // SAFETY: it is long enough for both.
                let told = unsafe {
                    let all = ours.as_mut_ptr();
                    amr_move(all.add(to), all.add(from).cast_const(), len)
                };
                assert_eq!(told, ours[to..].as_mut_ptr());
                assert!(ours == theirs, "{len} from {from} to {to}");
            }
        }
    }
}
