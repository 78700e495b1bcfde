//! The source files that code objects name: whether each is measured, and its number.

use core::ffi::c_int;
use core::ptr::null_mut;

use swath_scope::Package;
use swath_store::layout;

use crate::arena;
use crate::code::BRANCH;
use crate::ffi::{self, Object};
use crate::fork;
use crate::map;
use crate::object::{self, Owned};
use crate::path::{self, Path};
use crate::scope;
use crate::scratch::Scratch;
use crate::state::{Gil, Global};
use crate::text;

mod jump_lines;
mod sha1;

use jump_lines::JumpLines;
use sha1::Sha1;

/// Names that were looked at lately, by the string object: code of one module shares it.
const RECENT: usize = 512;
/// Buckets of the table of all names.
const BUCKETS: usize = 1024;
/// So many lines with code behind a jump are known: each piece of code looks through all of them.
const MOST_JUMP_LINES: usize = 4096;
/// Larger files are not hashed.
const LARGEST_SOURCE: u64 = 32 << 20;

/// A file name as a code object has it.
struct Entry {
    next: *mut Entry,
    hash: u64,
    name: &'static [u8],
    /// The file that it means; itself for a canonical path. Null when that is not measured.
    file: *mut Entry,
    /// Git's blob id of the file when it was first seen.
    blob: Option<[u8; 20]>,
    /// Whether there was no such file then: the program made the code itself.
    is_absent: bool,
    /// The package of `source` that the module is in that ran it first.
    package: Option<Package<'static>>,
    /// The file's number in the store of a generation; 0 before it has one.
    id: u32,
    generation: u32,
}

#[derive(Clone, Copy)]
struct RecentName {
    object: Object,
    /// Null when the file is not measured.
    file: *mut Entry,
}

static RECENT_NAMES: Global<[RecentName; RECENT]> = Global::new(
    [RecentName {
        object: null_mut(),
        file: null_mut(),
    }; RECENT],
);
static TABLE: Global<[*mut Entry; BUCKETS]> = Global::new([null_mut(); BUCKETS]);
static NEXT_ID: Global<u32> = Global::new(1);
/// The lines of measured files on which code stands behind a jump. Few programs have any.
static JUMP_LINES: Global<Scratch<(*const Entry, u32)>> = Global::new(Scratch::new());

/// A measured file that code is of.
#[derive(Clone, Copy)]
pub(crate) struct Source(*mut Entry);

impl Source {
    /// None.
    pub(crate) const NONE: Self = Self(null_mut());

    /// Its number in this process's store, where it is recorded first if it is not there. `None` when
    /// there is no room for that, and of no file.
    pub(crate) fn number(self, gil: Gil<'_>) -> Option<u32> {
        // SAFETY: it is null or was allocated by `remember`, for good; with the GIL held nobody else
        // uses it.
        number(gil, unsafe { self.0.as_mut() }?)
    }
}

/// The measured file that the name in a code object means.
pub(crate) unsafe fn of_name(gil: Gil<'_>, name: Object) -> Option<Source> {
    // SAFETY: the name is alive, as the caller promises.
    let file = unsafe { entry(gil, name) }?;
    (!file.is_null()).then_some(Source(file))
}

/// The file that a name means; null when it is not measured.
unsafe fn entry(gil: Gil<'_>, name: Object) -> Option<*mut Entry> {
    // Objects are at least 16 bytes apart.
    let index = (name as usize >> 4) % RECENT;
    // SAFETY: who has the token is alone with the table, of which no reference is kept while the
    // program may run. The name is alive, and stays so while the table has it: that is the reference
    // that is taken here, and given back when another name takes the place.
    unsafe {
        let known = (*RECENT_NAMES.place()).get(index)?;
        if known.object == name {
            return Some(known.file);
        }
        let file = if let Some(text) = object::text(gil, name) {
            judge(gil, text)
        } else {
            // The name is not UTF-8: behind its surrogates are bytes of the file system.
            let encoded = Owned::take(gil, ffi::PyUnicode_EncodeFSDefault(name))?;
            judge(gil, object::bytes(gil, encoded.object())?)
        };
        ffi::Py_IncRef(name);
        let slot = (*RECENT_NAMES.place()).get_mut(index)?;
        let before = core::mem::replace(slot, RecentName { object: name, file });
        if !before.object.is_null() {
            ffi::Py_DecRef(before.object);
        }
        Some(file)
    }
}

/// Forgets name objects, which another interpreter took with it.
pub(crate) fn forget_names(_gil: Gil<'_>) {
    // SAFETY: with the GIL held nobody else uses the table. The references are not given back: the
    // interpreter that the objects were of is gone.
    unsafe {
        for slot in &mut *RECENT_NAMES.place() {
            *slot = RecentName {
                object: null_mut(),
                file: null_mut(),
            };
        }
    }
}

