//! An audit hook that is added before the interpreter begins, and the memory of its entry.
//!
//! The entry comes from the allocator of that time. With `-X dev` and `PYTHONMALLOC` the interpreter
//! then begins with another one, gives the entry back to that at its end, and is ended by it, as it
//! knows no such block. So whose the entry is is kept in mind, and it is given back there.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use crate::{Hook, find};

/// `PyMemAllocatorEx`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Allocator {
    context: *mut c_void,
    malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

/// `PyMem_GetAllocator` and `PyMem_SetAllocator`, of the domain that entries come from.
struct Allocators {
    get: unsafe extern "C" fn(c_int, *mut Allocator),
    set: unsafe extern "C" fn(c_int, *mut Allocator),
}

/// `PYMEM_DOMAIN_RAW`.
const RAW: c_int = 0;

impl Allocators {
    unsafe fn find() -> Option<Self> {
        // SAFETY: both are of CPython's interface, and have the type that they have there.
        unsafe {
            Some(Self {
                get: find(c"PyMem_GetAllocator")?,
                set: find(c"PyMem_SetAllocator")?,
            })
        }
    }

    unsafe fn now(&self) -> Allocator {
        let mut now = MaybeUninit::uninit();
        // SAFETY: it is written whole.
        unsafe {
            (self.get)(RAW, now.as_mut_ptr());
            now.assume_init()
        }
    }
}

/// The block that holds the entry; null before there is one, and after it was given back.
static ENTRY: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// What is written in one moment of an interpreter's life, by its only thread or with its lock held, and
/// read after it.
struct Kept<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: see above.
unsafe impl<T> Sync for Kept<T> {}

impl<T: Copy> Kept<T> {
    const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    unsafe fn set(&self, value: T) {
        // SAFETY: nobody reads it yet.
        unsafe { (*self.0.get()).write(value) };
    }

    unsafe fn get(&self) -> T {
        // SAFETY: it was written, by the caller's word.
        unsafe { (*self.0.get()).assume_init() }
    }
}

/// Whose the entry is.
static FIRST: Kept<Allocator> = Kept::new();
/// Whose everything else is at the end.
static LATER: Kept<Allocator> = Kept::new();
/// Whether `LATER` is kept.
static IS_READY: AtomicBool = AtomicBool::new(false);

/// Adds the hook, in a program that has an interpreter; it may not have begun.
pub(crate) unsafe fn add(hook: Hook) {
    type Add = unsafe extern "C" fn(Hook, *mut c_void) -> c_int;
    // SAFETY: what is found has the type that CPython's headers say. All of it may be called before the
    // interpreter is there, and there is one thread yet.
    unsafe {
        let Some(add) = find::<Add>(c"PySys_AddAuditHook") else {
            return;
        };
        let Some(allocators) = Allocators::find() else {
            add(hook, null_mut());
            return;
        };
        let mut first = allocators.now();
        FIRST.set(first);
        let mut noting = first;
        noting.malloc = note;
        (allocators.set)(RAW, &raw mut noting);
        add(hook, null_mut());
        (allocators.set)(RAW, &raw mut first);
    }
}

/// Keeps in mind which block the interpreter was given.
unsafe extern "C" fn note(context: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: it stands in for that allocator, which was kept before.
    let block = unsafe { (FIRST.get().malloc)(context, size) };
    ENTRY.store(block, Ordering::Relaxed);
    block
}

/// The interpreter is about to give the entries of all hooks back, or the program says so: any code can raise
/// the event, as often as it likes.
pub(crate) unsafe fn before_clearing() {
    if ENTRY.load(Ordering::Relaxed).is_null() || IS_READY.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: the interpreter is there, and its lock is held. The allocator that is set is the one that
    // is in force, but for this entry.
    unsafe {
        let Some(allocators) = Allocators::find() else {
            return;
        };
        let (first, mut later) = (FIRST.get(), allocators.now());
        let is_same = first.free as usize == later.free as usize && first.context == later.context;
        if !is_same {
            LATER.set(later);
            IS_READY.store(true, Ordering::Relaxed);
            later.free = give_back;
            (allocators.set)(RAW, &raw mut later);
        }
    }
}

/// Gives a block back: the entry to whom it came from.
unsafe extern "C" fn give_back(context: *mut c_void, block: *mut c_void) {
    // SAFETY: it stands in for the later allocator, which was kept before.
    unsafe {
        if !block.is_null() && block == ENTRY.load(Ordering::Relaxed) {
            ENTRY.store(null_mut(), Ordering::Relaxed);
            let first = FIRST.get();
            (first.free)(first.context, block);
        } else {
            (LATER.get().free)(context, block);
        }
    }
}
