//! State of the whole process, guarded by the GIL, and what says that it is held.

use core::cell::UnsafeCell;
use core::marker::PhantomData;

/// Says that the calling thread holds the GIL of the measured interpreter. It is made where the
/// interpreter calls in, and handed on to whatever needs it; it is no bytes long.
#[derive(Clone, Copy)]
pub(crate) struct Gil<'held>(PhantomData<(&'held (), *mut ())>);

impl Gil<'_> {
    /// For functions that the interpreter calls.
    ///
    /// # Safety
    ///
    /// The calling thread holds the GIL of the measured interpreter, and goes on to do so for as
    /// long as what is made here is used; calls into Python, which may give the GIL away, have
    /// taken it again when they return.
    #[inline]
    pub(crate) const unsafe fn assume() -> Self {
        Self(PhantomData)
    }
}

/// A value that is only touched with the GIL held.
pub(crate) struct Global<T>(UnsafeCell<T>);

// SAFETY: the GIL is held by whoever touches the value: `get` and `set` ask for its token, and
// `place` gives a pointer, to follow which is another question.
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
        // SAFETY: the GIL is held, so nobody writes meanwhile.
        unsafe { *self.0.get() }
    }

    /// Replaces the value.
    #[inline]
    pub(crate) fn set(&self, _gil: Gil<'_>, value: T) {
        // SAFETY: the GIL is held, so nobody reads meanwhile.
        unsafe { *self.0.get() = value }
    }
}
