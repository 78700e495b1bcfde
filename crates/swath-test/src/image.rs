//! A base image for containers, made from what is on this machine: no registry is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use walkdir::WalkDir;

use crate::{
    Python, Requirements, Venv, coverage_requirements, example_requirements, pythons, skip,
    take_turn, venv,
};

/// The name of the images; the tag is a hash of what they are made of.
const REPOSITORY: &str = "swath-test/python";
/// The programs that an image has besides Python.
const PROGRAMS: [&str; 26] = [
    "sh", "bash", "env", "ls", "cat", "cp", "mv", "mkdir", "rm", "chmod", "chown", "sleep", "ps",
    "id", "find", "tar", "ln", "touch", "head", "tail", "grep", "sed", "wc", "basename", "dirname",
    "timeout",
];
/// Parts of an installation that no test needs.
const LEFT_OUT: [&str; 8] = [
    "test",
    "tests",
    "idlelib",
    "turtledemo",
    "lib2to3",
    "tkinter",
    "ensurepip",
    "__pycache__",
];

/// Where Python is installed in an image: CPython finds its library from where it lies.
const PREFIX: &str = "/usr/local";

/// Whether an engine answers; says why not.
pub fn engine() -> Result<()> {
    let output = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .output()
        .context("there is no `docker` command")?;
    ensure!(
        output.status.success(),
        "no Docker engine answers: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// The newest interpreter that an image can be made of: one with an installation of its own.
pub fn image_python() -> Option<&'static Python> {
    let rootfs = crate::target_dir().join("rootfs");
    pythons()
        .iter()
        .rev()
        .find(|python| !python.path.starts_with(&rootfs))
}

/// The tag of an image with `python`, a shell and everything that the example needs installed;
/// made when the engine does not have it. Without an engine, a named skip for `test`.
pub fn base_image(python: &Python, test: &str) -> Option<String> {
    base_image_with(python, &Requirements::default(), test)
}

/// As [`base_image`], with more packages.
pub fn base_image_with(python: &Python, more: &Requirements, test: &str) -> Option<String> {
    let _alone = take_turn("image");
    if let Err(error) = engine() {
        skip(test, &format!("{error:#}"));
        return None;
    }
    let venv = venv(
        python,
        // With setuptools, `pip install .` needs no index in a Dockerfile.
        &example_requirements()
            .and(&coverage_requirements())
            .and(&Requirements::from(["setuptools"]))
            .and(more),
    )?;
    match make_image(&venv) {
        Ok(tag) => Some(tag),
        Err(error) => {
            skip(test, &format!("no base image: {error:#}"));
            None
        }
    }
}

fn make_image(venv: &Venv) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (include_str!("image.rs"), venv.folder()).hash(&mut hasher);
    let tag = format!("{REPOSITORY}:{:016x}", hasher.finish());
    let known = Command::new("docker")
        .args(["image", "inspect", "--format", "{{.Id}}", &tag])
        .stdin(Stdio::null())
        .output()?;
    if known.status.success() {
        return Ok(tag);
    }
    let files = Files::collect(venv)?;
    let path = format!("ENV PATH={PREFIX}/bin:/usr/bin:/bin");
    let mut import = Command::new("docker")
        .args(["import", "-c", &path, "-c", "ENV LANG=C.UTF-8"])
        // Everything is installed already: nothing is to be asked of an index.
        .args([
            "-c",
            "ENV PIP_NO_INDEX=1",
            "-c",
            "ENV PIP_DISABLE_PIP_VERSION_CHECK=1",
        ])
        .args(["-c", "CMD [\"python3\"]", "-", &tag])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let input = import.stdin.take().context("docker takes no input")?;
    let written = files.write(std::io::BufWriter::with_capacity(1 << 20, input));
    let status = import.wait()?;
    written?;
    ensure!(status.success(), "`docker import` failed");
    Ok(tag)
}

/// What goes into an image, by its path there.
struct Files {
    /// Where Python is installed here.
    prefix: PathBuf,
    files: BTreeMap<PathBuf, Content>,
}

enum Content {
    /// A file or link of this machine.
    Copy(PathBuf),
    /// A file of its own.
    Text(String, u32),
    Link(String),
    Folder(u32),
}

impl Files {
    fn collect(venv: &Venv) -> Result<Files> {
        let python = fs_err::canonicalize(venv.python())?;
        let prefix = python
            .ancestors()
            .nth(2)
            .context("the interpreter is in no installation")?
            .to_owned();
        let (major, minor) = venv.version();
        let name = format!("python{major}.{minor}");
        let mut files = Files {
            prefix: prefix.clone(),
            files: BTreeMap::new(),
        };
        files.add_system();
        let there = Path::new(PREFIX);
        let bin = there.join("bin");
        files.copy(&bin.join(&name), &python);
        for link in ["python3", "python"] {
            let content = Content::Link(name.clone());
            files.files.insert(bin.join(link), content);
        }
        let library = prefix.join("lib").join(&name);
        let library_there = there.join("lib").join(&name);
        files.add_library(&library, &library_there)?;
        let packages = venv.folder().join("lib").join(&name).join("site-packages");
        files.add_packages(&packages, &library_there.join("site-packages"))?;
        files.add_scripts(venv, &bin)?;
        files.add_shared_libraries()?;
        Ok(files)
    }

