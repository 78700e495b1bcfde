//! Rounds of sending, until the sender is asked to end: the same for one pod and for all tasks of a
//! node.

use std::time::{Duration, Instant};

use super::{Round, ShipperSettings};
use crate::error::StoreError;

/// A pod is heard of at least so often.
pub(super) const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(10);
/// A store that is down is asked again after no longer.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// So long a store that is down is asked for after the end.
const LAST_TRIES: Duration = Duration::from_secs(10);
/// Rounds take no more than this share of the time: one in so many.
const SHARE: u32 = 10;
/// Between the last two rounds. What changes meanwhile is still written to.
const LAST_LOOK: Duration = Duration::from_millis(200);

/// Who sends what processes record.
pub(super) trait Sender {
    /// Sends what is new.
    fn round(&mut self) -> Result<Round, StoreError>;

    /// Says that the pod is there, if that was not said for a while. `after_round`: and that what it
    /// had recorded by now is sent.
    fn beat(&mut self, after_round: bool) -> Result<(), StoreError>;

    /// Says that nothing follows.
    fn say_goodbye(&mut self) -> Result<(), StoreError>;
}

/// Sends until it is asked to end.
pub(super) fn ship(
    sender: &mut dyn Sender,
    settings: &ShipperSettings,
    wait: &mut dyn FnMut(Duration) -> bool,
    told: &mut dyn FnMut(Option<&StoreError>),
) -> Result<(), StoreError> {
    let mut failing = false;
    let mut delay = settings.interval;
    let mut idle_since: Option<Instant> = None;
    let mut asked = false;
    while !asked && !settings.once {
        let begun = Instant::now();
        match sender
            .round()
            .and_then(|round| sender.beat(true).map(|()| round))
        {
            Ok(round) => {
                if std::mem::replace(&mut failing, false) {
                    told(None);
                }
                delay = settings.interval.max(begun.elapsed() * SHARE);
                if round.stores == 0 || round.segments > 0 || round.changing > 0 {
                    idle_since = None;
                } else {
                    idle_since.get_or_insert(begun);
                }
            }
            Err(error) if error.is_passing() => {
                if !std::mem::replace(&mut failing, true) {
                    told(Some(&error));
                }
                delay = (delay * 2).min(LONGEST_DELAY);
            }
            Err(error) => return Err(error),
        }
        let limit = settings.until_idle.filter(|_| !failing);
        if limit
            .zip(idle_since)
            .is_some_and(|(limit, since)| since.elapsed() >= limit)
        {
            break;
        }
        asked = pause(sender, delay, wait);
    }
    end(sender, settings, asked, wait, told)
}

/// Lets time pass, and is heard of meanwhile.
fn pause(sender: &mut dyn Sender, delay: Duration, wait: &mut dyn FnMut(Duration) -> bool) -> bool {
    let until = Instant::now() + delay;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if wait(left.min(SHORTEST_HEARTBEAT)) {
            return true;
        }
        if left <= SHORTEST_HEARTBEAT {
            return false;
        }
        // That the store is down the next round says.
        let _ = sender.beat(false);
    }
}

/// Waits for the processes to end, as long as they may, sends the rest and says goodbye.
fn end(
    sender: &mut dyn Sender,
    settings: &ShipperSettings,
    asked: bool,
    wait: &mut dyn FnMut(Duration) -> bool,
    told: &mut dyn FnMut(Option<&StoreError>),
) -> Result<(), StoreError> {
    let grace = if asked {
        settings.grace
    } else {
        Duration::ZERO
    };
    let limit = Instant::now() + grace;
    let mut rounds = 0_u32;
    let mut has_told = false;
    loop {
        let over = Instant::now() >= limit;
        match sender.round() {
            Ok(round) => {
                rounds += 1;
                if round.open == 0 || (over && rounds > 1) {
                    match sender.say_goodbye() {
                        Err(error) if error.is_passing() && Instant::now() < limit + LAST_TRIES => {
                        }
                        ended => return ended,
                    }
                }
            }
            Err(error) if error.is_passing() && Instant::now() < limit + LAST_TRIES => {
                if !std::mem::replace(&mut has_told, true) {
                    told(Some(&error));
                }
            }
            Err(error) => return Err(error),
        }
        let look = if over {
            LAST_LOOK
        } else {
            settings.interval.min(Duration::from_secs(1))
        };
        // Who asks twice does not want to wait.
        if wait(look.max(LAST_LOOK)) && !over {
            return Ok(());
        }
    }
}
