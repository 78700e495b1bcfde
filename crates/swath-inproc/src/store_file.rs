//! The files of the data folder: this process's store, and marks of failure.
//!
//! The folder is held open. A process that gave up root, or changed its root, can then still make
//! files in it, although it could no longer get there.

use core::ffi::c_int;

use crate::ffi;
use crate::map;
use crate::path;
use crate::state::{Gil, Global};
use crate::text::Buffer;

/// Descriptors are moved up to about here, out of the way of the program's own.
const HIGH_DESCRIPTORS: [c_int; 3] = [900, 200, 60];
/// How a file is opened that any process of the run may have put there.
const SMALL_FILE: c_int = ffi::O_CLOEXEC | ffi::O_NOFOLLOW | ffi::O_NONBLOCK;
/// Errors that are told apart.
const EINTR: c_int = 4;
const ENOSPC: c_int = 28;
const EDQUOT: c_int = 122;

/// The folder of the hit stores, without a slash at its end.
pub(crate) static FOLDER: Global<Buffer<1024>> = Global::new(Buffer::new());
/// The folder, open.
static OPEN_FOLDER: Global<OpenFile> = Global::new(OpenFile::NONE);
/// The name of this process's store in the folder.
static NAME: Global<Buffer<64>> = Global::new(Buffer::new());

