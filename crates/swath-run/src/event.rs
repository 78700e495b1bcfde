//! What a run tells while it goes on.

use std::path::Path;
use std::time::Duration;

use swath_model::Orchestrator;

/// Something that happened in a run, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum RunEvent<'a> {
    /// The run has a folder in the history, where its logs are kept.
    Begun {
        /// The folder.
        history: &'a Path,
    },
    /// Services are about to be started.
    Starting {
        /// Their names, in order.
        services: &'a [String],
    },
    /// A Compose project is about to be brought up.
    BringingUp {
        /// Its services.
        services: &'a [String],
    },
    /// Waiting for a service; told again while it lasts.
    Waiting {
        /// The service.
        service: &'a str,
        /// For how long already.
        elapsed: Duration,
    },
    /// Services without a readiness check have been started.
    Started {
        /// How many.
        services: usize,
        /// Since the first was started.
        elapsed: Duration,
    },
    /// All services with a readiness check are ready.
    Ready {
        /// How many.
        services: usize,
        /// Since the first was started.
        elapsed: Duration,
    },
    /// The pods of a cluster, or the tasks of a stack, serve.
    PodsReady {
        /// What runs them.
        orchestrator: Orchestrator,
        /// How many.
        pods: usize,
        /// Since they were first asked for.
        elapsed: Duration,
    },
    /// What the services of a fleet recorded is about to be fetched.
    Gathering {
        /// The run's address in the object store.
        from: &'a str,
    },
    /// The tests start; the terminal is theirs until `TestsEnded`.
    Running {
        /// The command, for people, secrets masked.
        command: &'a str,
    },
    /// The tests have ended.
    TestsEnded,
    /// The user asked to stop.
    Interrupted {
        /// Not for the first time.
        again: bool,
    },
    /// A service ended while the tests were running.
    ServiceEnded {
        /// The service.
        service: &'a str,
        /// How, in words.
        how: &'a str,
    },
    /// The services have been told to stop.
    Stopping {
        /// How many still run.
        services: usize,
    },
    /// A service's process group has ended.
    Stopped {
        /// The service.
        service: &'a str,
        /// Since it was told to.
        elapsed: Duration,
    },
    /// A Compose project has been taken down, or was left running.
    TakenDown {
        /// The project.
        project: &'a str,
        /// Since it was told to; `None` when it was left running.
        elapsed: Option<Duration>,
    },
    /// Waiting for a service to end; told again while it lasts.
    WaitingToStop {
        /// The service.
        service: &'a str,
        /// How many of its processes live.
        processes: usize,
        /// For how long already.
        elapsed: Duration,
        /// After how long they are killed.
        limit: Duration,
    },
    /// A service did not end in time, or the user could not wait: it was killed.
    Killed {
        /// The service.
        service: &'a str,
        /// How long it was given.
        waited: Duration,
    },
    /// Waiting for tests that were asked to stop; told again while it lasts.
    WaitingForTests {
        /// For how long already.
        elapsed: Duration,
        /// After how long they are killed.
        limit: Duration,
    },
}

/// Is told what happens in a run.
pub trait Observer {
    /// Called on the thread that executes the run.
    fn event(&mut self, event: RunEvent<'_>);
}

/// Takes no notice.
impl Observer for () {
    fn event(&mut self, _event: RunEvent<'_>) {}
}
