//! No bytes make the reader of data files panic or run for ever; and what it reads straight from the
//! pages, it writes so that it reads the same again.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use swath_data::{CoverageData, Mode, read_data_file, write_data_file};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// Sound files, whose bytes an input changes: nothing else gets past the header.
static SOUND: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    [Mode::Lines, Mode::Arcs].map(|mode| sound_file(mode, FOLDER.path())).to_vec()
});

fn sound_file(mode: Mode, folder: &Path) -> Vec<u8> {
    let mut data = CoverageData::new(mode);
    for name in ["", "test_one"] {
        let context = data.intern_context(name);
        for number in 0..3u32 {
            let path = format!("/app/m{number}.py");
            if mode == Mode::Arcs {
                let arcs = (0..40).map(|line| (line, line + number.cast_signed()));
                data.add_arcs(&path, context, &arcs.collect());
            } else {
                // The last set goes on in overflow pages.
                let length = if number == 2 { 40_000 } else { 90 };
                data.add_lines(&path, context, &(number..length).collect());
            }
        }
    }
    data.touch("/app/page.html").tracer = Some("plugin".to_owned());
    let path = folder.join("sound");
    write_data_file(&data, &path).expect("the folder is writable");
    fs_err::read(&path).expect("it was written")
}

fn check(bytes: &[u8]) {
    let (path, again) = (FOLDER.path().join("input"), FOLDER.path().join("again"));
    fs_err::write(&path, bytes).expect("the folder is writable");
    if let Ok(data) = read_data_file(&path) {
        write_data_file(&data, &again).expect("the folder is writable");
        let reread = read_data_file(&again).expect("what was written is sound");
        assert!(reread.mode() == data.mode() && reread.files().count() == data.files().count());
    }
}

fuzz_target!(|input: &[u8]| {
    check(input);
    let Some((&first, changes)) = input.split_first() else {
        return;
    };
    let mut file = SOUND[usize::from(first) % SOUND.len()].clone();
    // Each change is a place and a byte.
    for change in changes.chunks_exact(4) {
        let place = usize::from(change[0]) << 16 | usize::from(change[1]) << 8 | usize::from(change[2]);
        let length = file.len();
        file[place % length] = change[3];
    }
    check(&file);
});
