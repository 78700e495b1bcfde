//! State of the whole process, guarded by the GIL.

use core::cell::UnsafeCell;

/// A value that is only touched with the GIL held.
pub(crate) struct Global<T>(UnsafeCell<T>);

// SAFETY: the GIL is held by whoever touches the value (see the crate's documentation).
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
    pub(crate) fn get(&self) -> T {
        // SAFETY: the GIL is held, so nobody writes meanwhile.
        unsafe { *self.0.get() }
    }

    /// Replaces the value.
    #[inline]
    pub(crate) fn set(&self, value: T) {
        // SAFETY: the GIL is held, so nobody reads meanwhile.
        unsafe { *self.0.get() = value }
    }
}
