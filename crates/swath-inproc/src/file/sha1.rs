//! SHA-1, for git's blob id of a source file.

#[cfg(target_arch = "x86_64")]
mod instructions;

/// A hash that is being computed.
pub(crate) struct Sha1 {
    state: [u32; 5],
    block: [u8; 64],
    filled: usize,
    length: u64,
}

impl Sha1 {
    /// Begins.
    pub(crate) const fn new() -> Self {
        Self {
            state: [
                0x6745_2301,
                0xefcd_ab89,
                0x98ba_dcfe,
                0x1032_5476,
                0xc3d2_e1f0,
            ],
            block: [0; 64],
            filled: 0,
            length: 0,
        }
    }

    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let mut rest = bytes;
        if self.filled > 0 {
            let wanted = 64 - self.filled;
            let (now, later) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
            self.fill(now);
            rest = later;
            if self.filled < 64 {
                return;
            }
            self.filled = 0;
            compress_all(&mut self.state, core::slice::from_ref(&self.block));
        }
        let (blocks, remainder) = rest.as_chunks::<64>();
        compress_all(&mut self.state, blocks);
        self.fill(remainder);
    }

    fn fill(&mut self, bytes: &[u8]) {
        for (place, byte) in self.block.iter_mut().skip(self.filled).zip(bytes) {
            *place = *byte;
        }
        self.filled += bytes.len();
    }

    /// Ends.
    pub(crate) fn finish(mut self) -> [u8; 20] {
        let bits = (self.length * 8).to_be_bytes();
        self.add(&[0x80]);
        while self.filled != 56 {
            self.add(&[0]);
        }
        self.add(&bits);
        let mut digest = [0; 20];
        for (place, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *place = word.to_be_bytes();
        }
        digest
    }
}

/// Adds blocks, by the machine's own instructions for that where it has them.
fn compress_all(state: &mut [u32; 5], blocks: &[[u8; 64]]) {
    #[cfg(target_arch = "x86_64")]
    if instructions::compress_all(state, blocks) {
        return;
    }
    for block in blocks {
        compress(state, block);
    }
}

fn compress(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut schedule = [0_u32; 80];
    for (place, word) in schedule.iter_mut().zip(block.as_chunks::<4>().0) {
        *place = u32::from_be_bytes(*word);
    }
    for index in 16..80 {
        schedule[index] = (schedule[index - 3]
            ^ schedule[index - 8]
            ^ schedule[index - 14]
            ^ schedule[index - 16])
            .rotate_left(1);
    }
    let [first, second, third, last] = *schedule.as_chunks::<20>().0 else {
        return;
    };
    let words = rounds(*state, &first, 0x5a82_7999, |b, c, d| (b & c) | (!b & d));
    let words = rounds(words, &second, 0x6ed9_eba1, |b, c, d| b ^ c ^ d);
    let words = rounds(words, &third, 0x8f1b_bcdc, |b, c, d| {
        (b & c) | (b & d) | (c & d)
    });
    let words = rounds(words, &last, 0xca62_c1d6, |b, c, d| b ^ c ^ d);
    for (place, value) in state.iter_mut().zip(words) {
        *place = place.wrapping_add(value);
    }
}

/// Twenty rounds, which mix words alike.
#[expect(
    clippy::many_single_char_names,
    reason = "the standard's own names of the five words"
)]
#[inline]
fn rounds(
    words: [u32; 5],
    schedule: &[u32; 20],
    constant: u32,
    mixed: impl Fn(u32, u32, u32) -> u32,
) -> [u32; 5] {
    let [mut a, mut b, mut c, mut d, mut e] = words;
    for word in schedule {
        let next = a
            .rotate_left(5)
            .wrapping_add(mixed(b, c, d))
            .wrapping_add(e)
            .wrapping_add(constant)
            .wrapping_add(*word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    [a, b, c, d, e]
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn digits(pieces: &[&[u8]]) -> std::string::String {
        let mut hash = Sha1::new();
        for piece in pieces {
            hash.add(piece);
        }
        let mut digits = crate::text::Buffer::<41>::new();
        digits.add_hexadecimal(&hash.finish());
        std::string::String::from_utf8_lossy(digits.bytes()).into_owned()
    }

    #[test]
    fn known_hashes() {
        assert_eq!(digits(&[]), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(
            digits(&[b"abc"]),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        // Git's blob id of an empty file.
        assert_eq!(
            digits(&[b"blob 0\0"]),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
        let million = [b'a'; 1000];
        let pieces = std::vec![&million[..]; 1000];
        assert_eq!(digits(&pieces), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_instructions_of_the_machine_make_no_difference() {
        let bytes: std::vec::Vec<u8> = (0..=255_u8).cycle().step_by(7).take(64 * 50).collect();
        let blocks = bytes.as_chunks::<64>().0;
        let mut by_instructions = Sha1::new().state;
        let mut plain = by_instructions;
        if !instructions::compress_all(&mut by_instructions, blocks) {
            // A machine without them.
            return;
        }
        for block in blocks {
            compress(&mut plain, block);
        }
        assert_eq!(by_instructions, plain);
    }

    #[test]
    fn pieces_make_no_difference() {
        let text: std::vec::Vec<u8> = (0..=255).cycle().take(1000).collect();
        let whole = digits(&[&text]);
        for cut in [1, 55, 56, 63, 64, 65, 119, 128, 999] {
            assert_eq!(digits(&[&text[..cut], &text[cut..]]), whole, "{cut}");
        }
    }
}
