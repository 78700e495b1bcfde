//! When this process was begun, in the clock ticks since the machine's start that `/proc` counts in.

use core::ffi::c_int;

use crate::ffi;
use crate::path;
use crate::state::{Gil, Global};

/// Since the machine's start, with the time that it slept: what `/proc` counts by.
const CLOCK_BOOTTIME: c_int = 7;
/// A tick is a hundredth of a second on every machine that the agent runs on.
const NANOSECONDS_OF_A_TICK: u64 = 10_000_000;
const TICKS_OF_A_SECOND: u64 = 100;
/// A program begins to be recorded soon after its start: if its clock says otherwise, it is another
/// clock than that of `/proc`.
const LONGEST_START: u64 = 60 * TICKS_OF_A_SECOND;

/// The tick in which the latest fork began; 0 where the clock may not be that of `/proc`.
static OF_FORK: Global<u64> = Global::new(0);
static IS_CLOCK_OF_PROC: Global<bool> = Global::new(false);

/// Of a program that begins to be recorded; 0 where `/proc` does not say.
pub(crate) fn of_program(gil: Gil<'_>) -> u64 {
    let start = path::start_ticks();
    let passed = now().checked_sub(start);
    let is_near = passed.is_some_and(|passed| passed <= LONGEST_START);
    IS_CLOCK_OF_PROC.set(gil, start != 0 && is_near);
    start
}

/// This process is about to fork.
pub(crate) fn begin_fork(gil: Gil<'_>) {
    let tick = if IS_CLOCK_OF_PROC.get(gil) { now() } else { 0 };
    OF_FORK.set(gil, tick);
}

/// Of a fork child that looks for the first time. To ask `/proc` costs a good part of what a fork does;
/// most begin and end in one tick, in which the child was begun then.
pub(crate) fn of_child(gil: Gil<'_>) -> u64 {
    let tick = OF_FORK.get(gil);
    if tick != 0 && tick == now() {
        tick
    } else {
        path::start_ticks()
    }
}

/// The tick that it is.
fn now() -> u64 {
    let mut time = [0_i64; 2];
    // SAFETY: the array has the two words of a time.
    unsafe { ffi::clock_gettime(CLOCK_BOOTTIME, &raw mut time) };
    let [seconds, nanoseconds] = time;
    seconds as u64 * TICKS_OF_A_SECOND + nanoseconds as u64 / NANOSECONDS_OF_A_TICK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_that_of_proc() {
        let start = path::start_ticks();
        // SAFETY: forks are not told of here, and nothing else touches what these functions use.
        let gil = unsafe { Gil::assume() };
        assert_eq!(of_program(gil), start);
        assert!(IS_CLOCK_OF_PROC.get(gil));
        let before = now();
        begin_fork(gil);
        assert!((before..=now()).contains(&OF_FORK.get(gil)));
    }
}
