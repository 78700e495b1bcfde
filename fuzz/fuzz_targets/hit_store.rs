//! No bytes make the reader of hit stores panic or run for ever.

#![no_main]

use libfuzzer_sys::fuzz_target;
use swath_data::{ArcSet, LineSet, read_hit_store};
use swath_store::{Header, Record, records};

fuzz_target!(|store: &[u8]| {
    if let Ok(header) = Header::read(store) {
        let _ = header.python();
    }
    // The records are read whatever the header says: a small input then reaches them too.
    let mut page = swath_store::StoreBuilder::new(7, [7; 16]).finish();
    page.extend_from_slice(store);
    check_process(&page);
    for bytes in [store, &page] {
        for record in records(bytes) {
            match record {
                Record::Code(code) => {
                    assert!(code.hits().count() <= code.executable().count());
                }
                Record::Process(process) => {
                    process.arguments.iter().for_each(drop);
                }
                Record::ContextPlaces(list) => list.places().for_each(drop),
                Record::Context(context) => context.strings.iter().for_each(drop),
                Record::ContextNote(note) => note.strings.iter().for_each(drop),
                Record::Arcs(arcs) => assert!(arcs.taken().count() <= arcs.all().count()),
                Record::Spawn(spawn) => spawn.arguments.iter().for_each(drop),
                _ => {}
            }
        }
    }
});

/// What the contexts of a process reached is together what it ran.
fn check_process(store: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let path = folder.path().join("7-00.hits");
    if fs_err::write(&path, store).is_err() {
        return;
    }
    let Ok(process) = read_hit_store(&path) else {
        return;
    };
    for file in process.files.iter().filter(|file| !file.contexts.is_empty()) {
        let (mut lines, mut arcs) = (LineSet::new(), ArcSet::new());
        for share in &file.contexts {
            lines.union_with(&share.reached.lines);
            arcs.union_with(&share.reached.arcs);
        }
        assert!(lines == file.hit && arcs == file.arcs);
    }
}
