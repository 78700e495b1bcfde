//! What is known of the interpreter from the start on.

use swath_store::Recording;

use crate::state::Global;

/// The version, as in 0x030c.
pub(crate) static VERSION: Global<u32> = Global::new(0);
/// How this version is recorded.
pub(crate) static RECORDING: Global<Recording> = Global::new(Recording::Frames);
/// The operation that code of this version begins its body with (3.11 and newer).
pub(crate) static RESUME: Global<u8> = Global::new(0);
