use swath_store::{StoreBuilder, layout};

use crate::hit_store::read_hit_store;
use crate::{ContextKind, LineSet, StoredContext, StoredProcess};

fn read(store: StoreBuilder) -> StoredProcess {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("7-00.hits");
    fs_err::write(&path, store.finish()).unwrap();
    read_hit_store(&path).unwrap()
}

/// A store with a file, and the place in it of the first state of the next code object.
fn store() -> (StoreBuilder, u32) {
    let store = StoreBuilder::new(7, [7; 16]).file(1, b"/a.py", None);
    let place = states_of(&store);
    (store, place)
}

/// Where the states of a code object begin that is added next.
fn states_of(store: &StoreBuilder) -> u32 {
    store.length() + u32::try_from(layout::RECORD_HEAD + layout::CODE_FIXED).unwrap()
}

/// Where the states of so many arcs begin that are added next.
fn arcs_of(store: &StoreBuilder, count: usize) -> u32 {
    store.length() + u32::try_from(layout::RECORD_HEAD + layout::ARC_LENGTH * count).unwrap()
}

/// The name of a context, and the lines and arcs that it reached.
type Share<'a> = (&'a str, Vec<u32>, Vec<(i32, i32)>);

/// The shares of the contexts of a process's file, by the names of the contexts.
fn shares(process: &StoredProcess) -> Vec<Share<'_>> {
    let file = &process.files[0];
    let mut shares: Vec<Share<'_>> = (file.contexts.iter())
        .map(|share| {
            let name = process.contexts[share.context].kind.name();
            let lines = share.reached.lines.iter().collect();
            (name, lines, share.reached.arcs.iter().collect())
        })
        .collect();
    shares.sort();
    shares
}

/// Whether the shares of the contexts together are what ran.
fn is_whole(process: &StoredProcess) -> bool {
    process.files.iter().all(|file| {
        let mut lines = LineSet::new();
        let mut arcs = crate::ArcSet::new();
        for share in &file.contexts {
            lines.union_with(&share.reached.lines);
            arcs.union_with(&share.reached.arcs);
        }
        lines == file.hit && arcs == file.arcs
    })
}

#[test]
fn lines_are_those_of_their_contexts_and_the_rest_of_none() {
    let (store, place) = store();
    let process = read(
        store
            .code(1, 1, &[2, 2, 2, 2, 1])
            .context(1, &[b"start"])
            .context(2, &[b"test", b"t_one|run"])
            .context(3, &[b"request", b"t_one|run", b"GET", b"/points/{n}"])
            .context_places(1, &[place])
            .context_places(3, &[place + 1, place + 2, 0])
            .context_places(2, &[place + 2, place + 2])
            // It did not run, whatever the context says.
            .context_places(2, &[place + 4])
            .context_note(3, &[b"route", b"/points/{id}"])
            .context_note(3, &[b"status", b"404"])
            .context_note(3, &[b"status", b"200"])
            .context_note(3, &[b"status", b"teapot"])
            .context_note(2, &[b"outcome", b"failed"])
            .context_note(2, &[b"outcome", b"passed"])
            .context_note(0, &[b"offer", b"GET", b"/points/{id}"]),
    );
    assert_eq!(
        shares(&process),
        [
            ("", vec![4], vec![]),
            ("(start-up)", vec![1], vec![]),
            ("t_one|run", vec![2, 3], vec![]),
            ("t_one|run", vec![3], vec![]),
        ]
    );
    assert!(is_whole(&process));
    let request = &process.contexts[2];
    assert_eq!(request.routes, ["/points/{id}".to_owned()].into());
    assert_eq!(request.statuses, [200, 404].into());
    assert_eq!(process.contexts[1].outcome.as_deref(), Some("passed"));
    let offer = ("GET".to_owned(), "/points/{id}".to_owned());
    assert_eq!(process.offers, [offer].into());
}

#[test]
fn a_process_without_contexts_has_none() {
    let (store, place) = store();
    let process = read(store.code(1, 1, &[2]).context_places(1, &[place]));
    assert!(process.contexts.is_empty() && process.files[0].contexts.is_empty());
    // Nor do notes and places of unknown numbers make one.
    let (store, place) = self::store();
    let process = read(
        store
            .code(1, 1, &[2])
            .context(0, &[b"test", b"t"])
            .context(5, &[b"weather", b"t"])
            .context(6, &[b"request", b"t"])
            .context_places(5, &[place])
            .context_note(9, &[b"outcome", b"passed"]),
    );
    assert!(process.contexts.is_empty() && process.files[0].contexts.is_empty());
}