/// Why there is no store; the slug of the file left instead.
#[derive(Clone, Copy)]
pub(crate) struct Failure(pub &'static [u8]);

/// A descriptor, if nobody has closed it. Only one that is kept is moved out of the way.
#[derive(Clone, Copy)]
pub(crate) struct OpenFile {
    descriptor: c_int,
    /// Device and inode, to know that the descriptor is still it.
    identity: [u64; 2],
}

impl OpenFile {
    /// None.
    pub(crate) const NONE: Self = Self {
        descriptor: -1,
        identity: [0; 2],
    };

    /// Takes a fresh descriptor, and moves it out of the way.
    fn new(low: c_int) -> Self {
        let mut descriptor = low;
        for high in HIGH_DESCRIPTORS {
            // SAFETY: the descriptor is fresh and nobody else's; of two that mean the same file the
            // low one is closed.
            unsafe {
                let moved = ffi::fcntl(low, ffi::F_DUPFD_CLOEXEC, high);
                if moved >= 0 {
                    ffi::close(low);
                    descriptor = moved;
                    break;
                }
            }
        }
        Self {
            descriptor,
            identity: path::identity(descriptor),
        }
    }

    /// The descriptor, unless the program has closed it: the number may be a file of its own now.
    pub(crate) fn get(&self) -> Option<c_int> {
        let is_open = self.descriptor >= 0 && path::identity(self.descriptor) == self.identity;
        is_open.then_some(self.descriptor)
    }

    /// Closes it, if it is still this file.
    pub(crate) fn close(&mut self) {
        if let Some(descriptor) = self.get() {
            // SAFETY: the descriptor is still this file, so nobody else closes or uses it.
            unsafe { ffi::close(descriptor) };
        }
        *self = Self::NONE;
    }
}

/// Makes the folder, and those between it and `below`, for everybody to write to: processes of
/// other users may be next. What cannot be made is noticed when a file is.
pub(crate) fn make_folder(_gil: Gil<'_>, below: &[u8]) {
    const EVERYBODY: u32 = 0o1777;
    // SAFETY: with the GIL held nobody changes the folder's name meanwhile.
    let folder = unsafe { (*FOLDER.place()).bytes() };
    let Some([b'/', rest @ ..]) = folder.strip_prefix(below) else {
        return;
    };
    let mut path = Buffer::<1024>::new();
    path.add(below);
    for part in rest.split(|byte| *byte == b'/') {
        path.add(b"/").add(part);
        // SAFETY: a buffer's C string ends.
        unsafe {
            if ffi::mkdir(path.c_string(), EVERYBODY) == 0 {
                // Whatever the umask says.
                ffi::chmod(path.c_string(), EVERYBODY);
            }
        }
    }
}

/// Opens the folder, to reach it later from wherever the process may be.
pub(crate) fn open_folder(gil: Gil<'_>) {
    let flags = ffi::O_PATH | ffi::O_DIRECTORY | ffi::O_CLOEXEC;
    // SAFETY: with the GIL held nobody changes the folder's name meanwhile, and a buffer's C string
    // ends.
    let descriptor = unsafe { ffi::open((*FOLDER.place()).c_string(), flags) };
    if descriptor >= 0 {
        OPEN_FOLDER.set(gil, OpenFile::new(descriptor));
    }
}

/// Opens a file of the folder.
fn open<const N: usize>(gil: Gil<'_>, name: &Buffer<N>, flags: c_int) -> c_int {
    // SAFETY: with the GIL held nobody changes the folder's name meanwhile, and buffers' C strings
    // end.
    unsafe {
        if let Some(folder) = OPEN_FOLDER.get(gil).get() {
            let descriptor = ffi::openat(folder, name.c_string(), flags, 0o644 as c_int);
            if descriptor >= 0 {
                return descriptor;
            }
        }
        let mut path = Buffer::<1200>::new();
        path.add((*FOLDER.place()).bytes())
            .add(b"/")
            .add(name.bytes());
        ffi::open(path.c_string(), flags, 0o644 as c_int)
    }
}

/// Writes a file of the folder, over what is there; what it had besides stays behind it.
pub(crate) fn write_whole<const N: usize>(gil: Gil<'_>, name: &Buffer<N>, bytes: &[u8]) -> bool {
    if bytes.len() as u64 > size_limit() {
        // It would not fail but raise SIGXFSZ.
        return false;
    }
    let descriptor = open(gil, name, ffi::O_RDWR | ffi::O_CREAT | SMALL_FILE);
    if path::regular_size(descriptor).is_none() {
        return false;
    }
    // SAFETY: the bytes are as many as is said; the descriptor was opened here, and nobody else knows
    // it.
    unsafe {
        let written = ffi::pwrite(descriptor, bytes.as_ptr().cast(), bytes.len(), 0);
        ffi::close(descriptor);
        usize::try_from(written) == Ok(bytes.len())
    }
}

/// Reads the beginning of a file of the folder; returns how many bytes there are.
pub(crate) fn read_beginning<const N: usize>(
    gil: Gil<'_>,
    name: &Buffer<N>,
    buffer: &mut [u8],
) -> usize {
    path::read_and_close(open(gil, name, ffi::O_RDONLY | SMALL_FILE), buffer)
}

/// Removes a file of the folder.
pub(crate) fn remove_named<const N: usize>(gil: Gil<'_>, name: &Buffer<N>) {
    // SAFETY: with the GIL held nobody changes the folder's name meanwhile, and buffers' C strings
    // end.
    unsafe {
        if let Some(folder) = OPEN_FOLDER.get(gil).get() {
            ffi::unlinkat(folder, name.c_string(), 0);
        } else {
            let mut path = Buffer::<1200>::new();
            path.add((*FOLDER.place()).bytes())
                .add(b"/")
                .add(name.bytes());
            ffi::unlink(path.c_string());
        }
    }
}

fn name_file<const N: usize>(out: &mut Buffer<N>, id: &[u8; 16], ending: &[u8]) {
    let [half @ .., _, _, _, _, _, _, _, _] = id;
    out.truncate(0);
    // SAFETY: getpid may be called at any time.
    out.add_decimal(unsafe { ffi::getpid() } as u64).add(b"-");
    out.add_hexadecimal(half).add(ending);
}

/// Leaves an empty file that says why this process is not measured, if it can. `id` names it.
pub(crate) fn leave_failure(gil: Gil<'_>, failure: Failure, id: &[u8; 16]) -> bool {
    let mut name = Buffer::<128>::new();
    name_file(&mut name, id, b".failed-");
    name.add(failure.0);
    let flags = ffi::O_RDWR | ffi::O_CREAT | ffi::O_EXCL | ffi::O_CLOEXEC;
    let descriptor = open(gil, &name, flags);
    if descriptor >= 0 {
        // SAFETY: the descriptor was opened here, and nobody else knows it.
        unsafe { ffi::close(descriptor) };
    }
    descriptor >= 0
}

/// A new store for this process, `size` bytes long, all of them on the disk.
pub(crate) fn create(gil: Gil<'_>, id: &[u8; 16], size: usize) -> Result<OpenFile, Failure> {
    // SAFETY: with the GIL held nobody else uses the store's name; the descriptor was opened here,
    // and nobody else knows it.
    unsafe {
        let name = &mut *NAME.place();
        name_file(name, id, b".hits");
        let flags = ffi::O_RDWR | ffi::O_CREAT | ffi::O_EXCL | ffi::O_CLOEXEC;
        let low = open(gil, name, flags);
        if low < 0 {
            return Err(Failure(b"data-folder-not-writable"));
        }
        // Whatever the umask says, the run must be able to read it.
        ffi::fchmod(low, 0o644);
        let mut file = OpenFile::new(low);
        if let Err(failure) = allocate(file.descriptor, 0, size) {
            discard(gil, &mut file);
            return Err(failure);
        }
        Ok(file)
    }
}

/// A new file with places for the stores of fork children, mapped; null where there is no room.
pub(crate) fn create_places(gil: Gil<'_>, length: usize) -> Option<*mut u8> {
    let mut name = Buffer::<64>::new();
    name_file(&mut name, &map::random(), b".hits");
    let flags = ffi::O_RDWR | ffi::O_CREAT | ffi::O_EXCL | ffi::O_CLOEXEC;
    let descriptor = open(gil, &name, flags);
    if descriptor < 0 {
        return None;
    }
    let mut file = OpenFile {
        descriptor,
        identity: path::identity(descriptor),
    };
    // SAFETY: the descriptor was opened here, and nobody else knows it.
    unsafe { ffi::fchmod(descriptor, 0o644) };
    let mapped = allocate(descriptor, 0, length)
        .ok()
        .and_then(|()| map::map_file(&file, 0, length));
    if mapped.is_none() {
        remove_named(gil, &name);
    }
    // The mapping holds the file.
    file.close();
    mapped
}

/// Writes into a store that is not mapped there.
pub(crate) fn write(file: &OpenFile, bytes: &[u8]) -> bool {
    let Some(descriptor) = file.get() else {
        return false;
    };
    // SAFETY: the bytes are as many as is said, and the descriptor is this process's store.
    let written = unsafe { ffi::pwrite(descriptor, bytes.as_ptr().cast(), bytes.len(), 0) };
    usize::try_from(written) == Ok(bytes.len())
}

/// Closes and removes a store that cannot be used.
pub(crate) fn discard(gil: Gil<'_>, file: &mut OpenFile) {
    file.close();
    // SAFETY: with the GIL held nobody changes the name meanwhile.
    remove_named(gil, unsafe { &*NAME.place() });
}

/// Makes this process's store longer.
pub(crate) fn extend(
    gil: Gil<'_>,
    file: &mut OpenFile,
    from: usize,
    length: usize,
) -> Result<(), Failure> {
    // SAFETY: with the GIL held nobody changes the store's name meanwhile; a descriptor that turns
    // out to be another file was opened here, and nobody else knows it.
    unsafe {
        let descriptor = if let Some(descriptor) = file.get() {
            descriptor
        } else {
            // The program has closed it.
            let again = open(gil, &*NAME.place(), ffi::O_RDWR | ffi::O_CLOEXEC);
            if again < 0 {
                return Err(Failure(b"data-folder-not-writable"));
            }
            if path::identity(again) != file.identity {
                ffi::close(again);
                return Err(Failure(b"data-folder-not-writable"));
            }
            file.descriptor = again;
            again
        };
        allocate(descriptor, from, length)
    }
}

/// The largest file that the process may write.
pub(crate) fn size_limit() -> u64 {
    let mut limits = [u64::MAX; 2];
    // SAFETY: the array has the two words of a limit.
    unsafe { ffi::getrlimit(ffi::RLIMIT_FSIZE, &raw mut limits) };
    let [soft, _] = limits;
    soft
}

/// Gives a part of the file its blocks: a store into a hole on a full disk would be SIGBUS.
fn allocate(descriptor: c_int, from: usize, length: usize) -> Result<(), Failure> {
    if (from + length) as u64 > size_limit() {
        // Growing further would not fail but raise SIGXFSZ.
        return Err(Failure(b"file-size-limit"));
    }
    // SAFETY: the zeros are at least as long as is said, and the descriptor is the caller's store.
    unsafe {
        for _ in 0..100 {
            match ffi::posix_fallocate(descriptor, from as i64, length as i64) {
                0 => return Ok(()),
                EINTR => {}
                ENOSPC | EDQUOT => return Err(Failure(b"no-room-on-disk")),
                _ => break,
            }
        }
        // A file system that cannot allocate: zeros take the same room.
        let zeros = [0_u8; 4096];
        let mut place = from;
        while place < from + length {
            let rest = (from + length - place).min(4096);
            let written = ffi::pwrite(descriptor, zeros.as_ptr().cast(), rest, place as i64);
            if written <= 0 {
                return Err(Failure(b"no-room-on-disk"));
            }
            place += written as usize;
        }
        Ok(())
    }
}
