//! What the user who runs the tests may do.

use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Whether it is root.
pub fn is_root() -> bool {
    fs_err::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Whether it may mount file systems, in a mount namespace of its own.
pub fn can_mount() -> bool {
    static CAN: LazyLock<bool> = LazyLock::new(|| {
        Command::new("unshare")
            .args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    *CAN
}
