//! The pages of a file, read one by one: half of a large data file is indexes that nobody asks for.

use std::cell::OnceCell;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use crate::sqlite_pages::{NotPlain, Plain};

/// A file that is read where it is asked for.
pub(crate) struct PageFile {
    file: File,
    /// In bytes, when it was opened.
    length: usize,
    /// The first bytes, which say how large a page is.
    head: [u8; 100],
    /// The pages that stay.
    kept: Vec<OnceCell<Box<[u8]>>>,
}

impl PageFile {
    /// Takes a file that is at least as long as a database's header.
    pub(crate) fn new(file: File) -> Plain<Self> {
        let length = file.metadata().map_err(|_| NotPlain)?.len();
        let mut head = [0; 100];
        file.read_exact_at(&mut head, 0).map_err(|_| NotPlain)?;
        let length = usize::try_from(length).map_err(|_| NotPlain)?;
        // No page is smaller.
        let mut kept = Vec::new();
        kept.resize_with(length / 512, OnceCell::new);
        Ok(Self {
            file,
            length,
            head,
            kept,
        })
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// A page that stays; the first one is 0.
    pub(crate) fn page(&self, place: usize, size: usize) -> Plain<&[u8]> {
        let kept = self.kept.get(place).ok_or(NotPlain)?;
        if let Some(page) = kept.get() {
            return Ok(page);
        }
        let mut page = vec![0; size];
        self.read(place, &mut page)?;
        Ok(kept.get_or_init(|| page.into_boxed_slice()))
    }

    /// A page that is looked at once.
    pub(crate) fn read(&self, place: usize, page: &mut [u8]) -> Plain<()> {
        let start = place.checked_mul(page.len()).ok_or(NotPlain)?;
        let start = u64::try_from(start).map_err(|_| NotPlain)?;
        self.file.read_exact_at(page, start).map_err(|_| NotPlain)
    }
}
