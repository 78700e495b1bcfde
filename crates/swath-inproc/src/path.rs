//! Paths and what the system knows about them and about this process.

use core::ffi::{CStr, c_char, c_int};

use crate::ffi;
use crate::system_call;
use crate::text::{Buffer, c_bytes};

/// The longest path that is followed.
pub(crate) const LONGEST: usize = 4096;

/// A path in a buffer.
pub(crate) type Path = Buffer<LONGEST>;

/// The folder the process works in, or nothing.
pub(crate) fn working_folder(out: &mut Path) {
    let mut folder = [0 as c_char; LONGEST];
    // SAFETY: the buffer is as long as is said.
    if !unsafe { ffi::getcwd(folder.as_mut_ptr(), LONGEST) }.is_null() {
        // SAFETY: where it does not fail, it leaves a C string in the buffer.
        out.add(unsafe { c_bytes(folder.as_ptr()) });
    }
}

/// The canonical path of a file, as `os.path.realpath` gives it; false when it has none.
pub(crate) fn canonical(path: &[u8], out: &mut Path) -> bool {
    out.truncate(0);
    let mut whole = Path::new();
    if path.first() != Some(&b'/') {
        working_folder(&mut whole);
        whole.add(b"/");
    }
    whole.add(path);
    if !whole.whole() || path.contains(&0) {
        return false;
    }
    let mut resolved = [0 as c_char; LONGEST];
    // SAFETY: a buffer's C string ends, and the other buffer has the length that realpath asks for.
    if unsafe { ffi::realpath(whole.c_string(), resolved.as_mut_ptr()) }.is_null() {
        normalise(whole.bytes(), out);
    } else {
        // SAFETY: where it does not fail, it leaves a C string in the buffer.
        out.add(unsafe { c_bytes(resolved.as_ptr()) });
    }
    out.whole()
}

/// Takes `.`, `..` and double slashes out of an absolute path that does not exist.
fn normalise(path: &[u8], out: &mut Path) {
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                let last = out.bytes().iter().rposition(|byte| *byte == b'/');
                out.truncate(last.unwrap_or(0));
            }
            _ => {
                out.add(b"/").add(part);
            }
        }
    }
    if out.bytes().is_empty() {
        out.add(b"/");
    }
}

/// The path of the folder that something is in; empty for the root.
pub(crate) fn folder_of(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/');
    end.and_then(|end| path.get(..end)).unwrap_or(&[])
}

/// Whether a file exists.
pub(crate) fn exists(path: &Path) -> bool {
    // SAFETY: a buffer's C string ends.
    path.whole() && unsafe { ffi::access(path.c_string(), 0) } == 0
}

/// Device and inode of an open file. Zeros when it is not open.
pub(crate) fn identity(descriptor: c_int) -> [u64; 2] {
    system_call::fstat(descriptor).map_or([0; 2], |status| [status.device, status.inode])
}

/// The size of an open file; `None` when it is no regular file.
pub(crate) fn regular_size(descriptor: c_int) -> Option<u64> {
    const KIND_MASK: u64 = 0o170_000;
    const KIND_REGULAR: u64 = 0o100_000;
    let status = system_call::fstat(descriptor)?;
    (status.mode & KIND_MASK == KIND_REGULAR).then_some(status.size)
}

/// What the system says of a process.
#[derive(Clone, Copy)]
pub(crate) struct Status {
    /// Its parent; 0: none that can be seen.
    pub parent: u32,
    /// When it was begun, in clock ticks.
    pub start_ticks: u64,
}

/// When this process was begun, in clock ticks.
pub(crate) fn start_ticks() -> u64 {
    status(c"/proc/self/stat").map_or(0, |status| status.start_ticks)
}

/// What the system says of a process that it shows.
pub(crate) fn status_of(pid: u32) -> Option<Status> {
    let mut name = Buffer::<32>::new();
    name.add(b"/proc/")
        .add_decimal(u64::from(pid))
        .add(b"/stat");
    // SAFETY: a buffer's C string ends.
    status(unsafe { CStr::from_ptr(name.c_string()) })
}

/// Fields 4 and 22 of `/proc/PID/stat`.
fn status(name: &CStr) -> Option<Status> {
    let mut content = [0_u8; 1024];
    let length = read_file(name, &mut content);
    let line = content.get(..length)?;
    // The second field is a name in parentheses that may hold anything.
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let mut fields = line.get(end + 1..)?.split(|byte| *byte == b' ');
    let mut number = |place: usize| {
        fields.nth(place)?.iter().try_fold(0_u64, |number, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
            number.checked_mul(10)?.checked_add(u64::from(digit))
        })
    };
    Some(Status {
        parent: number(2)? as u32,
        start_ticks: number(17)?,
    })
}

/// Reads the beginning of a file; returns how many bytes there are.
pub(crate) fn read_file(path: &CStr, buffer: &mut [u8]) -> usize {
    // SAFETY: the path is a C string.
    let descriptor = unsafe { ffi::open(path.as_ptr(), ffi::O_RDONLY | ffi::O_CLOEXEC) };
    read_and_close(descriptor, buffer)
}

/// Reads the beginning of a file that was opened for that; returns how many bytes there are.
pub(crate) fn read_and_close(descriptor: c_int, buffer: &mut [u8]) -> usize {
    if descriptor < 0 {
        return 0;
    }
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..) {
        // SAFETY: the rest of the buffer is as long as is said.
        let got = unsafe { ffi::read(descriptor, rest.as_mut_ptr().cast(), rest.len()) };
        if got <= 0 {
            break;
        }
        length += got as usize;
    }
    // SAFETY: the descriptor was opened for this, and nobody else knows it.
    unsafe { ffi::close(descriptor) };
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_is_normalized() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b"/a//b/./c", b"/a/b/c"),
            (b"/a/../../b", b"/b"),
            (b"/..", b"/"),
            (b"/", b"/"),
            (b"/a/b/..", b"/a"),
        ];
        for (path, expected) in cases {
            let mut out = Path::new();
            normalise(path, &mut out);
            assert_eq!(out.bytes(), expected);
        }
    }
}