/// The number of a file in this process's store, where it is recorded first if it is not there.
/// `None` when there is no room for that.
fn number(gil: Gil<'_>, file: &mut Entry) -> Option<u32> {
    if file.id == 0 || file.generation != fork::generation(gil) {
        let id = NEXT_ID.get(gil);
        record(gil, id, file)?;
        NEXT_ID.set(gil, id + 1);
        file.id = id;
        file.generation = fork::generation(gil);
    }
    Some(file.id)
}

/// Calls `each` with the lines of a file, by its number, on which code stands behind a jump.
pub(crate) fn for_each_jump_line(_gil: Gil<'_>, id: u32, mut each: impl FnMut(u32)) {
    // SAFETY: with the GIL held nobody else changes the list, and its entries are kept for good.
    unsafe {
        for (file, line) in (*JUMP_LINES.place()).values() {
            if (**file).id == id {
                each(*line);
            }
        }
    }
}

/// The file that a name means; null when it is not measured.
fn judge(gil: Gil<'_>, name: &[u8]) -> *mut Entry {
    // `<string>`, `<frozen importlib>` and the like are no files.
    if name.is_empty() || name.first() == Some(&b'<') || name.starts_with(b"memory:") {
        return null_mut();
    }
    // SAFETY: what the table leads to was allocated by `remember` and is never given back; with the
    // GIL held nobody else changes it.
    unsafe {
        if let Some(entry) = find(gil, name) {
            return (*entry).file;
        }
        let mut canonical = Path::new();
        if !resolve(gil, name, &mut canonical) {
            return null_mut();
        }
        let is_relative = name.first() != Some(&b'/');
        let file = if let Some(entry) = find(gil, canonical.bytes()) {
            (*entry).file
        } else {
            let is_measured = scope::holds(gil, canonical.bytes());
            let package = is_measured
                .then(|| scope::package_of(gil, canonical.bytes()))
                .flatten();
            if let Some(entry) = find(gil, canonical.bytes()) {
                // The program ran meanwhile, and came here.
                return (*entry).file;
            }
            let entry = remember(gil, canonical.bytes(), null_mut());
            if is_measured && !entry.is_null() {
                (*entry).file = entry;
                (*entry).package = package;
                let note_jump = |line| note_jump_line(gil, entry, line);
                // Only branches ask for them.
                let jumps = BRANCH.get(gil).then(JumpLines::new);
                (*entry).blob = blob_id(canonical.bytes(), jumps, note_jump);
                (*entry).is_absent =
                    (*entry).blob.is_none() && is_absent(canonical.bytes(), is_relative);
                entry
            } else {
                null_mut()
            }
        };
        if name != canonical.bytes() {
            remember(gil, name, file);
        }
        file
    }
}

/// The canonical path that a name means. A relative one, as extension modules give to the code that they
/// make for tracebacks, is looked for in the working folder and then along `sys.path`, as coverage.py does.
fn resolve(gil: Gil<'_>, name: &[u8], out: &mut Path) -> bool {
    let is_there = |parts: &[&[u8]]| {
        let mut path = Path::new();
        for part in parts {
            path.add(part);
        }
        (path.whole() && path::exists(&path)).then_some(path)
    };
    if name.first() != Some(&b'/') && is_there(&[name]).is_none() {
        // SAFETY: the list and each of its items are held while they are read: the program may change
        // the list meanwhile.
        unsafe {
            let folders = object::system(gil, c"path");
            let folders = folders.as_ref().map_or(null_mut(), Owned::object);
            let count = if folders.is_null() {
                0
            } else {
                ffi::PyList_Size(folders)
            };
            if count < 0 {
                ffi::PyErr_Clear();
            }
            for index in 0..count {
                let Some(folder) = Owned::take(gil, ffi::PySequence_GetItem(folders, index)) else {
                    break;
                };
                if let Some(folder) = object::text(gil, folder.object())
                    && !folder.is_empty()
                    && let Some(path) = is_there(&[folder, b"/", name])
                {
                    return path::canonical(path.bytes(), out);
                }
            }
        }
    }
    path::canonical(name, out)
}

fn bucket(_gil: Gil<'_>, hash: u64) -> *mut *mut Entry {
    // SAFETY: the place is below the number of buckets.
    unsafe {
        TABLE
            .place()
            .cast::<*mut Entry>()
            .add(hash as usize % BUCKETS)
    }
}

fn find(gil: Gil<'_>, name: &[u8]) -> Option<*mut Entry> {
    let hash = text::hash(name);
    // SAFETY: the table and the entries behind it lead to null or to what `remember` allocated for
    // good.
    unsafe {
        let mut entry = *bucket(gil, hash);
        while !entry.is_null() {
            if (*entry).hash == hash && (*entry).name == name {
                return Some(entry);
            }
            entry = (*entry).next;
        }
        None
    }
}

