//! No unwinder: in a program whose panics abort, nothing unwinds, so the little that the standard
//! library would ask of one is answered here.
//!
//! The library's panic message can carry a backtrace. For it the binary would hold an unwinder, its
//! tables, a DWARF reader and an inflater, 500 KB in all, to print addresses without a name: the
//! binary is stripped. Here a walk over the stack finds no frame, and all of that is left out. A
//! panic still says where it happened, and aborts. Why: `docs/decisions/03-static-binary.md`.
//!
//! Programs that unwind (debug builds, tests) have the real one: this file is not in them.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

/// `_URC_END_OF_STACK` of the Itanium C++ ABI's `_Unwind_Reason_Code`: there is no further frame.
const END_OF_STACK: c_int = 5;

/// Walks no frame: the callback is never called.
// SAFETY: the name and the signature are the ABI's, and the answer is one that the ABI allows; no
// other unwinder is in the program that could be meant.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_callback: *const c_void, _argument: *mut c_void) -> c_int {
    END_OF_STACK
}

/// Functions that a walk or an unwinding would call. Neither happens, so each aborts; whatever its
/// arguments and its result are, none is read or given.
macro_rules! never_called {
    ($($name:ident)*) => {$(
        // SAFETY: the name is the ABI's; the function neither takes anything nor returns.
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> ! {
            std::process::abort()
        }
    )*};
}

never_called! {
    _Unwind_DeleteException
    _Unwind_FindEnclosingFunction
    _Unwind_GetCFA
    _Unwind_GetDataRelBase
    _Unwind_GetIP
    _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData
    _Unwind_GetRegionStart
    _Unwind_GetTextRelBase
    _Unwind_RaiseException
    _Unwind_Resume
    _Unwind_SetGR
    _Unwind_SetIP
}
