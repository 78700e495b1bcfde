//! Services end: by themselves while the tests run, and because they are told to afterwards.
//!
//! A service is all of its processes: it has ended when none of them lives. Its stop signal goes to
//! its first process, which passes it on as it sees fit. What that one leaves behind gets the signal
//! as well, as nobody else will send it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use swath_checkout::arguments_of;
use swath_config::StopSignal;
use swath_data::without_secrets;
use swath_model::{Ending, Finding, FirstProcess};

use crate::command_line::is_shell;
use crate::event::RunEvent;
use crate::orchestra::{Orchestra, TICK};
use crate::proc_file::{Identity, user_name};
use crate::process_table::{Member, ProcessKey};
use crate::service::Remains;

/// How often it is looked what lives of a service that is about to end …
const LOOK: Duration = Duration::from_millis(40);
/// … and of one that goes on without its first process.
const LOOK_SELDOM: Duration = Duration::from_millis(250);
/// How long processes that were killed may take to be gone.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// Sends a signal; that the process is gone meanwhile is no error.
pub(crate) fn send(pid: u32, signal: Signal) {
    // Whether it may be sent at all is asked where it matters.
    let _ = try_to_send(pid, signal);
}

fn try_to_send(pid: u32, signal: Signal) -> rustix::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.map_or(Ok(()), |pid| kill_process(pid, signal))
}

/// Sends a signal to every process of a group.
pub(crate) fn send_to_group(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}

fn group_lives(pid: u32) -> bool {
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    group.is_some_and(|group| test_kill_process_group(group).is_ok())
}

fn named_signal(signal: StopSignal) -> Signal {
    Signal::from_named_raw(signal.number()).unwrap_or(Signal::TERM)
}

/// What lives of a service.
#[derive(Debug)]
pub(crate) struct Living {
    /// The processes that can be seen.
    pub(crate) members: Vec<Member>,
    /// Something lives that cannot be seen, as there is no `/proc`.
    unseen: bool,
}

impl Living {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && !self.unseen
    }

    /// Those that nobody else of the service would pass a signal on to: the uppermost ones, and the
    /// children of shells, which pass nothing on.
    fn uppermost(&self) -> impl Iterator<Item = &Member> {
        let passes_on = self
            .members
            .iter()
            .filter(|member| !member.arguments.first().is_some_and(|name| is_shell(name)))
            .map(|member| member.key)
            .collect::<BTreeSet<_>>();
        self.members.iter().filter(move |member| {
            member
                .parent
                .is_none_or(|parent| !passes_on.contains(&parent))
        })
    }
}

