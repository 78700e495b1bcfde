//! No bytes make the reader of hit stores panic or run for ever.

#![no_main]

use libfuzzer_sys::fuzz_target;
use swath_store::{Header, Record, records};

fuzz_target!(|store: &[u8]| {
    if let Ok(header) = Header::read(store) {
        let _ = header.python();
    }
    // The records are read whatever the header says: a small input then reaches them too.
    let mut page = vec![0; swath_store::layout::HEADER_LENGTH];
    page.extend_from_slice(store);
    for bytes in [store, &page] {
        for record in records(bytes) {
            match record {
                Record::Code(code) => {
                    assert!(code.hits().count() <= code.executable().count());
                }
                Record::Process(process) => {
                    process.arguments.iter().for_each(drop);
                }
                Record::Spawn(spawn) => spawn.arguments.iter().for_each(drop),
                _ => {}
            }
        }
    }
});
