//! What is written is read back, and no bytes make the reader panic.

use proptest::prelude::*;
use swath_store::{
    Closed, Header, HeaderError, Record, Recorder, StoreBuilder, StoreId, layout, records,
};

fn sample() -> Vec<u8> {
    StoreBuilder::new(42, [7; 16])
        .parent_pid(41)
        .process(
            b"/usr/bin/python3",
            b"/srv",
            b"web",
            &[b"python3", b"app.py"],
        )
        .file(1, b"/srv/app.py", Some([9; 20]))
        .code(1, 10, &[2, 0, 1, 2])
        .listen(b"127.0.0.1:8000")
        .forked_from([5; 16])
        .file(2, b"/srv/b.py", None)
        .code(2, 1, &[2, 1])
        .spawn(
            b"subprocess.Popen",
            b"/bin/sh",
            &[b"sh", b"-c", b"true"],
            layout::SPAWN_BY_PATH,
        )
        .state(b"evaluation-hook-taken", b"another tool took it")
        .listen(b"/run/web.sock")
        .code_with_exits(2, 1, 1, &[(2, 2)])
        .arcs(2, &[(1, 2, 0, 1), (1, 3, 0, 2)])
        .record(77, 1, 2, b"later")
        .record(swath_store::layout::CRITICAL | 0x4e, 1, 2, b"")
        .closed(1)
        .dropped(3)
        .finish()
}

#[test]
fn what_is_written_is_read_back() {
    let store = sample();
    let header = Header::read(&store).unwrap();
    assert_eq!((header.pid, header.parent_pid), (42, 41));
    assert_eq!(header.id, StoreId([7; 16]));
    assert_eq!(header.fork_parent, Some(StoreId([5; 16])));
    assert_eq!(header.python(), (3, 12));
    assert_eq!((header.closed, header.dropped), (Closed::Ended, 3));
    assert_eq!(header.recorder, Recorder::Monitoring);
    assert_eq!(header.tail, store.len() as u64);

    let all: Vec<Record<'_>> = records(&store).collect();
    assert_eq!(all.len(), 13);
    let Record::Process(process) = all[0] else {
        panic!("{:?}", all[0])
    };
    assert_eq!(process.service, Some(&b"web"[..]));
    assert_eq!(
        process.arguments.iter().collect::<Vec<_>>(),
        [&b"python3"[..], b"app.py"]
    );
    let Record::File(file) = all[1] else {
        panic!("{:?}", all[1])
    };
    assert_eq!(
        (file.id, file.path, file.hash),
        (1, &b"/srv/app.py"[..], Some([9; 20]))
    );
    let Record::Code(code) = all[2] else {
        panic!("{:?}", all[2])
    };
    assert_eq!(code.hits().collect::<Vec<_>>(), [10, 13]);
    assert_eq!(
        code.executable().collect::<Vec<_>>(),
        [(10, 2), (12, 1), (13, 2)]
    );
    assert!(matches!(all[3], Record::Listen(listen) if listen.inherited));
    assert!(matches!(all[4], Record::File(file) if file.hash.is_none()));
    assert!(matches!(all[5], Record::Code(code) if code.hits().eq([1])));
    let Record::Spawn(spawn) = all[6] else {
        panic!("{:?}", all[6])
    };
    assert_eq!(spawn.how, b"subprocess.Popen");
    assert_eq!(spawn.arguments.iter().count(), 3);
    assert_eq!(spawn.flags, layout::SPAWN_BY_PATH);
    assert!(matches!(all[7], Record::State(state) if state.slug == b"evaluation-hook-taken"));
    assert!(matches!(all[8], Record::Listen(listen) if !listen.inherited));
    assert!(matches!(all[9], Record::Code(code) if code.taken_exits().eq([(1, -1)])));
    assert!(
        matches!(all[10], Record::Arcs(arcs) if arcs.taken().map(|arc| (arc.from, arc.to)).eq([(1, 3)]))
    );
    assert!(matches!(all[11], Record::Unknown(unknown) if !unknown.critical));
    assert!(matches!(all[12], Record::Unknown(unknown) if unknown.critical));
}

