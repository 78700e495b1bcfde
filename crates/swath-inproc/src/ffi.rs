//! What is called in CPython (its stable ABI only) and in the C library (unversioned names
//! that glibc and musl both have). Everything else is looked up in `symbols`.

use core::ffi::{c_char, c_int, c_long, c_void};

/// A Python object.
#[repr(C)]
pub struct PyObject {
    pub reference_count: isize,
    pub kind: *mut c_void,
}

/// A reference to a Python object.
pub(crate) type Object = *mut PyObject;

/// What every Python object begins with in a free-threaded build (3.13).
#[repr(C)]
pub(crate) struct FreeThreadedObject {
    pub thread: usize,
    pub unused: u16,
    pub mutex: u8,
    pub collector: u8,
    pub local_count: u32,
    pub shared_count: isize,
    pub kind: *mut c_void,
}

/// One function of a module.
#[repr(C)]
pub(crate) struct PyMethodDef {
    pub name: *const c_char,
    pub function: *const c_void,
    pub flags: c_int,
    pub documentation: *const c_char,
}

/// What a module says of itself (`PyModuleDef_Slot`).
#[repr(C)]
pub(crate) struct Slot {
    pub number: c_int,
    pub value: *mut c_void,
}

/// What a module's initialisation function returns (multi-phase initialisation). It begins as
/// objects do in the build at hand.
#[repr(C)]
pub(crate) struct PyModuleDef<Base> {
    pub base: Base,
    pub init: *mut c_void,
    pub index: isize,
    pub copy: Object,
    pub name: *const c_char,
    pub documentation: *const c_char,
    pub size: isize,
    pub methods: *mut PyMethodDef,
    pub slots: *mut c_void,
    pub traverse: *mut c_void,
    pub clear: *mut c_void,
    pub free: *mut c_void,
}

pub(crate) const METH_FASTCALL: c_int = 0x80;

pub(crate) const O_RDONLY: c_int = 0;
pub(crate) const O_RDWR: c_int = 2;
pub(crate) const O_CREAT: c_int = 0o100;
pub(crate) const O_EXCL: c_int = 0o200;
pub(crate) const O_NONBLOCK: c_int = 0o4000;
#[cfg(target_arch = "x86_64")]
pub(crate) const O_DIRECTORY: c_int = 0o200_000;
#[cfg(target_arch = "aarch64")]
pub(crate) const O_DIRECTORY: c_int = 0o40_000;
#[cfg(target_arch = "x86_64")]
pub(crate) const O_NOFOLLOW: c_int = 0o400_000;
#[cfg(target_arch = "aarch64")]
pub(crate) const O_NOFOLLOW: c_int = 0o100_000;
pub(crate) const O_PATH: c_int = 0o10_000_000;
pub(crate) const O_CLOEXEC: c_int = 0o2_000_000;
pub(crate) const F_DUPFD_CLOEXEC: c_int = 1030;
pub(crate) const PROT_NONE: c_int = 0;
pub(crate) const PROT_READ_WRITE: c_int = 3;
pub(crate) const MAP_SHARED: c_int = 1;
pub(crate) const MAP_PRIVATE: c_int = 2;
pub(crate) const MAP_ANONYMOUS: c_int = 0x20;
pub(crate) const MAP_NORESERVE: c_int = 0x4000;
pub(crate) const MAP_STACK: c_int = 0x2_0000;
pub(crate) const MADV_DONTDUMP: c_int = 16;
pub(crate) const MADV_WIPEONFORK: c_int = 18;
/// Advice that no kernel knows.
pub(crate) const MADV_NONSENSE: c_int = 0x7fff;
pub(crate) const RLIMIT_FSIZE: c_int = 1;

