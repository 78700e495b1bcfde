#![no_main]

//! Whatever an object store holds of a run, fetching it ends, stays in its folder, and what it gives can
//! be read; whatever a hit store holds, what leaves its machine is no longer and has no panic.

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use swath_data::{ShareableStore, read_hit_stores};
use swath_fleet::{Fleet, ObjectStore, RunLocation};

/// The names of the objects, which the bytes fill in turn.
const KEYS: [&str; 3] = [
    "pods/shop/uid/pod.json",
    "pods/shop/uid/web/index.json",
    // The name of an empty piece.
    "segments/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

fuzz_target!(|data: &[u8]| {
    if let Ok(mut store) = ShareableStore::new(data) {
        let mut shared = Vec::new();
        let _ = store.read_to_end(&mut shared);
        assert!(shared.len() <= data.len());
    }
    let run = tempfile::tempdir().expect("a folder");
    let mut rest = data;
    for key in KEYS {
        let Some((length, more)) = rest.split_first_chunk::<2>() else {
            break;
        };
        let length = usize::from(u16::from_le_bytes(*length)).min(more.len());
        let (object, more) = more.split_at(length);
        let path = run.path().join(key);
        fs_err::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs_err::write(path, object).expect("a file");
        rest = more;
    }
    let location: RunLocation = format!("file://{}", run.path().display())
        .parse()
        .expect("a folder is a location");
    let store = ObjectStore::open(&location, &|_| None).expect("a folder is a store");
    let fleet = Fleet::new(store);
    let back = tempfile::tempdir().expect("a folder");
    for pod in fleet.list().expect("a folder can be listed").pods {
        let Ok((document, _)) = fleet.describe(&pod) else {
            continue;
        };
        if let Ok(fetched) = fleet.fetch(&pod, document, back.path()) {
            for container in fetched.containers {
                assert!(container.data.starts_with(back.path()));
                let _ = read_hit_stores(&container.data);
            }
        }
    }
});