    fn copy(&mut self, to: &Path, from: &Path) {
        self.files
            .insert(to.to_owned(), Content::Copy(from.to_owned()));
    }

    fn add_system(&mut self) {
        let mut text = |path: &str, text: &str| {
            let content = Content::Text(text.to_owned(), 0o644);
            self.files.insert(PathBuf::from(path), content);
        };
        text(
            "/etc/passwd",
            "root:x:0:0:root:/:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n",
        );
        text("/etc/group", "root:x:0:\napp:x:1000:\n");
        text(
            "/etc/nsswitch.conf",
            "hosts: files dns\npasswd: files\ngroup: files\n",
        );
        for (path, mode) in [("/tmp", 0o1777), ("/home/app", 0o777), ("/root", 0o700)] {
            self.files
                .insert(PathBuf::from(path), Content::Folder(mode));
        }
        for program in PROGRAMS {
            let found = ["/bin", "/usr/bin"]
                .iter()
                .map(|folder| Path::new(folder).join(program))
                .find_map(|path| fs_err::canonicalize(path).ok());
            if let Some(found) = found {
                self.copy(&Path::new("/bin").join(program), &found);
            }
        }
        // `#!/usr/bin/env` is where scripts look for it.
        let env = Content::Link("/bin/env".to_owned());
        self.files.insert(PathBuf::from("/usr/bin/env"), env);
    }

    fn add_library(&mut self, library: &Path, there: &Path) -> Result<()> {
        let left_out = |name: &str| {
            LEFT_OUT.contains(&name) || name == "site-packages" || name.starts_with("config-")
        };
        self.add_tree(library, there, &left_out)
    }

    fn add_packages(&mut self, from: &Path, to: &Path) -> Result<()> {
        self.add_tree(from, to, &|name| name == "__pycache__")
    }

    fn add_tree(&mut self, from: &Path, to: &Path, left_out: &dyn Fn(&str) -> bool) -> Result<()> {
        let walk = WalkDir::new(from).into_iter().filter_entry(|entry| {
            entry.depth() == 0 || !left_out(&entry.file_name().to_string_lossy())
        });
        for entry in walk {
            let entry = entry?;
            if !entry.file_type().is_dir() {
                let relative = entry.path().strip_prefix(from)?;
                self.copy(&to.join(relative), entry.path());
            }
        }
        Ok(())
    }

    /// The scripts of the environment, for the image's interpreter.
    fn add_scripts(&mut self, venv: &Venv, bin: &Path) -> Result<()> {
        for entry in fs_err::read_dir(venv.folder().join("bin"))? {
            let path = entry?.path();
            let Ok(text) = fs_err::read_to_string(&path) else {
                continue;
            };
            let Some((first, rest)) = text.split_once('\n') else {
                continue;
            };
            let (Some(name), true) = (path.file_name(), first.contains("python")) else {
                continue;
            };
            let text = format!("#!{}/python3\n{rest}", bin.display());
            self.files
                .insert(bin.join(name), Content::Text(text, 0o755));
        }
        Ok(())
    }

    /// The shared libraries that the programs and modules need.
    fn add_shared_libraries(&mut self) -> Result<()> {
        let programs = self
            .files
            .values()
            .filter_map(|content| match content {
                Content::Copy(path) => Some(path),
                _ => None,
            })
            .filter(|path| is_machine_code(path))
            .cloned()
            .collect::<Vec<_>>();
        let output = Command::new("ldd")
            .args(&programs)
            .stdin(Stdio::null())
            .output()
            .context("`ldd` is missing")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut libraries = text
            .split_whitespace()
            .filter(|word| word.starts_with('/') && word.contains(".so"))
            .map(PathBuf::from)
            .collect::<BTreeSet<_>>();
        // These are loaded by name when a host or a user is looked up.
        for name in ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"] {
            libraries.insert(Path::new("/lib/x86_64-linux-gnu").join(name));
        }
        for library in libraries {
            let Ok(found) = fs_err::canonicalize(&library) else {
                continue;
            };
            match library.file_name() {
                // The interpreter's own, where the loader looks for what it does not know.
                Some(name) if library.starts_with(&self.prefix) => {
                    self.copy(&Path::new("/usr/lib").join(name), &found);
                }
                _ => self.copy(&library, &found),
            }
        }
        Ok(())
    }

    fn write(&self, output: impl std::io::Write) -> Result<()> {
        let mut archive = tar::Builder::new(output);
        for (path, content) in &self.files {
            let name = path.strip_prefix("/")?;
            let mut header = tar::Header::new_gnu();
            match content {
                Content::Copy(from) => {
                    let mut file = File::open(from).with_context(|| from.display().to_string())?;
                    archive.append_file(name, &mut file)?;
                }
                Content::Text(text, mode) => {
                    header.set_mode(*mode);
                    header.set_size(text.len().try_into()?);
                    archive.append_data(&mut header, name, text.as_bytes())?;
                }
                Content::Link(target) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_size(0);
                    archive.append_link(&mut header, name, target)?;
                }
                Content::Folder(mode) => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_mode(*mode);
                    header.set_size(0);
                    archive.append_data(&mut header, name, std::io::empty())?;
                }
            }
        }
        let mut output = archive.into_inner()?;
        output.flush()?;
        Ok(())
    }
}

fn is_machine_code(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; 4];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| start == *b"\x7fELF")
}
