//! Where 3.8 to 3.11 keep what no public function gives. These versions are frozen, and the
//! self-test at the start checks each place before it is used.

use swath_store::Version;

/// Places in the thread state and in frame objects, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct FrameLayout {
    /// The flag that makes frames be traced, or the pointer to the C frame that begins with it.
    pub flag: usize,
    /// Whether `flag` holds a pointer (3.10 and 3.11).
    pub flag_is_behind_pointer: bool,
    /// What switches tracing on.
    pub on: u8,
    /// `c_tracefunc`; `c_profilefunc` is the word before.
    pub trace_function: usize,
    /// `f_lineno` of a frame object.
    pub line: usize,
    /// Whether frame objects point to the frame proper (3.11).
    pub frame_is_behind_pointer: bool,
}

/// `tracing` of the thread state: not 0 while a trace function runs.
pub(crate) const TRACING: usize = 44;
/// The code of a frame (3.8 to 3.10) and of a frame proper (3.11).
pub(crate) const CODE: usize = 32;
/// The globals of a frame proper (3.11).
pub(crate) const GLOBALS: usize = 8;
/// The first argument of a frame proper (3.11) that has not run yet.
pub(crate) const FIRST_LOCAL: usize = 72;
/// The frame proper of a 3.11 frame object.
pub(crate) const FRAME_PROPER: usize = 24;

/// The layout of a version; none where none is needed.
pub(crate) const fn of(version: Version) -> Option<FrameLayout> {
    let old = FrameLayout {
        flag: 48,
        flag_is_behind_pointer: false,
        on: 1,
        trace_function: 64,
        line: 108,
        frame_is_behind_pointer: false,
    };
    match version {
        Version::V3_8 | Version::V3_9 => Some(old),
        Version::V3_10 => Some(FrameLayout {
            flag_is_behind_pointer: true,
            on: 255,
            line: 100,
            ..old
        }),
        Version::V3_11 => Some(FrameLayout {
            flag: 56,
            flag_is_behind_pointer: true,
            on: 255,
            trace_function: 72,
            line: 40,
            frame_is_behind_pointer: true,
        }),
        Version::V3_12 | Version::V3_13 | Version::V3_14 | Version::V3_15 => None,
    }
}
