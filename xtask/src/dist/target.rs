//! The machines and C libraries that packages are made for: what differs from one to the other, in
//! one place.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};

/// One kind of package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// The compiler's name for it.
    pub(crate) triple: &'static str,
    /// What a wheel for it promises, in maturin's words. `manylinux2014` means glibc 2.17 and newer.
    pub(crate) promise: &'static str,
    /// What else the compiler is told.
    flags: &'static [&'static str],
}

/// Every kind of package. zig links them all: it brings both C libraries for every machine, and
/// links with the symbols of whatever glibc it is told of.
pub(crate) const TARGETS: [Target; 4] = [
    Target {
        triple: "x86_64-unknown-linux-gnu",
        promise: "manylinux2014",
        flags: &[],
    },
    Target {
        triple: "x86_64-unknown-linux-musl",
        promise: "musllinux_1_2",
        flags: STATIC,
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        promise: "manylinux2014",
        flags: &[],
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        promise: "musllinux_1_2",
        flags: STATIC,
    },
];

/// The targets that agents are made for: any C library of the machine would do.
pub(crate) const AGENT_TARGETS: [&str; 2] =
    ["aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"];

/// A program without a loader, which runs on every Linux. The C library and what starts the program
/// are zig's.
const STATIC: &[&str] = &["-Clink-self-contained=no", "-Crelocation-model=static"];

impl Target {
    /// Those with these names; all if there are none.
    pub(crate) fn chosen(names: &[String]) -> Result<Vec<Target>> {
        if names.is_empty() {
            return Ok(TARGETS.to_vec());
        }
        let named = |name: &String| {
            let found = TARGETS.into_iter().find(|target| target.triple == name);
            found.with_context(|| {
                let all = TARGETS.map(|target| target.triple);
                format!("there is no target {name}: there are {}", all.join(", "))
            })
        };
        names.iter().map(named).collect()
    }

    /// What the compiler is told, separated as cargo wants it. No path of this machine gets into
    /// what is made: each folder has a name of its own in it.
    pub(crate) fn compiler_flags(
        self,
        sysroot: Option<&Path>,
        folders: &[(&Path, &str)],
    ) -> OsString {
        let mut flags: Vec<OsString> = self.flags.iter().map(OsString::from).collect();
        if let Some(sysroot) = sysroot {
            flags.push("--sysroot".into());
            flags.push(sysroot.into());
        }
        for (folder, name) in folders {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(folder);
            flag.push("=");
            flag.push(name);
            flags.push(flag);
        }
        flags.join("\u{1f}".as_ref())
    }

    /// Whether it is linked with musl.
    pub(crate) fn is_musl(self) -> bool {
        self.triple.ends_with("musl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_and_unknown_ones_are_answered_with_all() {
        assert_eq!(Target::chosen(&[]).unwrap(), TARGETS);
        let one = Target::chosen(&["aarch64-unknown-linux-gnu".to_owned()]).unwrap();
        assert_eq!(one, [TARGETS[2]]);
        let error = Target::chosen(&["sparc".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("sparc") && error.contains(TARGETS[3].triple),
            "{error}"
        );
    }

    #[test]
    fn folders_of_this_machine_have_other_names_in_what_is_made() {
        let folders = [(Path::new("/home/me/my swath"), "/swath")];
        let flags = TARGETS[0].compiler_flags(Some(Path::new("/s")), &folders);
        let expected = "--sysroot\u{1f}/s\u{1f}--remap-path-prefix=/home/me/my swath=/swath";
        assert_eq!(flags, expected);
    }
}