impl Orchestra<'_> {
    /// What lives of a service now.
    pub(crate) fn living(&mut self, index: usize) -> Living {
        self.reaper.collect();
        let service = &self.services[index];
        let mut table = self.watch.table();
        table.refresh();
        Living {
            members: table.members(&service.root),
            unseen: table.blind().is_some() && group_lives(service.root.key.pid),
        }
    }

    /// Whether a service has ended: its first process is gone, and nothing of it lives, neither now
    /// nor a moment ago, when a child of one that has ended might not have been seen yet.
    pub(crate) fn has_ended(&mut self, index: usize) -> bool {
        let pid = self.services[index].root.key.pid;
        if self.reaper.ending_of_pid(pid).is_none() {
            return false;
        }
        let service = &mut self.services[index];
        if service.remains == Remains::Nothing {
            return true;
        }
        let pause = match service.remains {
            Remains::LivesOn => LOOK_SELDOM,
            _ => LOOK,
        };
        if service.looked.is_some_and(|at| at.elapsed() < pause) {
            return false;
        }
        let living = self.living(index);
        let service = &mut self.services[index];
        service.looked = Some(Instant::now());
        service.remains = match service.remains {
            _ if !living.is_empty() => Remains::LivesOn,
            Remains::NothingSeen => Remains::Nothing,
            _ => Remains::NothingSeen,
        };
        let ended = service.remains == Remains::Nothing;
        self.note_background(index, &living);
        ended
    }

    /// Takes note of services that have ended although the tests still run.
    pub(crate) fn note_ended_services(&mut self) {
        for index in 0..self.services.len() {
            if self.services[index].end_told || !self.has_ended(index) {
                continue;
            }
            let service = &mut self.services[index];
            service.end_told = true;
            let ending = self.reaper.ending_of_pid(service.root.key.pid);
            let how = ending.map(Ending::describe).unwrap_or_default();
            self.observer.event(RunEvent::ServiceEnded {
                service: &service.spec.name,
                how: &how,
            });
            self.findings.push(Finding::ServiceEnded {
                service: service.spec.name.clone(),
                how,
                last_output: service.last_output(),
                log: Some(service.log.display().to_string()),
            });
        }
    }

    /// The same when the tests have ended: a service whose first process has gone is looked at anew,
    /// until it is known whether something of it lives. However slow the machine is, that takes two
    /// looks.
    pub(crate) fn note_ended_services_at_last(&mut self) {
        for service in &mut self.services {
            if service.remains == Remains::LivesOn {
                service.remains = Remains::Unknown;
            }
        }
        loop {
            self.note_ended_services();
            let open = self.services.iter().any(|service| {
                let first_is_gone = self.reaper.ending_of_pid(service.root.key.pid).is_some();
                first_is_gone && matches!(service.remains, Remains::Unknown | Remains::NothingSeen)
            });
            if !open {
                return;
            }
            self.tick();
        }
    }

    /// Notes that what lives of a service whose first process is gone has left its group: a daemon.
    /// One that hands over to a successor stays in it.
    fn note_background(&mut self, index: usize, living: &Living) {
        let left = living.members.iter().all(|member| !member.in_group);
        let service = &mut self.services[index];
        if left && !living.members.is_empty() && !service.background_told {
            service.background_told = true;
            self.findings.push(Finding::WentToBackground {
                service: service.spec.name.clone(),
            });
        }
    }

    /// Stops the services, the last one first.
    pub(crate) fn stop_services(&mut self) {
        self.reaper.collect();
        let running = (0..self.services.len())
            .filter(|&index| !self.living(index).is_empty())
            .count();
        if running == 0 {
            return;
        }
        self.observer
            .event(RunEvent::Stopping { services: running });
        for index in (0..self.services.len()).rev() {
            self.stop_service(index);
        }
    }

    fn stop_service(&mut self, index: usize) {
        let service = &self.services[index];
        let (pid, limit) = (service.root.key.pid, service.spec.stop_timeout);
        let signal = named_signal(service.spec.stop_signal);
        let begun = Instant::now();
        let living = self.living(index);
        if living.is_empty() {
            return;
        }
        if self.reaper.ending_of_pid(pid).is_some() {
            self.note_background(index, &living);
        }
        tracing::debug!("service {} is sent {signal:?}", service_name(self, index));
        if signal == Signal::KILL {
            self.kill_service(index);
        } else if self.reaper.ending_of_pid(pid).is_none()
            && try_to_send(pid, signal) == Err(rustix::io::Errno::PERM)
        {
            self.note_not_stopped(index);
            return;
        }
        let mut told = BTreeSet::new();
        loop {
            let living = self.living(index);
            if living.is_empty() {
                break;
            }
            let first_is_gone = self.reaper.ending_of_pid(pid).is_some();
            if first_is_gone {
                tell(pid, signal, &living, &mut told);
            }
            let killed = self.interruption.is_some_and(|request| request.killed);
            if killed || begun.elapsed() >= limit {
                // Whoever was cut short by the user is not to blame.
                if !killed && signal != Signal::KILL {
                    let finding = self.not_stopped(index, &living, begun.elapsed(), first_is_gone);
                    self.findings.push(finding);
                }
                self.kill_service(index);
                self.observer.event(RunEvent::Killed {
                    service: &self.services[index].spec.name,
                    waited: begun.elapsed(),
                });
                return;
            }
            self.observer.event(RunEvent::WaitingToStop {
                service: &self.services[index].spec.name,
                processes: living.members.len().max(1),
                elapsed: begun.elapsed(),
                limit,
            });
            let next = Instant::now() + LOOK;
            while Instant::now() < next {
                self.tick();
            }
        }
        self.observer.event(RunEvent::Stopped {
            service: &self.services[index].spec.name,
            elapsed: begun.elapsed(),
        });
    }

    /// Notes that a service runs as a user whose processes swath may not stop (`sudo`): waiting for
    /// it would be in vain.
    fn note_not_stopped(&mut self, index: usize) {
        let service = &self.services[index];
        let user = Identity::read(service.root.key.pid).user;
        let user = user.map_or_else(|| "another user".to_owned(), user_name);
        self.findings.push(Finding::SystemRefused {
            what: format!("service `{}` could not be stopped", service.spec.name),
            error: rustix::io::Errno::PERM.to_string(),
            consequence: format!("it runs as {user}, and goes on"),
        });
    }

    /// Kills everything of a service, and waits until it is gone.
    fn kill_service(&mut self, index: usize) {
        let pid = self.services[index].root.key.pid;
        let limit = Instant::now() + AFTER_KILL;
        loop {
            let living = self.living(index);
            if living.is_empty() || Instant::now() >= limit {
                return;
            }
            // The group's number is taken as long as one of its processes lives.
            if living.unseen || living.members.iter().any(|member| member.in_group) {
                send_to_group(pid, Signal::KILL);
            }
            for member in &living.members {
                send(member.key.pid, Signal::KILL);
            }
            std::thread::sleep(TICK);
        }
    }

    /// What there is to say of a service that did not end in time.
    fn not_stopped(
        &self,
        index: usize,
        living: &Living,
        waited: Duration,
        first_is_gone: bool,
    ) -> Finding {
        let service = &self.services[index];
        let of_first = arguments_of(service.root.key.pid);
        let one = living.members.first();
        let shown = match one {
            Some(member) if first_is_gone || of_first.is_empty() => &member.arguments,
            _ => &of_first,
        };
        let command = without_secrets(shown).join(" ");
        let service_name = service.spec.name.clone();
        if first_is_gone {
            return Finding::LeftProcesses {
                service: service_name,
                processes: living.members.len().max(1),
                waited,
                command,
            };
        }
        let is_shell = shown.first().is_some_and(|program| is_shell(program));
        Finding::SignalSwallowed {
            service: service_name,
            signal: service.spec.stop_signal.to_string(),
            waited,
            command,
            first: if is_shell {
                FirstProcess::Shell
            } else {
                FirstProcess::Other
            },
        }
    }

    /// Kills the tests with everything that they started.
    pub(crate) fn kill_tests(&self, pid: u32) {
        send(pid, Signal::KILL);
        let services: Vec<_> = self.services.iter().map(|s| s.root.clone()).collect();
        let mut table = self.watch.table();
        table.look(true);
        for key in table.others(&services) {
            send(key.pid, Signal::KILL);
        }
    }
}

fn service_name<'a>(orchestra: &'a Orchestra<'_>, index: usize) -> &'a str {
    &orchestra.services[index].spec.name
}

/// Sends the stop signal, once each, to what the first process of a service left behind.
fn tell(group: u32, signal: Signal, living: &Living, told: &mut BTreeSet<ProcessKey>) {
    if living.unseen && told.is_empty() {
        told.insert(ProcessKey {
            pid: group,
            start_ticks: 0,
        });
        send_to_group(group, signal);
    }
    for member in living.uppermost() {
        if told.insert(member.key) {
            tracing::debug!("{} is sent {signal:?} as well", member.key.pid);
            send(member.key.pid, signal);
        }
    }
}