unsafe extern "C" {
    pub(crate) fn PyModuleDef_Init(definition: *mut c_void) -> Object;
    pub(crate) fn PyCFunction_NewEx(
        method: *mut PyMethodDef,
        this: Object,
        module: Object,
    ) -> Object;
    pub(crate) fn PyObject_GetAttr(object: Object, name: Object) -> Object;
    pub(crate) fn PyObject_GetAttrString(object: Object, name: *const c_char) -> Object;
    pub(crate) fn PyObject_GetItem(object: Object, key: Object) -> Object;
    pub(crate) fn PyObject_CallFunctionObjArgs(function: Object, ...) -> Object;
    pub(crate) fn PyObject_AsFileDescriptor(object: Object) -> c_int;
    pub(crate) fn PyLong_AsLong(object: Object) -> c_long;
    pub(crate) fn PyLong_FromLong(value: c_long) -> Object;
    pub(crate) fn PyUnicode_AsUTF8AndSize(object: Object, length: *mut isize) -> *const c_char;
    pub(crate) fn PyUnicode_EncodeFSDefault(object: Object) -> Object;
    pub(crate) fn PyUnicode_FromString(text: *const c_char) -> Object;
    pub(crate) fn PyOS_FSPath(object: Object) -> Object;
    pub(crate) fn PyBytes_AsString(object: Object) -> *mut c_char;
    pub(crate) fn PyBytes_Size(object: Object) -> isize;
    pub(crate) fn PyTuple_Pack(count: isize, ...) -> Object;
    pub(crate) fn PyTuple_Size(object: Object) -> isize;
    pub(crate) fn PyList_Size(object: Object) -> isize;
    pub(crate) fn PyTuple_GetItem(object: Object, index: isize) -> Object;
    pub(crate) fn PyMapping_Items(object: Object) -> Object;
    pub(crate) fn PySequence_Size(object: Object) -> isize;
    pub(crate) fn PySequence_GetItem(object: Object, index: isize) -> Object;
    pub(crate) fn PyIter_Next(iterator: Object) -> Object;
    pub(crate) fn PyType_GetFlags(kind: *mut c_void) -> u64;
    pub(crate) fn PyObject_Type(object: Object) -> Object;
    pub(crate) fn PyException_GetCause(exception: Object) -> Object;
    pub(crate) fn PyException_GetTraceback(exception: Object) -> Object;
    pub(crate) fn PyImport_GetModule(name: Object) -> Object;
    pub(crate) fn PySys_GetObject(name: *const c_char) -> Object;
    pub(crate) fn PyErr_Clear();
    pub(crate) fn PyErr_Fetch(kind: *mut Object, value: *mut Object, traceback: *mut Object);
    pub(crate) fn PyErr_Restore(kind: Object, value: Object, traceback: Object);
    pub(crate) fn PyThreadState_Get() -> *mut u8;
    pub(crate) fn PyEval_SaveThread() -> *mut u8;
    pub(crate) fn PyEval_RestoreThread(state: *mut u8);
    pub(crate) fn PyEval_GetFrame() -> Object;
    pub(crate) fn PyFrame_GetLineNumber(frame: *mut u8) -> c_int;
    pub(crate) fn Py_AtExit(function: unsafe extern "C" fn()) -> c_int;
    pub(crate) fn Py_IncRef(object: Object);
    pub(crate) fn Py_DecRef(object: Object);
    pub(crate) static mut _Py_NoneStruct: PyObject;
    pub(crate) static mut PyCFunction_Type: PyObject;

    pub(crate) fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    pub(crate) fn mmap(
        address: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        descriptor: c_int,
        offset: i64,
    ) -> *mut c_void;
    pub(crate) fn munmap(address: *mut c_void, length: usize) -> c_int;
    pub(crate) fn mprotect(address: *mut c_void, length: usize, protection: c_int) -> c_int;
    pub(crate) fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    pub(crate) fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    pub(crate) fn openat(folder: c_int, path: *const c_char, flags: c_int, ...) -> c_int;
    pub(crate) fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int;
    pub(crate) fn close(descriptor: c_int) -> c_int;
    pub(crate) fn read(descriptor: c_int, buffer: *mut c_void, length: usize) -> isize;
    pub(crate) fn pwrite(
        descriptor: c_int,
        bytes: *const c_void,
        length: usize,
        offset: i64,
    ) -> isize;
    pub(crate) fn fcntl(descriptor: c_int, command: c_int, ...) -> c_int;
    pub(crate) fn fchmod(descriptor: c_int, mode: u32) -> c_int;
    pub(crate) fn mkdir(path: *const c_char, mode: u32) -> c_int;
    pub(crate) fn chmod(path: *const c_char, mode: u32) -> c_int;
    pub(crate) fn unlink(path: *const c_char) -> c_int;
    pub(crate) fn access(path: *const c_char, mode: c_int) -> c_int;
    pub(crate) fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char;
    pub(crate) fn getcwd(buffer: *mut c_char, length: usize) -> *mut c_char;
    pub(crate) fn getenv(name: *const c_char) -> *const c_char;
    pub(crate) fn getpid() -> c_int;
    pub(crate) fn getppid() -> c_int;
    pub(crate) fn getpagesize() -> c_int;
    pub(crate) fn getrlimit(resource: c_int, limits: *mut [u64; 2]) -> c_int;
    pub(crate) fn getsockopt(
        descriptor: c_int,
        level: c_int,
        name: c_int,
        value: *mut c_int,
        length: *mut u32,
    ) -> c_int;
    pub(crate) fn posix_fallocate(descriptor: c_int, offset: i64, length: i64) -> c_int;
    pub(crate) fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int;
    pub(crate) fn syscall(number: c_long, ...) -> c_long;
    pub(crate) fn calloc(count: usize, size: usize) -> *mut c_void;
    pub(crate) fn free(memory: *mut c_void);
}
