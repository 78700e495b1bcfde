//! SHA-1 by instructions that most machines have: the sources of a program are hashed while it starts.

use core::arch::x86_64::{
    __cpuid, __cpuid_count, __m128i, _mm_add_epi32, _mm_extract_epi32, _mm_loadu_si128,
    _mm_set_epi8, _mm_set_epi32, _mm_sha1msg1_epu32, _mm_sha1msg2_epu32, _mm_sha1nexte_epu32,
    _mm_sha1rnds4_epu32, _mm_shuffle_epi8, _mm_xor_si128,
};
use core::sync::atomic::{AtomicU8, Ordering};

/// Whether the machine has the instructions.
static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const MISSING: u8 = 1;
const THERE: u8 = 2;

/// Adds blocks; whether that could be done.
pub(super) fn compress_all(state: &mut [u32; 5], blocks: &[[u8; 64]]) -> bool {
    if STATE.load(Ordering::Relaxed) == UNKNOWN {
        let found = if are_there() { THERE } else { MISSING };
        STATE.store(found, Ordering::Relaxed);
    }
    if STATE.load(Ordering::Relaxed) != THERE {
        return false;
    }
    // SAFETY: the machine says that it has them.
    unsafe { compress(state, blocks) };
    true
}

fn are_there() -> bool {
    const SSSE3: u32 = 1 << 9;
    const SSE4_1: u32 = 1 << 19;
    const SHA: u32 = 1 << 29;
    const LEAF: u32 = 7;
    let features = __cpuid(1).ecx;
    __cpuid(0).eax >= LEAF
        && features & SSSE3 != 0
        && features & SSE4_1 != 0
        && __cpuid_count(LEAF, 0).ebx & SHA != 0
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress(state: &mut [u32; 5], blocks: &[[u8; 64]]) {
    let [first, second, third, fourth, fifth] = state.map(u32::cast_signed);
    let mut words = _mm_set_epi32(first, second, third, fourth);
    let mut last = _mm_set_epi32(fifth, 0, 0, 0);
    for block in blocks {
        let before = (words, last);
        let mut rounds = Rounds {
            words,
            last,
            schedule: load(block),
        };
        rounds.first_group();
        rounds.groups::<0>(4);
        rounds.groups::<1>(5);
        rounds.groups::<2>(5);
        rounds.groups::<3>(5);
        last = _mm_sha1nexte_epu32(rounds.last, before.1);
        words = _mm_add_epi32(rounds.words, before.0);
    }
    *state = [
        _mm_extract_epi32::<3>(words),
        _mm_extract_epi32::<2>(words),
        _mm_extract_epi32::<1>(words),
        _mm_extract_epi32::<0>(words),
        _mm_extract_epi32::<3>(last),
    ]
    .map(i32::cast_unsigned);
}

/// The block's words, four to a register, the first one on top.
#[target_feature(enable = "ssse3")]
fn load(block: &[u8; 64]) -> [__m128i; 4] {
    let reversed = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut schedule = [reversed; 4];
    for (place, bytes) in schedule.iter_mut().zip(block.as_chunks::<16>().0) {
        // SAFETY: sixteen bytes are a register's, at any place.
        let four = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        *place = _mm_shuffle_epi8(four, reversed);
    }
    schedule
}

/// What goes from four rounds to the next four.
struct Rounds {
    /// The first four words of the state.
    words: __m128i,
    /// What the fifth one comes of: these words as they were four rounds before.
    last: __m128i,
    /// The next four words of the schedule, and the twelve behind them.
    schedule: [__m128i; 4],
}

impl Rounds {
    /// The first four rounds: the fifth word is the state's own.
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    fn first_group(&mut self) {
        let [next, ..] = self.schedule;
        let added = _mm_add_epi32(self.last, next);
        self.last = self.words;
        self.words = _mm_sha1rnds4_epu32::<0>(self.words, added);
        self.proceed();
    }

    /// So many times four rounds that mix words in one way.
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    fn groups<const MIX: i32>(&mut self, count: usize) {
        for _ in 0..count {
            let [next, ..] = self.schedule;
            let added = _mm_sha1nexte_epu32(self.last, next);
            self.last = self.words;
            self.words = _mm_sha1rnds4_epu32::<MIX>(self.words, added);
            self.proceed();
        }
    }

    #[target_feature(enable = "sha,ssse3,sse4.1")]
    fn proceed(&mut self) {
        let [first, second, third, fourth] = self.schedule;
        let mixed = _mm_xor_si128(_mm_sha1msg1_epu32(first, second), third);
        self.schedule = [second, third, fourth, _mm_sha1msg2_epu32(mixed, fourth)];
    }
}
