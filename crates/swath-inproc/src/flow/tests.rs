//! Byte code that is written by hand, and byte code that is none.

extern crate std;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use super::*;

/// The version is the process's: one test at a time says which it is.
static TURN: Mutex<()> = Mutex::new(());

/// One version's turn, in place of the GIL.
fn turn(version: u32) -> (MutexGuard<'static, ()>, Gil<'static>) {
    let guard = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: no interpreter is there, and whoever has the turn is alone.
    let gil = unsafe { Gil::assume() };
    VERSION.set(gil, version);
    (guard, gil)
}

/// Takes byte code apart as `of` does, with the line of each unit.
fn take_apart(gil: Gil<'_>, code: &[u8], lines: &[u32], handlers: &[u8]) -> Flow {
    let mut flow = Flow::NONE;
    flow.definition = 1;
    assert!(
        flow.decode(gil, code, operations::of(VERSION.get(gil)))
            .is_some()
    );
    for (unit, line) in flow.units.values_mut().iter_mut().zip(lines) {
        unit.line = *line;
    }
    finish(gil, &mut flow, handlers);
    flow
}

fn finish(gil: Gil<'_>, flow: &mut Flow, handlers: &[u8]) {
    flow.mark_group_ends(gil);
    if VERSION.get(gil) >= 0x030b {
        assert!(flow.add_handlers(handlers).is_some());
    }
    flow.mark_reached();
    if VERSION.get(gil) < 0x030a {
        assert!(flow.mark_own(gil).is_some());
    }
    if VERSION.get(gil) < 0x030b {
        assert!(flow.place_guards().is_some());
    }
    assert!(flow.list_steps(gil).is_some());
}

fn steps(flow: &Flow) -> Vec<(u32, i32)> {
    let mut all = Vec::new();
    flow.steps(|from, to| all.push((from, to)));
    all
}

#[test]
fn a_branch_goes_on_and_to_its_target() {
    let (_turn, gil) = turn(0x030c);
    // resume; load; if not, three on; load; return; return
    let code = [151, 0, 124, 0, 114, 2, 124, 0, 83, 0, 83, 0];
    let flow = take_apart(gil, &code, &[0, 2, 2, 3, 3, 4], &[]);
    assert_eq!(flow.body, 1);
    assert_eq!(steps(&flow), [(2, 3), (2, 4), (3, -1), (4, -1)]);
    assert!(matches!(flow.follow(gil, 2, 3, true).way, Way::To(3, 3)));
    assert!(matches!(flow.follow(gil, 3, 3, true).way, Way::To(-1, 4)));
    assert!(matches!(flow.follow(gil, 0, 2, true).way, Way::To(2, 2)));
}

#[test]
fn a_loop_goes_back_to_its_head() {
    let (_turn, gil) = turn(0x030c);
    // resume; next item or, over a cache, to the end; load; back; end; return
    let code = [151, 0, 93, 2, 0, 0, 125, 0, 140, 4, 4, 0, 83, 0];
    let flow = take_apart(gil, &code, &[0, 2, 2, 3, 3, 4, 4], &[]);
    assert_eq!(steps(&flow), [(2, 3), (2, 4), (3, 2), (4, -1)]);
    assert_eq!(flow.behind(1), 3, "the cache is part of the branch");
}

#[test]
fn a_long_argument_has_front_parts() {
    let (_turn, gil) = turn(0x030c);
    let mut code = std::vec![151, 0, 144, 1, 114, 2];
    code.extend([9, 0].repeat(258));
    code.extend([83, 0]);
    let flow = take_apart(gil, &code, &[], &[]);
    assert_eq!(flow.units().get(2).map(|unit| unit.target), Some(261));
    assert_eq!(
        flow.units().get(261).map(|unit| unit.kind),
        Some(Kind::Return)
    );
}

#[test]
fn handlers_are_numbers_of_six_bits() {
    let (_turn, gil) = turn(0x030c);
    let mut flow = Flow::NONE;
    // From 1 on, two long, to 70; and the beginning of another.
    assert!(flow.add_handlers(&[0x81, 2, 0x41, 6, 0, 0x85, 1]).is_some());
    assert_eq!(flow.handlers.values(), [[1, 3, 70]]);
    assert_eq!(flow.handler(gil, 0), None);
    assert_eq!(flow.handler(gil, 2), Some(70));
    assert_eq!(flow.handler(gil, 3), None);
    flow.handlers.clear();
    assert!(
        flow.add_handlers(&[0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f])
            .is_some()
    );
    assert!(!flow.has_handlers());
}

