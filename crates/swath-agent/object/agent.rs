//! The shared object that CPython loads: `swath-inproc` and what a library without the standard
//! library and without a runtime must bring along.

#![no_std]

pub use swath_inproc::PyInit__swath;

/// Never reached: nothing in the object can panic, which a test checks in its symbols.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn abort() -> !;
    }
    // SAFETY: abort may be called at any time.
    unsafe { abort() }
}

// What the core library's unwind tables name, and hidden: nothing is to be done in frames of this
// code, which is what 8, "continue unwinding", says.
core::arch::global_asm!(
    ".pushsection .text.rust_eh_personality,\"ax\",@progbits",
    ".hidden rust_eh_personality",
    ".globl rust_eh_personality",
    ".type rust_eh_personality,@function",
    "rust_eh_personality:",
    #[cfg(target_arch = "x86_64")]
    "mov eax, 8",
    #[cfg(target_arch = "aarch64")]
    "mov w0, #8",
    "ret",
    ".size rust_eh_personality, .-rust_eh_personality",
    ".popsection",
);
