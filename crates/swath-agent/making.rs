//! How the objects that run inside CPython are made: of which crates, for which machines, and with
//! which linker. The build script makes the ones that are embedded; a test makes them with others.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The machines that there are agents for, as targets name them.
pub(crate) const MACHINES: [&str; 2] = ["x86_64", "aarch64"];

/// The object that is a module of Python's.
pub(crate) const AGENT: &str = "agent";
/// The object for `LD_PRELOAD`.
pub(crate) const PRELOAD: &str = "preload";

/// rustup's linker, which is several programs in one.
const RUST_LLD: &str = "rust-lld";

/// Where the sources of the crates are that the objects consist of.
pub(crate) struct Sources {
    pub(crate) store: PathBuf,
    pub(crate) scope: PathBuf,
    pub(crate) inproc: PathBuf,
    /// The folder of the few lines that make objects of them.
    pub(crate) objects: PathBuf,
}

/// The compiler, and where it finds the core library.
pub(crate) struct Compiler {
    pub(crate) program: OsString,
    /// The target that the compiler itself runs on.
    pub(crate) host: String,
    pub(crate) sysroot: Option<String>,
}

/// What makes one file of an object's parts. None of them adds anything: there are no libraries.
pub(crate) enum Linker {
    /// The C compiler, with this option; it links for the machine that it runs on.
    Compiler(Option<&'static str>),
    /// A linker itself, for any machine. It is called here: not every build of the compiler can call
    /// one for a shared object.
    Program(PathBuf),
}

/// The names that others may use: the one that Python looks for, and none of what is preloaded.
const NAMES_OF_AGENT: &str = "{ global: PyInit__swath; local: *; };\n";
const NAMES_OF_PRELOAD: &str = "{ local: *; };\n";

impl Compiler {
    /// What makes objects for a machine, the likeliest first.
    pub(crate) fn linkers(&self, machine: &str) -> Vec<Linker> {
        if self.host.starts_with(machine) && self.host.contains("linux") {
            return vec![Linker::Compiler(None)];
        }
        let sysroot = said(Command::new(&self.program).arg("--print=sysroot"));
        let own = Path::new(&sysroot).join("lib/rustlib").join(&self.host);
        let programs = [
            own.join("bin").join(RUST_LLD),
            PathBuf::from("ld.lld"),
            PathBuf::from(format!("{machine}-linux-gnu-ld")),
        ];
        programs.into_iter().map(Linker::Program).collect()
    }

    /// The target for which objects of a machine are compiled: one whose core library is there. They
    /// name nothing that only one C library has, so any of the machine's will do; `preferred` is
    /// taken where it is one of them and no other can be had.
    pub(crate) fn target(&self, machine: &str, preferred: &str) -> Option<String> {
        let mut targets = vec![
            format!("{machine}-unknown-linux-gnu"),
            format!("{machine}-unknown-linux-musl"),
        ];
        if preferred.starts_with(machine) && preferred.contains("linux") {
            targets.push(preferred.to_owned());
        }
        targets.into_iter().find(|target| self.has_core(target))
    }

    fn has_core(&self, target: &str) -> bool {
        let mut command = self.command();
        command.args(["--print=target-libdir", "--target", target]);
        let folder = said(&mut command);
        let entries = Path::new(&folder).read_dir().into_iter().flatten();
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libcore-") && name.ends_with(".rlib")
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(sysroot) = &self.sysroot {
            command.args(["--sysroot", sysroot]);
        }
        command
    }