/// Keeps a name; null without memory.
unsafe fn remember(gil: Gil<'_>, name: &[u8], file: *mut Entry) -> *mut Entry {
    // SAFETY: the memory has room for an entry and the name behind it, is aligned for both as
    // the arena promises, and is never given back.
    unsafe {
        let memory = arena::allocate(gil, size_of::<Entry>() + name.len());
        if memory.is_null() {
            return null_mut();
        }
        let copy = memory.add(size_of::<Entry>());
        core::ptr::copy_nonoverlapping(name.as_ptr(), copy, name.len());
        let hash = text::hash(name);
        let head = bucket(gil, hash);
        let entry = memory.cast::<Entry>();
        entry.write(Entry {
            next: *head,
            hash,
            name: core::slice::from_raw_parts(copy, name.len()),
            file,
            blob: None,
            is_absent: false,
            package: None,
            id: 0,
            generation: 0,
        });
        *head = entry;
        entry
    }
}

/// Notes that code stands behind a jump on a line of a file. Without memory, and behind very many, such a
/// line is like others.
fn note_jump_line(_gil: Gil<'_>, file: *const Entry, line: u32) {
    // SAFETY: with the GIL held nobody else changes the list.
    let lines = unsafe { &mut *JUMP_LINES.place() };
    let is_known = lines.values().last() == Some(&(file, line));
    if !is_known && lines.values().len() < MOST_JUMP_LINES {
        let _ = lines.add((file, line));
    }
}

/// Records a file that is measured. `None` when there is no room for that.
fn record(gil: Gil<'_>, id: u32, file: &Entry) -> Option<()> {
    let package = file.package.map_or(&[][..], |package| package.name);
    let length = layout::FILE_FIXED + file.name.len() + package.len();
    let draft = map::append(gil, layout::KIND_FILE, id, file.name.len() as u32, length)?;
    let mut flags = (package.len() as u32) << layout::FILE_PACKAGE_LENGTH;
    if file.package.is_some_and(|package| package.is_itself) {
        flags |= layout::FILE_PACKAGE_ITSELF;
    }
    if file.blob.is_some() {
        flags |= layout::FILE_HASHED;
    } else if file.is_absent {
        flags |= layout::FILE_ABSENT;
    }
    // SAFETY: the payload was asked for as long as the fixed part, the name and that of the package;
    // the hash and the flags are the fixed part.
    unsafe {
        let place = draft.put(0, &file.blob.unwrap_or_default());
        draft.put(place, &flags.to_le_bytes());
        let place = draft.put(layout::FILE_FIXED, file.name);
        draft.put(place, package);
    }
    draft.commit(gil);
    Some(())
}

/// Whether there is no such file, nor byte code without a source that it can have been imported
/// from, in a folder that can be looked into. Members of archives are in none. Where the name was a
/// relative one, folders of it may be missing as well.
fn is_absent(canonical: &[u8], is_relative: bool) -> bool {
    let is_there = |parts: [&[u8]; 2]| {
        let mut name = Path::new();
        name.add(parts[0]).add(parts[1]);
        !name.whole() || path::exists(&name)
    };
    let mut folder = path::folder_of(canonical);
    while is_relative && !folder.is_empty() && !is_there([folder, b""]) {
        folder = path::folder_of(folder);
    }
    is_there([folder, b"/."]) && !is_there([canonical, b""]) && !is_there([canonical, b"c"])
}

/// Git's blob id of a file's content; calls `on_jump` with the lines on which code stands behind a jump, if
/// they are looked for.
fn blob_id(
    canonical: &[u8],
    jumps: Option<JumpLines>,
    on_jump: impl FnMut(u32),
) -> Option<[u8; 20]> {
    let mut name = Path::new();
    name.add(canonical);
    let flags = ffi::O_RDONLY | ffi::O_CLOEXEC | ffi::O_NONBLOCK;
    // SAFETY: a buffer's C string ends; the descriptor was opened here, and nobody else knows it.
    unsafe {
        let descriptor = ffi::open(name.c_string(), flags);
        if descriptor < 0 {
            return None;
        }
        let id = hash_descriptor(descriptor, jumps, on_jump);
        ffi::close(descriptor);
        id
    }
}

fn hash_descriptor(
    descriptor: c_int,
    mut jumps: Option<JumpLines>,
    mut on_jump: impl FnMut(u32),
) -> Option<[u8; 20]> {
    let length = path::regular_size(descriptor)?;
    if length > LARGEST_SOURCE {
        return None;
    }
    let mut hash = Sha1::new();
    let mut head = text::Buffer::<40>::new();
    head.add(b"blob ").add_decimal(length).add(&[0]);
    hash.add(head.bytes());
    let mut rest = length;
    let mut buffer = [0_u8; 16 << 10];
    while rest > 0 {
        // SAFETY: the buffer is as long as is said.
        let got = unsafe { ffi::read(descriptor, buffer.as_mut_ptr().cast(), buffer.len()) };
        let piece = buffer.get(..usize::try_from(got).ok()?)?;
        if piece.is_empty() || piece.len() as u64 > rest {
            // It changed while it was read.
            return None;
        }
        hash.add(piece);
        if let Some(jumps) = &mut jumps {
            jumps.read(piece, &mut on_jump);
        }
        rest -= piece.len() as u64;
    }
    Some(hash.finish())
}
