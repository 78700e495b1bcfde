//! Random numbers that a failing test can repeat.

/// A small seeded generator (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator that `seed` always gives.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias is below 2^-32 for every bound a test has.
        if bound == 0 {
            0
        } else {
            self.next_u64() % bound
        }
    }

    /// Up to `count` of `items`, each at most once, in their order.
    pub fn sample<T: Clone>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut indices: Vec<usize> = (0..items.len()).collect();
        let count = count.min(indices.len());
        for place in 0..count {
            let span = indices.len() - place;
            let step = self.below(span as u64);
            let step = usize::try_from(step).expect("a step is below a length");
            indices.swap(place, place + step);
        }
        let mut chosen = indices.split_off(0);
        chosen.truncate(count);
        chosen.sort_unstable();
        chosen
            .into_iter()
            .map(|index| items[index].clone())
            .collect()
    }
}

/// The seed of this run: `SWATH_SEED`, else a fixed one.
pub fn seed() -> u64 {
    std::env::var("SWATH_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_260)
}

/// Whether `SWATH_COUNT` says how many random cases there are.
pub(crate) fn count_is_said() -> bool {
    std::env::var_os("SWATH_COUNT").is_some()
}

/// How many random cases a test makes: `SWATH_COUNT`, else `usual`. With `SWATH_SEED` it runs one again.
pub fn case_count(usual: u64) -> u64 {
    std::env::var("SWATH_COUNT")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        assert!((0..100).all(|_| one.next_u64() == two.next_u64()));
        assert_ne!(Random::new(7).next_u64(), Random::new(8).next_u64());
    }

    #[test]
    fn a_sample_has_distinct_items_in_order() {
        let items: Vec<u32> = (0..100).collect();
        let sample = Random::new(seed()).sample(&items, 10);
        assert_eq!(sample.len(), 10);
        assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Random::new(1).sample(&items, 1000), items);
    }
}
