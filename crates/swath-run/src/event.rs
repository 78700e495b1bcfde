//! What a run tells while it goes on.

use std::time::Duration;

use swath_config::StopSignal;

/// Something that happened in a run, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum RunEvent<'a> {
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
    /// All services are ready.
    Ready {
        /// How many.
        services: usize,
        /// Since the first was started.
        elapsed: Duration,
    },
    /// The tests start; the terminal is theirs until `TestsEnded`.
    Running {
        /// The command, for people, secrets masked.
        command: &'a str,
    },
    /// The tests have ended.
    TestsEnded,
    /// The user asked to stop.
    Interrupted,
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
    /// A service did not end in time and was killed.
    Killed {
        /// The service.
        service: &'a str,
        /// The signal that it did not react to.
        signal: StopSignal,
        /// How long it was given.
        waited: Duration,
        /// Its first process, for people.
        command: &'a str,
        /// Whether that first process is a shell, which passes no signals on.
        shell: bool,
    },
}

/// Is told what happens in a run.
pub trait Observer {
    /// Called on the thread that executes the run.
    fn event(&mut self, event: RunEvent<'_>);
}