    /// Makes `agent.so` and `preload.so` in a folder; says what failed.
    pub(crate) fn make(
        &self,
        target: &str,
        linker: &Linker,
        sources: &Sources,
        folder: &Path,
    ) -> Result<(), String> {
        let store = folder.join("libswath_store.rlib");
        let scope = folder.join("libswath_scope.rlib");
        let inproc = folder.join("libswath_inproc.rlib");
        let with = |name: &str, product: &Path| format!("--extern={name}={}", product.display());
        run(&mut self.library(target, "swath_store", &store, &sources.store))?;
        run(self
            .library(target, "swath_scope", &scope, &sources.scope)
            .arg(with("swath_store", &store)))?;
        run(self
            .library(target, "swath_inproc", &inproc, &sources.inproc)
            .arg(with("swath_store", &store))
            .arg(with("swath_scope", &scope)))?;
        for name in [AGENT, PRELOAD] {
            let mut command = match linker {
                Linker::Compiler(option) => self.shared(target, *option, name, folder),
                Linker::Program(_) => self.archive(target, name, folder),
            };
            command.arg(with("swath_inproc", &inproc));
            command.arg("-L").arg(folder);
            run(command.arg(sources.objects.join(name).with_extension("rs")))?;
            if let Linker::Program(program) = linker {
                link(program, name, folder)?;
            }
        }
        Ok(())
    }

    fn compile(&self, target: &str) -> Command {
        let mut command = self.command();
        command.args(["--edition=2024", "-Copt-level=3", "-Cpanic=abort"]);
        command.args([
            "-Cforce-unwind-tables=yes",
            "-Cdebuginfo=0",
            "-Cstrip=debuginfo",
            "-Ccodegen-units=1",
            "-Crelocation-model=pic",
            "--target",
            target,
        ]);
        command
    }

    fn library(&self, target: &str, name: &str, product: &Path, source: &Path) -> Command {
        let mut command = self.compile(target);
        command.args(["--crate-type=rlib", "--cap-lints=allow"]);
        command.arg(format!("--crate-name={name}"));
        command.arg("-o").args([product, source]);
        command
    }

    /// Makes a shared object.
    fn shared(&self, target: &str, option: Option<&str>, name: &str, folder: &Path) -> Command {
        let mut command = self.compile(target);
        command.args(["--crate-type=cdylib", "-Dwarnings"]);
        command.arg(format!("--crate-name=swath_{name}"));
        command.arg("-Ctarget-feature=-crt-static");
        command.args(["-Clink-arg=-nostdlib", "-Clink-arg=-nostartfiles"]);
        command.args(option.map(|option| format!("-Clink-arg={option}")));
        command
            .arg("-o")
            .arg(folder.join(name).with_extension("so"));
        command
    }

    /// Makes an archive of all that a shared object consists of.
    fn archive(&self, target: &str, name: &str, folder: &Path) -> Command {
        let mut command = self.compile(target);
        command.args(["--crate-type=staticlib", "-Dwarnings"]);
        command.arg(format!("--crate-name=swath_{name}"));
        command.arg("-o").arg(folder.join(name).with_extension("a"));
        command
    }
}

/// Makes a shared object of an archive, as the compiler would have it made.
fn link(program: &Path, name: &str, folder: &Path) -> Result<(), String> {
    let (names, keep) = match name {
        AGENT => (NAMES_OF_AGENT, "--undefined=PyInit__swath"),
        _ => (NAMES_OF_PRELOAD, "--undefined=swath_preload"),
    };
    let script = folder.join("names");
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script has no dependencies"
    )]
    let written = std::fs::write(&script, names);
    written.map_err(|error| format!("{}: {error}", script.display()))?;
    let mut command = Command::new(program);
    if program.ends_with(RUST_LLD) {
        command.args(["-flavor", "gnu"]);
    }
    command.args(["-shared", "-nostdlib", "--eh-frame-hdr", "--strip-debug"]);
    command.args(["-z", "noexecstack", "-z", "relro", "-z", "now"]);
    command.arg("--version-script").arg(script);
    command.args(["--gc-sections", keep]);
    command
        .arg("-o")
        .arg(folder.join(name).with_extension("so"));
    run(command.arg(folder.join(name).with_extension("a")))
}

/// What a command prints; nothing where it fails.
fn said(command: &mut Command) -> String {
    let output = command.stderr(Stdio::null()).output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("{command:?} ended with {}: {said}", output.status))
        }
        Err(error) => Err(format!("{command:?} cannot be run: {error}")),
    }
}
