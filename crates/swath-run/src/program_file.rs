//! Whether the system would execute a file, and by which interpreter.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use swath_checkout::{Links, open_regular};

use crate::command_line::base_name;

/// So much of a file says what it is: the system looks at no more.
const LOOKED_AT: u64 = 256;
/// So many scripts may be the interpreters of each other.
const DEEPEST: usize = 5;

/// Whether an attempt to execute the file can succeed: it is one, it may be executed, it is a program
/// of this machine or a script, and so is its interpreter.
pub(crate) fn can_be_executed(path: &Path) -> bool {
    is_program(path, DEEPEST)
}

fn is_program(path: &Path, depth: usize) -> bool {
    let may_be_executed = std::fs::metadata(path)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if !may_be_executed || depth == 0 || is_mounted_noexec(path) {
        return false;
    }
    // A program that may be executed and not be read is one all the same.
    let Some(beginning) = read_beginning(path) else {
        return true;
    };
    match interpreter_line(&beginning) {
        Some(words) => words
            .first()
            .is_some_and(|program| is_program(Path::new(program), depth - 1)),
        None => is_of_this_machine(&beginning),
    }
}

/// The interpreter of a script with its arguments, without `env`.
pub(crate) fn script_interpreter(path: &Path) -> Option<Vec<String>> {
    let mut words = interpreter_line(&read_beginning(path)?)?;
    if words.first().is_some_and(|word| base_name(word) == "env") {
        words.remove(0);
        words.retain(|word| word != "-S");
    }
    Some(words)
}

/// Whether the system starts a program by a loader, which adds the objects that `LD_PRELOAD` names: not one
/// that is linked with all it needs.
pub(crate) fn has_loader(path: &Path) -> bool {
    const HEADERS: usize = 64;
    const HEADER: usize = 56;
    const PT_INTERP: [u8; 4] = 3_u32.to_le_bytes();
    // Linkers put it first, or behind the table of the headers themselves.
    read_beginning(path).is_some_and(|beginning| {
        let headers = beginning.get(HEADERS..).unwrap_or(&[]).chunks(HEADER);
        headers
            .into_iter()
            .any(|header| header.starts_with(&PT_INTERP))
    })
}

/// The file that a program's name stands for; `None` when it cannot have been started. One with a
/// folder in its name is looked for from both folders.
pub(crate) fn find_program(program: &str, working_folder: &Path, folder: &Path) -> Option<PathBuf> {
    if program.contains('/') {
        return [working_folder, folder]
            .iter()
            .map(|base| base.join(program))
            .find(|path| can_be_executed(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|entry| entry.join(program))
        .find(|path| can_be_executed(path))
}

fn read_beginning(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = open_regular(path, Links::Follow).ok()?;
    file.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn interpreter_line(beginning: &[u8]) -> Option<Vec<String>> {
    let line = beginning.strip_prefix(b"#!")?.split(|&byte| byte == b'\n');
    let line = line.into_iter().next()?;
    let line = String::from_utf8_lossy(line);
    Some(line.split_whitespace().map(str::to_owned).collect())
}

/// Whether a file is in the format of programs, and made for the machine that this one is made for.
fn is_of_this_machine(beginning: &[u8]) -> bool {
    // The kind of words, and the number of the machine.
    let kind = |bytes: &[u8]| Some((*bytes.get(4)?, bytes.get(18..20)?.to_owned()));
    if !beginning.starts_with(b"\x7fELF") {
        return false;
    }
    let own = read_beginning(&PathBuf::from("/proc/self/exe"));
    match (own.as_deref().and_then(kind), kind(beginning)) {
        (Some(own), Some(other)) => own == other || other.0 != own.0 || has_handlers(),
        (None, other) => other.is_some(),
        (Some(_), None) => false,
    }
}

/// Whether the system executes programs of other machines, or of other formats, by an emulator.
fn has_handlers() -> bool {
    std::fs::read_dir("/proc/sys/fs/binfmt_misc").is_ok_and(|entries| {
        let names = entries.flatten().map(|entry| entry.file_name());
        names
            .into_iter()
            .any(|name| name != "register" && name != "status")
    })
}

fn is_mounted_noexec(path: &Path) -> bool {
    rustix::fs::statvfs(path)
        .is_ok_and(|stat| stat.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn what_the_system_refuses_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            fs_err::write(&path, text).unwrap();
            fs_err::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
            path
        };
        let own = std::env::current_exe().unwrap();
        assert!(can_be_executed(&own) && has_loader(&own));
        assert!(can_be_executed(&file("script", b"#!/bin/sh\ntrue\n")));
        assert!(can_be_executed(&file(
            "env",
            b"#! /usr/bin/env python3 -I\n"
        )));
        let words = script_interpreter(&folder.path().join("env")).unwrap();
        assert_eq!(words, ["python3", "-I"]);
        let plain = file("plain", b"#!/bin/sh\n");
        fs_err::set_permissions(&plain, Permissions::from_mode(0o644)).unwrap();
        let itself = folder.path().join("loop");
        let shebang = format!("#!{}\n", itself.display());
        for path in [
            plain,
            folder.path().to_owned(),
            folder.path().join("gone"),
            file("empty", b""),
            file("text", b"import os\n"),
            file("cut", b"\x7fELF"),
            file("no-interpreter", b"#!/no/such/python\n"),
            file("nothing", b"#!\n"),
            file("loop", shebang.as_bytes()),
        ] {
            assert!(!can_be_executed(&path), "{}", path.display());
        }
    }

    #[test]
    fn a_program_that_is_not_there_was_not_started() {
        assert_eq!(
            find_program("no-such-program-here", Path::new("/"), Path::new("/")),
            None
        );
        assert!(find_program("sh", Path::new("/"), Path::new("/")).is_some());
        assert!(find_program("./sh", Path::new("/bin"), Path::new("/")).is_some());
    }
}
