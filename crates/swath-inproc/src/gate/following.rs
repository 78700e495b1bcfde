//! A frame from line to line, as coverage.py's tracer follows it: an arc needs both its ends.

use core::ffi::{c_int, c_long};

use super::{CALL, Gate, LINE, RETURN, code_of, frame_proper};
use crate::code::{self, Info};
use crate::ffi;
use crate::interpreter::VERSION;
use crate::notes::Notes;
use crate::object::{self, PendingException};
use crate::state::{Gil, Global};
use crate::thread;

/// By frame that is suspended, the line it was at and its place in its code's bytes (3.8 and 3.9).
static WAITING: Global<Notes> = Global::new(Notes::NONE);

/// Follows a frame: one that goes on after it was suspended goes on from the line where it is.
pub(super) unsafe fn follow_frame(
    gil: Gil<'_>,
    gate: &Gate,
    frame: *mut u8,
    event: c_int,
    info: &mut Info,
) {
    // SAFETY: the frame is alive, and its line at the place that the self-test looked at; this
    // thread's place in the table is used by this thread only.
    unsafe {
        let key = frame_proper(frame, &gate.layout);
        let Some(place) = thread::of(gil, ffi::PyThreadState_Get()).frames.line(key) else {
            return;
        };
        match event {
            CALL if info.outline.suspends => {
                let offset = offset(gil, frame);
                let noted = noted_line(gil, key, offset);
                *place = if is_starting(gil, gate, frame, offset) {
                    0
                } else {
                    noted.unwrap_or_else(|| {
                        u32::try_from(ffi::PyFrame_GetLineNumber(frame)).unwrap_or(0)
                    })
                };
                // Where the frame waited for another context, this one leaves the line as well.
                if *place != 0 && info.is_on_behalf() {
                    let line = *place;
                    info.hit(gil, line);
                }
            }
            LINE => {
                let line = *frame.add(gate.layout.line).cast::<u32>();
                let before = core::mem::replace(place, line);
                if before != 0 {
                    info.stepped(gil, before, line);
                }
            }
            RETURN if *place != 0 => {
                let line = *place;
                if !info.outline.suspends {
                    return info.left(gil, line);
                }
                let offset = offset(gil, frame);
                if is_suspended(gil, gate, frame, offset) {
                    note_line(gil, key, offset, line);
                } else {
                    info.left(gil, line);
                }
            }
            _ => {}
        }
    }
}

/// Notes the line at which a frame waits. 3.8 and 3.9 tell a tracer of the first operation of a line only, and
/// keep for it the line that they told last: the operation that waits may be of another one.
unsafe fn note_line(gil: Gil<'_>, frame: *mut u8, offset: c_long, line: u32) {
    if VERSION.get(gil) < 0x030a {
        let place = u64::from(offset as u32);
        // SAFETY: with the GIL held nobody else uses the list.
        unsafe { (*WAITING.place()).set(frame, u64::from(line) << 32 | place) };
    }
}

/// The line that was noted for a frame, if that still waits where it did then.
unsafe fn noted_line(gil: Gil<'_>, frame: *mut u8, offset: c_long) -> Option<u32> {
    if VERSION.get(gil) >= 0x030a {
        return None;
    }
    // SAFETY: with the GIL held nobody else uses the list.
    let noted = unsafe { (*WAITING.place()).take(frame) }?;
    // An exception that is thrown into what it awaits lets it go on behind that.
    let is_there = [0, 2].contains(&(offset as u32).wrapping_sub(noted as u32));
    is_there.then_some((noted >> 32) as u32)
}

/// Where a frame is in its code's bytes.
unsafe fn offset(gil: Gil<'_>, frame: *mut u8) -> c_long {
    let _pending = PendingException::set_aside(gil);
    // SAFETY: the frame is alive, and no exception is pending while Python is asked.
    unsafe { object::number_attribute(gil, frame.cast(), c"f_lasti") }
}

/// Whether a frame that is entered there starts, as coverage.py's tracer has it.
unsafe fn is_starting(gil: Gil<'_>, gate: &Gate, frame: *mut u8, offset: c_long) -> bool {
    let _pending = PendingException::set_aside(gil);
    // SAFETY: the frame is alive with its code, and no exception is pending while Python is asked.
    unsafe { code::is_starting(gil, code_of(frame, &gate.layout), offset) }
}

/// Whether a frame that gives back control there goes on later.
unsafe fn is_suspended(gil: Gil<'_>, gate: &Gate, frame: *mut u8, offset: c_long) -> bool {
    let _pending = PendingException::set_aside(gil);
    // SAFETY: as above.
    unsafe { code::is_suspended(gil, code_of(frame, &gate.layout), offset) }
}
