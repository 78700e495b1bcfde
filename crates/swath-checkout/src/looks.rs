//! Looks at the processes of a machine: at intervals, and close upon each other when a program is
//! started that one waits for.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

use crate::OpenedFiles;

/// A Python that lives longer than 200 ms is seen at least twice.
const INTERVAL: Duration = Duration::from_millis(60);
/// Where a look takes longer than usual, the next one comes later: this share of a processor is
/// for looking …
const SHARE: u32 = 33;
/// … but no later than after this.
const LONGEST_INTERVAL: Duration = Duration::from_millis(250);
/// When a Python is started, the pauses before the next looks: the kernel takes a millisecond to
/// make it the program of its process, and one that does nothing is over after eight.
const CLOSE_LOOKS: [Duration; 5] = [
    Duration::from_micros(1500),
    Duration::from_millis(3),
    Duration::from_millis(6),
    Duration::from_millis(12),
    Duration::from_millis(24),
];
/// Those looks may take this share of a processor besides …
const CLOSE_SHARE: u32 = 20;
/// … and at most so much of it at once.
const MOST_CREDIT: Duration = Duration::from_millis(250);

enum Woken {
    ByTime,
    ByStart,
    ToStop,
}

/// When to look next.
#[derive(Debug)]
pub struct Looks {
    /// The other end was closed: it is time to stop.
    stopped: OwnedFd,
    /// The programs whose starts are noticed.
    programs: Option<OpenedFiles>,
    next: Instant,
    interval: Duration,
    /// The looks since one was started.
    close_by: usize,
    /// What those looks may take.
    credit: Duration,
    credited: Instant,
}

impl Looks {
    /// They end when the other end of `stopped`, a pipe, is closed. What `programs` watches is
    /// waited for.
    pub fn new(stopped: OwnedFd, programs: Option<OpenedFiles>) -> Looks {
        let now = Instant::now();
        Looks {
            stopped,
            programs,
            next: now + INTERVAL,
            interval: INTERVAL,
            close_by: CLOSE_LOOKS.len(),
            credit: MOST_CREDIT,
            credited: now,
        }
    }

    /// Looks until it is time to stop. Each look may add to the programs that are waited for, where
    /// the kernel watches files.
    pub fn go_on(mut self, mut look: impl FnMut(Option<&mut OpenedFiles>)) {
        let (mut looks, mut all) = (0_u64, Duration::ZERO);
        loop {
            match self.wait() {
                Woken::ByTime => {
                    // On a machine that is busy a look takes longer by the clock, and costs nobody
                    // more.
                    let before = processor_time();
                    look(self.programs.as_mut());
                    let took = processor_time().saturating_sub(before);
                    self.looked(took);
                    all += took;
                    looks += 1;
                }
                Woken::ByStart => self.come_closer(),
                Woken::ToStop => break,
            }
        }
        let seconds = all.as_secs_f64();
        tracing::debug!("/proc was looked at {looks} times, for {seconds:.3} s");
    }

    fn wait(&self) -> Woken {
        let pause = self.next.saturating_duration_since(Instant::now());
        let mut events = vec![PollFd::new(&self.stopped, PollFlags::IN)];
        let programs = self.programs.as_ref().map(AsFd::as_fd);
        if let Some(programs) = &programs {
            events.push(PollFd::new(programs, PollFlags::IN));
        }
        // A failure is taken for the time that is over: the looks go on.
        let pause = Timespec::try_from(pause).ok();
        if poll(&mut events, pause.as_ref()).is_err() {
            std::thread::sleep(self.interval);
        }
        if !events[0].revents().is_empty() {
            return Woken::ToStop;
        }
        match events.get(1) {
            Some(start) if !start.revents().is_empty() => Woken::ByStart,
            _ => Woken::ByTime,
        }
    }

    /// Looks soon, if there was not enough of that lately.
    fn come_closer(&mut self) {
        if let Some(programs) = &mut self.programs {
            programs.take();
        }
        let now = Instant::now();
        self.credit = (self.credit + (now - self.credited) / CLOSE_SHARE).min(MOST_CREDIT);
        self.credited = now;
        if !self.credit.is_zero() {
            self.close_by = 0;
            // What is due is not put off by one start after the other.
            self.next = self.next.min(now + CLOSE_LOOKS[0]);
        }
    }

    /// Plans the next look after one that had a processor for so long.
    fn looked(&mut self, took: Duration) {
        self.interval = (took * SHARE).clamp(INTERVAL, LONGEST_INTERVAL);
        if self.close_by < CLOSE_LOOKS.len() {
            self.close_by += 1;
            self.credit = self.credit.saturating_sub(took);
        }
        let close = CLOSE_LOOKS.get(self.close_by).copied();
        self.next = Instant::now() + close.unwrap_or(self.interval);
    }
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use fs_err as fs;
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn a_long_look_is_followed_by_a_longer_pause_up_to_a_limit() {
        let (stopped, _stop) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let mut looks = Looks::new(stopped, None);
        let milliseconds = Duration::from_millis;
        for (took, interval) in [(0, 60), (4, 132), (900, 250)] {
            looks.looked(milliseconds(took));
            assert_eq!(looks.interval, milliseconds(interval));
        }
    }

    #[test]
    fn a_start_is_followed_by_looks_close_upon_each_other_while_there_is_credit() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("python3");
        fs::write(&program, "").unwrap();
        let mut programs = OpenedFiles::new().unwrap();
        assert!(programs.watch(&program));
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let mut looks = Looks::new(stopped, Some(programs));
        looks.next = Instant::now() + Duration::from_hours(1);
        fs::read(&program).unwrap();
        let mut stop = Some(stop);
        let mut count = 0;
        // Without the start there would be no look for an hour.
        looks.go_on(|_| {
            count += 1;
            if count == CLOSE_LOOKS.len() {
                drop(stop.take());
            }
        });
        assert_eq!(count, CLOSE_LOOKS.len());
    }

    #[test]
    fn starts_without_an_end_do_not_use_up_the_processor() {
        let (stopped, _stop) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let mut looks = Looks::new(stopped, None);
        let hour = Duration::from_hours(1);
        looks.next = Instant::now() + hour;
        // As if all that had been credited just now were used up.
        looks.credit = Duration::ZERO;
        looks.credited = Instant::now() + hour;
        let planned = looks.next;
        looks.come_closer();
        assert_eq!(looks.next, planned);
        looks.credit = Duration::from_millis(1);
        looks.come_closer();
        assert!(looks.next < planned);
        looks.looked(MOST_CREDIT);
        assert!(looks.credit.is_zero());
    }
}
