//! Reads numbers and pieces at a place that may not exist.

/// The `length` bytes at `place`, if there are that many.
pub(crate) fn piece(bytes: &[u8], place: usize, length: usize) -> Option<&[u8]> {
    bytes.get(place..place.checked_add(length)?)
}

/// The `N` bytes at `place`.
pub(crate) fn array<const N: usize>(bytes: &[u8], place: usize) -> Option<[u8; N]> {
    piece(bytes, place, N)?.try_into().ok()
}

/// The 32-bit number at `place`.
pub(crate) fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    array(bytes, place).map(u32::from_le_bytes)
}

/// The 64-bit number at `place`.
pub(crate) fn u64_at(bytes: &[u8], place: usize) -> Option<u64> {
    array(bytes, place).map(u64::from_le_bytes)
}

/// A 32-bit number of the file as a length or place in memory.
pub(crate) fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
