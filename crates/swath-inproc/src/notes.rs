//! The edges of one code object that threads may be taking: whether one is taken, the unit behind it
//! tells, which runs next in the same thread. Other threads may run the code meanwhile.

use core::ptr::null_mut;

use crate::ffi;
use crate::scratch::Scratch;

/// So many threads are told apart; those that never came back make room for others.
const MOST: usize = 256;

/// An edge, by the number of its site and 1, that a thread may be taking.
#[derive(Clone, Copy)]
struct Edge {
    thread: *mut u8,
    number: u32,
}

/// At most one edge for each thread. A copy is of the same list.
#[derive(Clone, Copy)]
pub(crate) struct TakenEdges(*mut Scratch<Edge>);

impl TakenEdges {
    /// None so far.
    pub(crate) const NONE: Self = Self(null_mut());

    /// A thread is at an edge. Without memory it is not noted.
    ///
    /// # Safety
    ///
    /// Nobody else uses the list meanwhile.
    pub(crate) unsafe fn begin(&mut self, thread: *mut u8, number: u32) {
        // SAFETY: the memory is fresh, large enough, and nobody else's; the list in it stays.
        unsafe {
            if self.0.is_null() {
                let memory = ffi::calloc(1, size_of::<Scratch<Edge>>()).cast::<Scratch<Edge>>();
                if memory.is_null() {
                    return;
                }
                memory.write(Scratch::new());
                self.0 = memory;
            }
            let edges = &mut *self.0;
            if let Some(edge) = edges
                .values_mut()
                .iter_mut()
                .find(|edge| edge.thread == thread)
            {
                edge.number = number;
                return;
            }
            if edges.values().len() >= MOST {
                edges.clear();
            }
            edges.add(Edge { thread, number });
        }
    }

    /// A thread runs something else of the code, or leaves it: the edge that it was at.
    ///
    /// # Safety
    ///
    /// As for [`TakenEdges::begin`].
    #[inline]
    pub(crate) unsafe fn end(&mut self, thread: *mut u8) -> Option<u32> {
        // SAFETY: the list is null, or was made above and stays.
        let edges = unsafe { self.0.as_mut() }?;
        let index = edges
            .values()
            .iter()
            .position(|edge| edge.thread == thread)?;
        let last = edges.take()?;
        match edges.values_mut().get_mut(index) {
            Some(place) => Some(core::mem::replace(place, last).number),
            None => Some(last.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_an_edge_of_its_own() {
        let mut edges = TakenEdges::NONE;
        let mut marks = [0_u8; 300];
        let threads: [*mut u8; 300] = core::array::from_fn(|index| (&raw mut marks[index]));
        // SAFETY: the list is this test's own.
        unsafe {
            assert_eq!(edges.end(threads[0]), None);
            edges.begin(threads[0], 7);
            edges.begin(threads[1], 8);
            edges.begin(threads[2], 9);
            edges.begin(threads[0], 5);
            assert_eq!(edges.end(threads[0]), Some(5));
            assert_eq!(edges.end(threads[0]), None);
            assert_eq!(edges.end(threads[2]), Some(9));
            assert_eq!(edges.end(threads[1]), Some(8));
            for (number, thread) in (0..).zip(threads) {
                edges.begin(thread, number);
            }
            assert_eq!(edges.end(threads[299]), Some(299));
        }
    }
}