#[test]
fn an_exception_leaves_or_is_handled() {
    let (_turn, gil) = turn(0x030c);
    // resume; load; return; begin to handle; load; return
    let code = [151, 0, 116, 0, 83, 0, 35, 0, 124, 0, 83, 0];
    let flow = take_apart(gil, &code, &[0, 2, 2, 3, 4, 4], &[0x81, 1, 3, 0]);
    assert!(matches!(flow.fate(gil, 1), Fate::Handled(3)));
    assert!(matches!(flow.fate(gil, 2), Fate::Leaves));
    // The same, but all that is done is to raise again.
    let code = [151, 0, 116, 0, 83, 0, 9, 0, 119, 0];
    let flow = take_apart(gil, &code, &[0, 2, 2, 0, 0], &[0x81, 1, 3, 0]);
    assert!(matches!(flow.fate(gil, 1), Fate::Leaves));
}

#[test]
fn old_tables_tell_which_unit_is_reported() {
    let (_turn, gil) = turn(0x0308);
    let mut flow = Flow::NONE;
    flow.definition = 10;
    assert!(
        flow.decode(gil, &[9, 0].repeat(4), operations::of(0x0308))
            .is_some()
    );
    let back = (-1_i8).cast_unsigned();
    assert!(flow.place_by_pairs(gil, &[2, 0, 2, 1, 2, back]).is_some());
    let told: Vec<(u32, bool)> = flow
        .units()
        .iter()
        .map(|unit| (unit.line, unit.shown == Shown::Here))
        .collect();
    assert_eq!(told, [(10, true), (10, false), (11, true), (10, true)]);
}

#[test]
fn nested_guards_are_found() {
    let (_turn, gil) = turn(0x030a);
    // guard to 6; guard to 5; nothing; end; return; return; return
    let code = [122, 5, 122, 3, 9, 0, 87, 0, 83, 0, 83, 0, 83, 0];
    let flow = take_apart(gil, &code, &[1, 2, 3, 3, 4, 5, 6], &[]);
    assert_eq!(flow.handler(gil, 0), None);
    assert_eq!(flow.handler(gil, 1), Some(6));
    assert_eq!(flow.handler(gil, 2), Some(5));
    assert_eq!(flow.handler(gil, 4), Some(6), "the inner guard has ended");
}

/// Whatever bytes there are: nothing panics or hangs, and no step leads to a line that is not there.
#[test]
fn any_bytes_can_be_followed() {
    let mut state = 7_u64;
    let mut random = || {
        state = crate::text::mix(state, 1);
        (state >> 32) as u32
    };
    for version in 0x0308..=0x030f {
        let (_turn, gil) = turn(version);
        for _ in 0..4 {
            let code: Vec<u8> = (0..48).map(|_| random() as u8).collect();
            let lines: Vec<u32> = (0..24).map(|_| random() % 5).collect();
            let table: Vec<u8> = (0..24).map(|_| random() as u8).collect();
            let flow = if version < 0x030a {
                let mut flow = Flow::NONE;
                flow.definition = 1;
                assert!(flow.decode(gil, &code, operations::of(version)).is_some());
                assert!(flow.place_by_pairs(gil, &table).is_some());
                finish(gil, &mut flow, &[]);
                flow
            } else {
                take_apart(gil, &code, &lines, &table)
            };
            let is_there = |line: u32| flow.units().iter().any(|unit| unit.line == line);
            for (from, to) in steps(&flow) {
                assert!(is_there(from) && (to < 0 || is_there(to.cast_unsigned())));
            }
            flow.entries(|line| assert!(is_there(line)));
            flow.one_line_suites(|line| assert!(is_there(line)));
            for index in 0..flow.units().len() {
                flow.fate(gil, index);
                if let Way::To(to, _) | Way::Behind(to) = flow.follow(gil, 0, index, true).way {
                    assert!(to < 0 || is_there(to.cast_unsigned()));
                }
            }
        }
    }
}
