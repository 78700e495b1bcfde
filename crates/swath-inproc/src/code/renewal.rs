//! Code that a fork child's parent has looked at: the child needs a place for the hits in its own store,
//! and knows the rest.

use core::sync::atomic::{AtomicU8, Ordering};

use swath_store::layout;

use super::{BRANCH, Info, exits, kept, record};
use crate::context;
use crate::ffi::Object;
use crate::fork;
use crate::lock;
use crate::map::inherited;
use crate::state::Gil;
use crate::test_function;

/// Makes what the parent knew about code count here. `None` where nothing is known, or it cannot be: then
/// the code is looked at as for the first time.
///
/// What is known is changed where it is: in this process it is of no use as it was.
pub(super) unsafe fn renew(gil: Gil<'_>, code: Object) -> Option<*mut Info> {
    if lock::is_needed() || context::ARE_WANTED.get(gil) || test_function::ARE_WANTED.get(gil) {
        // Others may look at it meanwhile, or it may have been copied.
        return None;
    }
    // SAFETY: the code is alive. What is kept there is null or was put there for good; with the GIL held
    // nobody else uses it, and nothing that is called here but the last looks at code.
    unsafe {
        let info = kept(gil, code)?.as_mut()?;
        let span = info.span as usize;
        // What an older ancestor knew has its hits where something else may lie by now.
        let is_of_parent = info.generation + 1 == fork::generation(gil);
        if !info.is_measured() || !is_of_parent || !inherited::holds(gil, info.hits, span) {
            return None;
        }
        let file = info.source.number(gil)?;
        // The parent goes on to set them: those that are executable stay so.
        let hits = info.hits;
        let state = |index: u32| AtomicU8::from_ptr(hits.add(index as usize));
        let is_executable =
            |index: &u32| state(*index).load(Ordering::Relaxed) != layout::LINE_NONE;
        let first = info.first;
        let lines = (0..info.span).filter(is_executable);
        let lines = lines.map(|index| first + index);
        let (hits, remaining) = record(gil, file, first, span, lines, info.definition)?;
        *info = Info {
            next: info.next,
            hash: info.hash,
            generation: fork::generation(gil),
            source: info.source,
            file,
            first,
            span: info.span,
            remaining,
            start: info.start,
            hits,
            exits: exits(gil, hits, span),
            definition: info.definition,
            outline: info.outline,
            has_looked: !BRANCH.get(gil),
            unit_lines: info.unit_lines,
            ..Info::OUTSIDE
        };
        info.look_at_once(gil, code);
        Some(info)
    }
}
