//! What kept records of a process out of its store.

/// What kept records out of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoRoom {
    /// The disk.
    #[default]
    Disk,
    /// The limit on the size of the files that the process may write.
    FileSizeLimit,
    /// Fork children could have no store of their own, and ran code that the process had not run.
    ForkChildren,
}

impl NoRoom {
    /// Why there was no room, in words.
    pub fn reason(self) -> &'static str {
        match self {
            NoRoom::Disk => "the temporary folder is full",
            NoRoom::FileSizeLimit => {
                "the size of the files that it may write is limited (`ulimit -f`)"
            }
            NoRoom::ForkChildren => "its fork children could not create files of their own",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            NoRoom::Disk => "free space in the temporary folder, or set TMPDIR to a larger one",
            NoRoom::FileSizeLimit => "raise the limit to 64 MiB or more: `ulimit -f 65536`",
            NoRoom::ForkChildren => {
                "free space and inodes in the temporary folder, and raise the limits of the process (`ulimit -n`, `ulimit -f`)"
            }
        }
    }
}
