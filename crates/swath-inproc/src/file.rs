//! The source files that code objects name: whether each is measured, and its number.

use core::ffi::c_int;
use core::ptr::null_mut;

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::map;
use crate::object;
use crate::path::{self, Path};
use crate::scope;
use crate::sha1::Sha1;
use crate::state::Global;
use crate::text;

/// Names that were looked at lately, by the string object: code of one module shares it.
const RECENT: usize = 512;
/// Buckets of the table of all names.
const BUCKETS: usize = 1024;
/// Larger files are not hashed.
const LARGEST_SOURCE: u64 = 32 << 20;

/// A file name as a code object has it.
struct Entry {
    next: *mut Entry,
    hash: u64,
    name: &'static [u8],
    /// The number of the file it means; `None` when that is not measured.
    id: Option<u32>,
}

#[derive(Clone, Copy)]
struct RecentName {
    object: Object,
    id: Option<u32>,
}

static RECENT_NAMES: Global<[RecentName; RECENT]> = Global::new(
    [RecentName {
        object: null_mut(),
        id: None,
    }; RECENT],
);
static TABLE: Global<[*mut Entry; BUCKETS]> = Global::new([null_mut(); BUCKETS]);
static NEXT_ID: Global<u32> = Global::new(1);

/// The number of a measured file, by the name in a code object.
pub unsafe fn id(name: Object) -> Option<u32> {
    // Objects are at least 16 bytes apart.
    let recent = &mut *RECENT_NAMES.place();
    let slot = recent.get_mut((name as usize >> 4) % RECENT)?;
    if slot.object == name {
        return slot.id;
    }
    let id = judge(object::text(name)?);
    ffi::Py_IncRef(name);
    let before = core::mem::replace(&mut *slot, RecentName { object: name, id });
    if !before.object.is_null() {
        ffi::Py_DecRef(before.object);
    }
    id
}

unsafe fn judge(name: &[u8]) -> Option<u32> {
    // `<string>`, `<frozen importlib>` and the like are no files.
    if name.is_empty() || name.first() == Some(&b'<') || name.starts_with(b"memory:") {
        return None;
    }
    if let Some(entry) = find(name) {
        return (*entry).id;
    }
    let mut canonical = Path::new();
    if !path::canonical(name, &mut canonical) {
        return None;
    }
    if let Some(entry) = find(canonical.bytes()) {
        let id = (*entry).id;
        remember(name, id);
        return id;
    }
    let id = scope::holds(canonical.bytes())
        .then(|| record(canonical.bytes()))
        .flatten();
    remember(canonical.bytes(), id);
    if name != canonical.bytes() {
        remember(name, id);
    }
    id
}

unsafe fn bucket(hash: u64) -> *mut *mut Entry {
    TABLE
        .place()
        .cast::<*mut Entry>()
        .add(hash as usize % BUCKETS)
}

unsafe fn find(name: &[u8]) -> Option<*mut Entry> {
    let hash = text::hash(name);
    let mut entry = *bucket(hash);
    while !entry.is_null() {
        if (*entry).hash == hash && (*entry).name == name {
            return Some(entry);
        }
        entry = (*entry).next;
    }
    None
}

unsafe fn remember(name: &[u8], id: Option<u32>) {
    let memory = ffi::calloc(1, size_of::<Entry>() + name.len()).cast::<u8>();
    if memory.is_null() {
        return;
    }
    let copy = memory.add(size_of::<Entry>());
    core::ptr::copy_nonoverlapping(name.as_ptr(), copy, name.len());
    let hash = text::hash(name);
    let head = bucket(hash);
    let entry = memory.cast::<Entry>();
    // SAFETY: the memory holds an entry and the name behind it, and is never given back.
    entry.write(Entry {
        next: *head,
        hash,
        name: core::slice::from_raw_parts(copy, name.len()),
        id,
    });
    *head = entry;
}

/// Records a file that is measured. `None` when there is no room for that.
unsafe fn record(canonical: &[u8]) -> Option<u32> {
    let id = NEXT_ID.get();
    let hash = blob_id(canonical);
    let length = layout::FILE_FIXED + canonical.len();
    let draft = map::append(layout::KIND_FILE, id, canonical.len() as u32, length)?;
    if let Some(hash) = hash {
        let place = draft.put(0, &hash);
        draft.put(place, &layout::FILE_HASHED.to_le_bytes());
    }
    draft.put(layout::FILE_FIXED, canonical);
    draft.commit();
    NEXT_ID.set(id + 1);
    Some(id)
}

/// Git's blob id of a file's content.
unsafe fn blob_id(canonical: &[u8]) -> Option<[u8; 20]> {
    let mut name = Path::new();
    name.add(canonical);
    let flags = ffi::O_RDONLY | ffi::O_CLOEXEC | ffi::O_NONBLOCK;
    let descriptor = ffi::open(name.c_string(), flags);
    if descriptor < 0 {
        return None;
    }
    let id = hash_descriptor(descriptor);
    ffi::close(descriptor);
    id
}

unsafe fn hash_descriptor(descriptor: c_int) -> Option<[u8; 20]> {
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
        let got = ffi::read(descriptor, buffer.as_mut_ptr().cast(), buffer.len());
        let piece = buffer.get(..usize::try_from(got).ok()?)?;
        if piece.is_empty() || piece.len() as u64 > rest {
            // It changed while it was read.
            return None;
        }
        hash.add(piece);
        rest -= piece.len() as u64;
    }
    Some(hash.finish())
}
