//! Hit stores of processes that have ended, packed: the file has the same name, and what it held is
//! deflated behind a head of eight letters, the number of processes and the length (both little-endian,
//! four and eight bytes). A server that forks for each request leaves thousands of them, nearly alike.

use std::io::{Error, ErrorKind, Read, Result, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use swath_store::layout::LONGEST;

use crate::fork_stores::number_of_stores;

/// No hit store begins like this.
const BEGINNING: &[u8; 8] = b"swathpkd";
const COUNT_AT: usize = 8;
const LENGTH_AT: usize = 12;
const HEAD: usize = 20;

/// Packs the content of a file of hit stores; `None` if it is packed already.
///
/// # Errors
/// Where there is no memory.
pub fn pack_hit_store(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    if packed_number(bytes).is_some() {
        return Ok(None);
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let number = u32::try_from(number_of_stores(bytes, length)).unwrap_or(u32::MAX);
    let mut packed = BEGINNING.to_vec();
    packed.extend_from_slice(&number.to_le_bytes());
    packed.extend_from_slice(&length.to_le_bytes());
    let mut encoder = DeflateEncoder::new(packed, Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish().map(Some)
}

/// How many bytes stand before what is packed.
pub(crate) fn packed_length() -> u64 {
    u64::try_from(HEAD).unwrap_or(u64::MAX)
}

/// How many processes a packed file is of, as its beginning says; `None` if it is not packed.
pub(crate) fn packed_number(beginning: &[u8]) -> Option<usize> {
    let number = beginning
        .strip_prefix(BEGINNING)?
        .get(..LENGTH_AT - COUNT_AT)?;
    let number = u32::from_le_bytes(number.try_into().ok()?);
    usize::try_from(number).ok()
}

/// What a file of hit stores holds, unpacked if need be. It may say anything: no more is unpacked than a
/// store may have, and no less than is said is taken for whole.
pub(crate) fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>> {
    if packed_number(&bytes).is_none() {
        return Ok(bytes);
    }
    let length = bytes.get(LENGTH_AT..HEAD);
    let length = length.and_then(|length| length.try_into().ok());
    let length = u64::from_le_bytes(length.unwrap_or([0xff; 8]));
    let broken = || Error::new(ErrorKind::InvalidData, "a packed hit store is damaged");
    if length > LONGEST {
        return Err(broken());
    }
    let mut content = Vec::new();
    DeflateDecoder::new(bytes.get(HEAD..).unwrap_or(&[]))
        .take(length)
        .read_to_end(&mut content)?;
    if u64::try_from(content.len()) == Ok(length) {
        Ok(content)
    } else {
        Err(broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_says_how_many() {
        let bytes = [b"any content".repeat(5000), vec![0; 70_000]].concat();
        let packed = pack_hit_store(&bytes).unwrap().unwrap();
        assert!(packed.len() < bytes.len() / 20);
        assert_eq!(packed_number(&packed), Some(1));
        assert!(pack_hit_store(&packed).unwrap().is_none());
        assert_eq!(unpacked(packed).unwrap(), bytes);
        assert_eq!(unpacked(bytes.clone()).unwrap(), bytes);
    }

    #[test]
    fn damaged_ones_are_refused() {
        let packed = pack_hit_store(&[7; 5000]).unwrap().unwrap();
        for length in HEAD - LENGTH_AT..packed.len() {
            let part = packed[..length].to_vec();
            let is_packed = packed_number(&part).is_some();
            assert_eq!(unpacked(part).is_err(), is_packed, "{length}");
        }
        let mut long = packed;
        long[LENGTH_AT..HEAD].copy_from_slice(&(LONGEST + 1).to_le_bytes());
        assert!(unpacked(long).is_err());
    }
}
