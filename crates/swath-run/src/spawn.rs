//! Starts a process with the agent injected.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fs_err::File;
use rustix::process::{Signal, set_parent_process_death_signal};
use swath_store::settings::SERVICE_VARIABLE;

use crate::run_folder::RunFolder;

/// What to start.
pub(crate) struct Spawn<'a> {
    pub(crate) command: &'a [OsString],
    pub(crate) folder: &'a Path,
    pub(crate) environment: &'a [(String, String)],
    pub(crate) run_folder: &'a RunFolder,
    /// The name under which what it records is known; `None` for the tests.
    pub(crate) service: Option<&'a str>,
    /// In a process group of its own, without input: Ctrl-C at the terminal does not reach it.
    pub(crate) apart: bool,
    /// Its output; `None`: this process's own.
    pub(crate) log: Option<&'a File>,
    /// What it receives if swath itself is killed, so that nothing is left running.
    pub(crate) death_signal: Signal,
}

impl Spawn<'_> {
    /// Starts it and gives its pid. Must be called on the thread that lives as long as the run:
    /// the death signal is sent when that thread ends.
    pub(crate) fn start(&self) -> io::Result<u32> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the command is empty",
            ));
        };
        let mut command = new_command(program, self.folder);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let current = |name: &str| {
            let mut own = self.environment.iter().rev();
            let own = own.find(|(known, _)| known == name);
            own.map(|(_, value)| OsString::from(value))
                .or_else(|| std::env::var_os(name))
        };
        command.envs(self.run_folder.variables(current));
        match self.service {
            Some(service) => command.env(SERVICE_VARIABLE, service),
            None => command.env_remove(SERVICE_VARIABLE),
        };
        if self.apart {
            command.process_group(0).stdin(Stdio::null());
        }
        if let Some(log) = self.log {
            command
                .stdout(log.file().try_clone()?)
                .stderr(log.file().try_clone()?);
        }
        die_with_parent(&mut command, self.death_signal);
        let child = command.spawn()?;
        // The reaper collects its status, so that no other waiting may.
        Ok(child.id())
    }
}

/// The one place where commands are made: with an explicit folder.
fn new_command(program: &OsString, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    command
}

#[expect(
    unsafe_code,
    reason = "there is no safe way to run code between fork and exec"
)]
fn die_with_parent(command: &mut Command, signal: Signal) {
    // SAFETY: the closure makes one system call (prctl) and neither allocates nor takes a lock,
    // so it is sound in the child of a process with several threads.
    unsafe {
        command.pre_exec(move || Ok(set_parent_process_death_signal(Some(signal))?));
    }
}