#[test]
fn every_prefix_gives_a_prefix_of_the_records() {
    let store = sample();
    let all: Vec<Record<'_>> = records(&store).collect();
    for end in 0..=store.len() {
        let some: Vec<Record<'_>> = records(&store[..end]).collect();
        assert_eq!(some, all[..some.len()], "a prefix of {end} bytes");
    }
}

#[test]
fn arcs_are_taken_when_seen_or_proved() {
    let builder = StoreBuilder::new(1, [1; 16]).flags(swath_store::layout::FLAG_BRANCH);
    let lines = builder.length() + 32;
    let store = builder
        .code_with_exits(1, 10, 9, &[(2, 0), (1, 1), (2, 2), (2, 2)])
        .arcs(
            1,
            &[
                (10, 11, 0, 1),
                (10, 12, 0, 2),
                (10, -9, 0, 2),
                (11, 13, lines, 1),
                (11, 12, lines + 1, 1),
                (12, 13, swath_store::layout::ARC_CONCLUDED, 1),
                (11, 14, swath_store::layout::ARC_CONCLUDED, 2),
            ],
        )
        .finish();
    assert!(Header::read(&store).unwrap().branch);
    let all: Vec<Record<'_>> = records(&store).collect();
    let [Record::Code(code), Record::Arcs(arcs)] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(code.hits().collect::<Vec<_>>(), [10, 12, 13]);
    assert_eq!(code.taken_exits().collect::<Vec<_>>(), [(12, -9), (13, -9)]);
    let taken = arcs.taken().map(|arc| (arc.from, arc.to, arc.is_concluded));
    assert_eq!(
        taken.collect::<Vec<_>>(),
        [
            (10, 12, false),
            (10, -9, false),
            (11, 13, false),
            (11, 14, true)
        ]
    );
}

#[test]
fn a_header_that_cannot_be_read_says_why() {
    let store = sample();
    assert_eq!(Header::read(&[]), Err(HeaderError::NotBegun));
    assert_eq!(Header::read(&[0; 4096]), Err(HeaderError::NotBegun));
    assert_eq!(Header::read(&[b'x'; 4096]), Err(HeaderError::NotAHitStore));
    let mut other = store.clone();
    other[16..24].reverse();
    assert_eq!(Header::read(&other), Err(HeaderError::ByteOrder));
    let newer = StoreBuilder::new(1, [1; 16]).version(9).finish();
    let error = Header::read(&newer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the hit store has format version 9, this swath reads 3"
    );
}

#[test]
fn lines_stop_at_the_last_line_number_there_is() {
    let store = StoreBuilder::new(1, [1; 16])
        .code(1, u32::MAX - 1, &[2, 2, 2, 2])
        .finish();
    let Some(Record::Code(code)) = records(&store).next() else {
        panic!("no code record");
    };
    assert_eq!(code.hits().collect::<Vec<_>>(), [u32::MAX - 1, u32::MAX]);
}

/// Reads everything there is to read.
fn exhaust(store: &[u8]) -> usize {
    let mut seen = usize::from(Header::read(store).is_ok());
    for record in records(store) {
        seen += match record {
            Record::Code(code) => code.hits().count() + code.executable().count(),
            Record::Process(process) => process.arguments.iter().map(<[u8]>::len).sum(),
            Record::Spawn(spawn) => spawn.arguments.iter().map(<[u8]>::len).sum(),
            _ => 1,
        };
    }
    seen
}

proptest! {
    #[test]
    fn no_mutation_makes_the_reader_panic(
        changes in prop::collection::vec((0..8192_usize, any::<u32>()), 0..40),
        end in 0..10_000_usize,
    ) {
        let mut store = sample();
        for (place, value) in changes {
            // Half the changes go into the records, where most of the reading is.
            let place = if place < 4096 {
                place % 128
            } else {
                4096 + place % (store.len() - 4100)
            };
            store[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
        store.truncate(end.max(100));
        exhaust(&store);
    }

    #[test]
    fn small_numbers_in_record_heads_do_not_make_it_panic(
        heads in prop::collection::vec((0..9_u32, 0..80_u32, 0..80_u32, 0..80_u32), 0..60),
    ) {
        let mut store = StoreBuilder::new(1, [1; 16]).finish();
        for (kind, length, a, b) in heads {
            for number in [kind, length * 4, a, b] {
                store.extend_from_slice(&number.to_le_bytes());
            }
        }
        exhaust(&store);
    }
}
