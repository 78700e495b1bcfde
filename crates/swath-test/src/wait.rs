//! Conditions with limits, instead of sleeping and hoping.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Waits until `condition` holds; panics with `what` when `limit` passes first.
///
/// `what` completes the sentence "waited 5s for …".
pub fn wait_until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(limit, what, || condition().then_some(()));
}

/// As [`wait_until`], for a condition that yields a value.
pub fn wait_for<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        // The clock is read before the probe: a slow machine gets one whole last look.
        let over = start.elapsed() >= limit;
        if let Some(value) = probe() {
            return value;
        }
        assert!(!over, "waited {limit:?} for {what}");
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_the_condition_is_returned() {
        let mut left = 3;
        let value = wait_for(Duration::from_secs(5), "three looks", || {
            left -= 1;
            (left == 0).then_some("seen")
        });
        assert_eq!(value, "seen");
    }

    #[test]
    #[should_panic(expected = "waited 10ms for rain")]
    fn the_limit_ends_the_wait_with_its_reason() {
        wait_until(Duration::from_millis(10), "rain", || false);
    }
}
