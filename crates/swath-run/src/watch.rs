//! Watches the processes of a run, so that a Python without the agent is seen.

mod interpreter_files;

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::pipe::{PipeFlags, pipe_with};
use swath_checkout::{Looks, OpenedFiles};

use self::interpreter_files::InterpreterFiles;
use crate::process_table::{ProcessTable, Sightings};

/// A thread that looks at the processes under this one at intervals, and whenever a Python is
/// started.
pub(crate) struct Watch {
    table: Arc<Mutex<ProcessTable>>,
    /// Closed, it ends the thread.
    stop: OwnedFd,
    thread: JoinHandle<()>,
}

impl Watch {
    /// `project` is where the run's commands are started, `agent` the agent's folder.
    pub(crate) fn start(table: ProcessTable, project: &Path, agent: &Path) -> io::Result<Watch> {
        let table = Arc::new(Mutex::new(table));
        let shared = Arc::clone(&table);
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut opened = OpenedFiles::new();
        let mut interpreters = InterpreterFiles::default();
        if let Some(opened) = &mut opened {
            interpreters.find(&path, project, agent, opened);
        }
        let looks = Looks::new(stopped, opened);
        let look = move |opened: Option<&mut OpenedFiles>| {
            let pythons = {
                let mut table = locked(&shared);
                table.look(false);
                table.take_new_interpreters()
            };
            if let Some(opened) = opened {
                for program in pythons {
                    interpreters.add(Path::new(&program), opened);
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("swath-watch".to_owned())
            .spawn(move || looks.go_on(look))?;
        Ok(Watch {
            table,
            stop,
            thread,
        })
    }

    /// What has been seen.
    pub(crate) fn table(&self) -> MutexGuard<'_, ProcessTable> {
        locked(&self.table)
    }

    /// Stops watching, after a last look.
    pub(crate) fn finish(self) -> Sightings {
        drop(self.stop);
        // A panic in the thread loses no sighting that was made before.
        let _ = self.thread.join();
        let table = ProcessTable::new(String::new(), true);
        let mut table = std::mem::replace(&mut *locked(&self.table), table);
        table.look(true);
        table.into_sightings()
    }
}

fn locked(table: &Mutex<ProcessTable>) -> MutexGuard<'_, ProcessTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