#[test]
fn arcs_are_those_of_the_context_in_which_they_were_seen_or_proved() {
    let (store, lines) = store();
    let states = [(2, 0), (2, 1), (2, 2), (2, 2), (1, 0)];
    let store = store
        .flags(layout::FLAG_BRANCH)
        .code_with_exits(1, 1, 1, &states);
    let exits = lines + 5;
    let arcs = [
        // Seen; its end ran in the first context only.
        (1, 2, 0, 2),
        // Proved by line 3.
        (1, 3, lines + 2, 1),
        // Concluded: counts though line 5 never ran.
        (2, 5, layout::ARC_CONCLUDED, 2),
        // Never taken.
        (3, 5, 0, 1),
        // Seen by nobody in particular.
        (3, 4, 0, 2),
    ];
    let place = arcs_of(&store, arcs.len());
    let store = store.arcs(1, &arcs);
    let process = read(
        store
            .context(1, &[b"test", b"a"])
            .context(2, &[b"test", b"b"])
            .context_places(1, &[lines, lines + 1, place, place + 2, place + 3])
            .context_places(2, &[lines, lines + 2, exits + 2, place, place + 9])
            // The line that it leaves did not run in the context.
            .context_places(1, &[exits + 3, exits + 1]),
    );
    assert_eq!(
        shares(&process),
        [
            ("", vec![4], vec![(3, 4), (4, -1)]),
            ("a", vec![1, 2], vec![(1, 2), (2, 5)]),
            ("b", vec![1, 3], vec![(1, 3), (3, -1)]),
        ]
    );
    assert!(is_whole(&process));
    let by_itself = process.files[0].contexts[0].reached.branch_arcs(None);
    assert!(by_itself.contains((-1, 1)) && by_itself.contains((1, 2)));
}

#[test]
fn what_many_contexts_reached_is_kept_once() {
    let (mut store, _) = store();
    store = store.file(2, b"/b.py", None).code(1, 1, &[2; 64]);
    let place = store.length() - 64;
    for number in 1..=100 {
        let name = format!("t{number}");
        let first = place + number % 2;
        store = store
            .context(number, &[b"test", name.as_bytes()])
            .context_places(number, &[first, first + 10]);
    }
    let process = read(store);
    let shares = &process.files[0].contexts;
    assert_eq!(shares.len(), 101);
    let mut sets: Vec<_> = shares
        .iter()
        .map(|share| std::sync::Arc::as_ptr(&share.reached))
        .collect();
    sets.sort_unstable();
    sets.dedup();
    assert_eq!(sets.len(), 3);
    assert!(is_whole(&process) && process.files[1].contexts.is_empty());
}

#[test]
fn a_number_that_comes_again_is_that_of_the_first() {
    let (store, place) = store();
    let process = read(
        store
            .code(1, u32::MAX - 1, &[2, 2])
            .context(1, &[b"test", b"first"])
            .context(1, &[b"test", b"second"])
            .context(2, &[b"none"])
            .context_places(1, &[1, 4096, place, place + 1, place + 2, u32::MAX])
            .code(1, 0, &[2, 2]),
    );
    let first = StoredContext {
        kind: ContextKind::Test("first".to_owned()),
        ..StoredContext::default()
    };
    assert_eq!(process.contexts, [first, StoredContext::default()]);
    assert_eq!(shares(&process), [("", vec![1], vec![])]);
}

#[test]
fn what_a_program_ran_is_the_tests_that_started_it_if_it_ended_in_time() {
    let ran = |notes: &[&[u8]], closed: u32| {
        let (mut store, _) = store();
        store = store.code(1, 1, &[2, 1, 2]);
        for note in notes {
            store = store.context_note(0, &[b"started-for", note]);
        }
        read(store.closed(closed))
    };
    let whole = vec![("t_one|run", vec![1, 3], vec![])];
    for closed in [layout::ENDED, layout::REPLACED] {
        assert_eq!(shares(&ran(&[b"t_one|run"], closed)), whole);
    }
    // It was killed after an `exec` that failed; it went on after an `exec` that failed, for longer than the test did; nothing is said.
    for (notes, closed) in [
        (&[b"t_one|run".as_slice()][..], layout::OPEN),
        (&[b"t_one|run", b""], layout::ENDED),
        (&[], layout::ENDED),
    ] {
        let process = ran(notes, closed);
        assert_eq!(shares(&process), []);
        assert_eq!(process.contexts, []);
    }
}

#[test]
fn a_program_that_serves_requests_is_no_tests() {
    let (store, place) = store();
    let store = store
        .code(1, 1, &[2, 2])
        .context(1, &[b"start"])
        .context(2, &[b"request", b"t_two|run", b"GET", b"/"])
        .context_places(1, &[place])
        .context_places(2, &[place + 1])
        .context_note(0, &[b"started-for", b"t_one|run"]);
    let process = read(store.closed(layout::ENDED));
    assert_eq!(
        shares(&process),
        [
            ("(start-up)", vec![1], vec![]),
            ("t_two|run", vec![2], vec![])
        ]
    );
}
