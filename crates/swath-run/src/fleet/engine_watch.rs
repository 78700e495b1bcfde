//! The instances of a fleet, watched while a run goes on: whatever engine tells of them.

use std::collections::BTreeSet;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use swath_model::Orchestrator;

use super::engine::FleetEngine;
use super::seen::{Instances, learn};
use crate::error::RunError;

/// A watch that ends is begun again after this time: servers end them now and then.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// So many times in a row, a watch may end without having said anything.
const MOST_FAILURES: usize = 10;
/// So long, the first instance may take to be there: what makes them may have been applied just now.
const FIRST_INSTANCE: Duration = Duration::from_secs(10);
/// How often a request to stop is looked for.
const TICK: Duration = Duration::from_millis(20);

/// The instances of a fleet, watched until the watch is finished or dropped.
#[derive(Debug)]
pub(super) struct FleetWatch {
    engine: FleetEngine,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the watch and who waits for it both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) instances: Mutex<Instances>,
    /// The command that tells, while it runs.
    pub(super) child: Mutex<Option<Child>>,
    is_over: AtomicBool,
    /// Why the instances are not watched any more.
    problem: Mutex<Option<String>>,
}

impl Shared {
    /// Whether the watch is over.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Lets so much time pass, less if the watch is over.
    pub(super) fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_over() {
            std::thread::sleep(TICK);
        }
    }
}

/// What a watch saw.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The instances that carry the agent.
    pub(super) instances: Instances,
    /// Why it did not see all of them, if it did not.
    pub(super) problem: Option<String>,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FleetWatch {
    /// Begins to watch.
    pub(super) fn begin(engine: &FleetEngine) -> FleetWatch {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let (engine, shared) = (engine.clone(), Arc::clone(&shared));
            move || watch(&engine, &shared)
        });
        FleetWatch {
            engine: engine.clone(),
            shared,
            thread: Some(thread),
        }
    }

    /// Waits until every instance that carries the agent serves. `is_over` lets time pass, and says
    /// whether the user asked to stop.
    pub(super) fn wait_until_ready(
        &self,
        limit: Duration,
        is_over: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<Ready, RunError> {
        let orchestrator = self.engine.orchestrator();
        let begun = Instant::now();
        loop {
            let now = self.engine.now()?;
            learn(&mut locked(&self.shared.instances), now.instances.clone());
            let waited_for = now.instances.values().filter(|one| !one.is_settled);
            let mut waited_for: Vec<String> = waited_for.map(ToString::to_string).collect();
            waited_for.extend(now.lacking);
            let is_nothing = now.instances.is_empty();
            if !is_nothing && waited_for.is_empty() {
                return Ok(Ready {
                    instances: now.instances.len(),
                    stores: now.stores,
                });
            }
            if is_nothing && begun.elapsed() >= limit.min(FIRST_INSTANCE) {
                let fleet = self.engine.to_string();
                return Err(RunError::NoPods {
                    orchestrator,
                    fleet,
                });
            }
            if begun.elapsed() >= limit {
                return Err(RunError::PodsNotReady {
                    orchestrator,
                    pods: waited_for,
                    waited: limit,
                });
            }
            // A second at a time, as a person would ask.
            for _ in 0..50 {
                if is_over(TICK) {
                    return Err(RunError::InterruptedBeforeTests);
                }
            }
        }
    }

    /// Whose instances they are.
    pub(super) fn orchestrator(&self) -> Orchestrator {
        self.engine.orchestrator()
    }

    /// Ends the watch; what it saw, and what there is now.
    pub(super) fn finish(mut self) -> Watched {
        let now = self.engine.now();
        self.end();
        let mut watched = Watched {
            instances: std::mem::take(&mut *locked(&self.shared.instances)),
            problem: locked(&self.shared.problem).take(),
        };
        match now {
            Ok(now) => learn(&mut watched.instances, now.instances),
            Err(error) => {
                watched.problem.get_or_insert_with(|| error.to_string());
            }
        }
        watched
    }

    fn end(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(child) = &mut *locked(&self.shared.child) {
            let _ = child.kill();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for FleetWatch {
    fn drop(&mut self) {
        self.end();
    }
}

/// The instances serve.
#[derive(Debug)]
pub(super) struct Ready {
    /// How many.
    pub(super) instances: usize,
    /// Where they ship to.
    pub(super) stores: BTreeSet<String>,
}

/// Follows what the engine tells, again and again, until the watch is over.
fn watch(engine: &FleetEngine, shared: &Shared) {
    let mut failures = 0;
    while !shared.is_over() {
        match engine.follow(shared) {
            Ok(0) => failures += 1,
            Ok(_) => failures = 0,
            Err(problem) => {
                failures += 1;
                tracing::debug!("{problem}");
                if failures >= MOST_FAILURES {
                    *locked(&shared.problem) = Some(problem);
                    return;
                }
            }
        }
        shared.pause(AGAIN_AFTER);
    }
}
