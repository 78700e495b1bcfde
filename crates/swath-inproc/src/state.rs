//! State of the whole process, and what says that nobody else touches it.

use core::cell::UnsafeCell;
use core::marker::PhantomData;

use crate::lock;

/// Says that the calling thread alone runs what is here: it holds the GIL of the measured
/// interpreter or, in a free-threaded build, which has none, the lock of the agent. It is made where
/// the interpreter calls in, and handed on to whatever needs it; it is no bytes long.
#[derive(Clone, Copy)]
pub(crate) struct Gil<'held>(PhantomData<(&'held (), *mut ())>);

/// Says that the calling thread may ask the interpreter, and nothing of the agent's state.
#[derive(Clone, Copy)]
pub(crate) struct Apart<'held>(PhantomData<(&'held (), *mut ())>);

/// What lets the interpreter be asked.
pub(crate) trait Attached: Copy {}

impl Attached for Gil<'_> {}
impl Attached for Apart<'_> {}

impl Gil<'_> {
    /// For functions that an interpreter with a GIL calls.
    ///
    /// # Safety
    ///
    /// The calling thread holds the GIL of the measured interpreter, and goes on to do so for as
    /// long as what is made here is used; calls into Python, which may give the GIL away, have
    /// taken it again when they return. Or no other thread is left.
    #[inline]
    pub(crate) const unsafe fn assume() -> Self {
        Self(PhantomData)
    }
}

/// Asks the interpreter for something that may run code of the program's own, which may wait for
/// other threads: they may run what is here meanwhile.
pub(crate) fn let_others<R>(_gil: Gil<'_>, body: impl FnOnce(Apart<'_>) -> R) -> R {
    if !lock::is_needed() {
        return body(Apart(PhantomData));
    }
    // SAFETY: who has the token has a thread state, and is the one that holds the lock.
    unsafe { lock::without(|| body(Apart(PhantomData))) }
}

/// Runs what an interpreter calls in for, alone.
///
/// # Safety
///
/// An interpreter has called in: the thread has a thread state, and holds the GIL where there is
/// one.
#[inline]
pub(crate) unsafe fn hold<R>(body: impl FnOnce(Gil<'_>) -> R) -> R {
    if !lock::is_needed() {
        return body(Gil(PhantomData));
    }
    // SAFETY: as the caller promises.
    let turn = unsafe { lock::take() };
    let result = body(Gil(PhantomData));
    lock::give_back(turn);
    result
}

/// A value that one thread touches at a time.
pub(crate) struct Global<T>(UnsafeCell<T>);

// SAFETY: whoever touches the value is alone: `get` and `set` ask for the token, and `place` gives a
// pointer, to follow which is another question.
unsafe impl<T> Sync for Global<T> {}

impl<T> Global<T> {
    /// A value to begin with.
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Where the value is.
    #[inline]
    pub(crate) const fn place(&self) -> *mut T {
        self.0.get()
    }
}

impl<T: Copy> Global<T> {
    /// The value.
    #[inline]
    pub(crate) fn get(&self, _gil: Gil<'_>) -> T {
        // SAFETY: who has the token is alone, so nobody writes meanwhile.
        unsafe { *self.0.get() }
    }

    /// Replaces the value.
    #[inline]
    pub(crate) fn set(&self, _gil: Gil<'_>, value: T) {
        // SAFETY: who has the token is alone, so nobody reads meanwhile.
        unsafe { *self.0.get() = value }
    }
}
