//! Further stacks for deep recursion.
//!
//! With an evaluation hook every Python call takes C stack, where 3.11 alone takes none. Before
//! the thread's stack is used up, the gate goes on, on a stack of its own making; so a recursion
//! as deep as it could be without the hook stays possible.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::ffi::{self, Object};
use crate::state::{Gil, Global};
use crate::symbols;
use crate::thread::Thread;

/// Address space of a further stack.
const SIZE: usize = 64 << 20;
/// What stays below the limit for C code: as much as a main thread usually has in all.
const RESERVE: usize = 8 << 20;
/// The lowest page faults.
const GUARD: usize = 4096;

/// A stack that was left, kept for the next one that is needed.
static SPARE: Global<*mut u8> = Global::new(null_mut());

type GetAttributes = unsafe extern "C" fn(usize, *mut [u64; 8]) -> c_int;
type GetStack = unsafe extern "C" fn(*mut [u64; 8], *mut *mut c_void, *mut usize) -> c_int;
type DestroyAttributes = unsafe extern "C" fn(*mut [u64; 8]) -> c_int;
type Oneself = unsafe extern "C" fn() -> usize;

#[derive(Clone, Copy)]
struct Threads {
    oneself: Oneself,
    attributes: GetAttributes,
    stack: GetStack,
    destroy: DestroyAttributes,
}

static FUNCTIONS: Global<Option<Threads>> = Global::new(None);

/// Finds the functions that tell where a thread's stack is.
pub(crate) fn begin(gil: Gil<'_>) {
    // SAFETY: each type is the one that the function has in the C library, with room for its
    // attributes.
    let find = unsafe {
        || {
            Some(Threads {
                oneself: symbols::function(&[c"pthread_self"])?,
                attributes: symbols::function(&[c"pthread_getattr_np"])?,
                stack: symbols::function(&[c"pthread_attr_getstack"])?,
                destroy: symbols::function(&[c"pthread_attr_destroy"])?,
            })
        }
    };
    FUNCTIONS.set(gil, find());
}

/// Notes where the stack of the calling thread is.
pub(crate) fn measure(gil: Gil<'_>, thread: &mut Thread) {
    (thread.low, thread.high, thread.limit) = (0, 0, 0);
    let Some(functions) = FUNCTIONS.get(gil) else {
        return;
    };
    let mut attributes = [0_u64; 8];
    // SAFETY: the attributes have the 64 bytes that C libraries need at most (glibc on aarch64); they are made
    // before they are read, and given back once.
    unsafe {
        if (functions.attributes)((functions.oneself)(), &raw mut attributes) != 0 {
            return;
        }
        let (mut low, mut size) = (null_mut(), 0);
        if (functions.stack)(&raw mut attributes, &raw mut low, &raw mut size) == 0 {
            thread.low = low as usize;
            thread.high = low as usize + size;
            // Three quarters stay for C code.
            thread.limit = thread.high - size / 4;
        }
        (functions.destroy)(&raw mut attributes);
    }
}

/// A function that evaluates a frame, by whatever three arguments its version has.
pub(crate) type Evaluate = unsafe extern "C" fn(*mut u8, *mut u8, c_int) -> Object;

unsafe extern "C" {
    /// Calls a function with three arguments on another stack.
    fn swath_call_on_stack(
        first: *mut u8,
        second: *mut u8,
        third: c_int,
        function: Evaluate,
        top: *mut u8,
    ) -> Object;
}

// The frame pointer leads back to the old stack, for the return and for whoever unwinds.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".pushsection .text.swath_call_on_stack,\"ax\",@progbits",
    ".hidden swath_call_on_stack",
    ".globl swath_call_on_stack",
    ".type swath_call_on_stack,@function",
    "swath_call_on_stack:",
    ".cfi_startproc",
    "push rbp",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset rbp, -16",
    "mov rbp, rsp",
    ".cfi_def_cfa_register rbp",
    "mov rsp, r8",
    "call rcx",
    "mov rsp, rbp",
    "pop rbp",
    ".cfi_def_cfa rsp, 8",
    "ret",
    ".cfi_endproc",
    ".size swath_call_on_stack, .-swath_call_on_stack",
    ".popsection",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".pushsection .text.swath_call_on_stack,\"ax\",@progbits",
    ".hidden swath_call_on_stack",
    ".globl swath_call_on_stack",
    ".type swath_call_on_stack,@function",
    "swath_call_on_stack:",
    ".cfi_startproc",
    "stp x29, x30, [sp, #-16]!",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset w29, -16",
    ".cfi_offset w30, -8",
    "mov x29, sp",
    ".cfi_def_cfa_register w29",
    "mov sp, x4",
    "blr x3",
    "mov sp, x29",
    ".cfi_def_cfa_register wsp",
    "ldp x29, x30, [sp], #16",
    ".cfi_def_cfa_offset 0",
    ".cfi_restore w30",
    ".cfi_restore w29",
    "ret",
    ".cfi_endproc",
    ".size swath_call_on_stack, .-swath_call_on_stack",
    ".popsection",
);

/// Evaluates a frame, on a further stack when this one is nearly used up.
#[cold]
#[inline(never)]
pub(crate) unsafe fn evaluate_deep(
    gil: Gil<'_>,
    thread: *mut Thread,
    function: Evaluate,
    first: *mut u8,
    second: *mut u8,
    third: c_int,
) -> Object {
    // SAFETY: the thread's place in the table stays. The stack is fresh or was left, as large as
    // `SIZE`, and its top is aligned to 16 bytes; the function gets the arguments that the
    // interpreter gave.
    unsafe {
        let Some(bottom) = take(gil) else {
            return function(first, second, third);
        };
        let before = *thread;
        (*thread).low = bottom as usize;
        (*thread).high = bottom as usize + SIZE;
        (*thread).limit = bottom as usize + RESERVE;
        let result = swath_call_on_stack(first, second, third, function, bottom.add(SIZE));
        (*thread).low = before.low;
        (*thread).high = before.high;
        (*thread).limit = before.limit;
        give_back(gil, bottom);
        result
    }
}

fn take(gil: Gil<'_>) -> Option<*mut u8> {
    let spare = SPARE.get(gil);
    if !spare.is_null() {
        SPARE.set(gil, null_mut());
        return Some(spare);
    }
    let flags = ffi::MAP_PRIVATE | ffi::MAP_ANONYMOUS | ffi::MAP_NORESERVE | ffi::MAP_STACK;
    // SAFETY: a new mapping, at no place of this code's choice, replaces none, and its lowest page
    // is its own.
    unsafe {
        let bottom = ffi::mmap(null_mut(), SIZE, ffi::PROT_READ_WRITE, flags, -1, 0);
        if bottom as isize == -1 {
            return None;
        }
        ffi::mprotect(bottom, GUARD, ffi::PROT_NONE);
        Some(bottom.cast())
    }
}

unsafe fn give_back(gil: Gil<'_>, bottom: *mut u8) {
    // SAFETY: the stack was left, is as large as `SIZE`, and is kept or unmapped once.
    unsafe {
        if SPARE.get(gil).is_null() {
            SPARE.set(gil, bottom);
        } else {
            ffi::munmap(bottom.cast(), SIZE);
        }
    }
}
