//! Damaged and hostile inputs: they may be refused, and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use proptest::prelude::*;
use swath_data::{
    ArcSet, CoverageData, LineSet, Mode, ProcessNote, ProcessRecord, RunRecord, StoredProcess,
    read_data_file, read_hit_store, to_coverage_data, write_data_file,
};
use swath_store::{StoreBuilder, layout};

/// A change of some bytes: where, as a share of the length, and what to.
type Change = (f64, u8);

fn damaged(bytes: &[u8], changes: &[Change], keep: f64) -> Vec<u8> {
    let place = |share: f64, length: usize| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a short file"
        )]
        let place = (share * length as f64) as usize;
        place
    };
    let mut bytes = bytes.to_vec();
    for &(share, value) in changes {
        let place = place(share, bytes.len());
        if let Some(byte) = bytes.get_mut(place) {
            *byte = value;
        }
    }
    bytes.truncate(place(keep, bytes.len()).max(1));
    bytes
}

fn data_file(folder: &Path, mode: Mode) -> Vec<u8> {
    let mut data = CoverageData::new(mode);
    for name in ["", "test_one", "test_two"] {
        let context = data.intern_context(name);
        for number in 0..4 {
            let path = format!("/app/m{number}.py");
            if mode == Mode::Arcs {
                let arcs = (0..40).map(|line| (line, line + number)).collect();
                data.add_arcs(&path, context, &arcs);
            } else {
                let lines = number.cast_unsigned()..number.cast_unsigned() + 400;
                data.add_lines(&path, context, &lines.collect());
            }
        }
    }
    data.touch("/app/page.html").tracer = Some("plugin".to_owned());
    data.accounting.runs.push(RunRecord {
        id: "r".to_owned(),
        facts: vec![("complete".to_owned(), "1".to_owned())],
    });
    data.accounting.processes.push(ProcessRecord {
        id: "p".to_owned(),
        touched: std::sync::Arc::new(["/app/m1.py".to_owned()].into()),
        ..ProcessRecord::default()
    });
    let path = folder.join("made");
    write_data_file(&data, &path).unwrap();
    fs_err::read(path).unwrap()
}

fn hit_store() -> Vec<u8> {
    StoreBuilder::new(7, [7; 16])
        .process(
            b"/usr/bin/python3",
            b"/srv",
            b"web",
            &[b"python3", b"\xff\xfe"],
        )
        .file(1, b"/srv/app.py", Some([1; 20]))
        .file(2, b"/srv/\xff.py", None)
        .code(1, 1, &[2, 0, 1, 2])
        .code(2, u32::MAX - 2, &[2, 2, 2, 2, 2])
        .code(1, u32::MAX - 2, &[2, 2, 2, 2, 2])
        .code(1, 0, &[2])
        .listen(b"127.0.0.1:8000")
        .spawn(b"os.exec", b"/bin/true", &[b"true"], 0)
        .state(b"hook-taken", b"by another tool")
        .flags(layout::FLAG_BRANCH)
        .code_with_exits(1, 5, 4, &[(2, 0), (2, 2), (1, 0), (2, 2)])
        .arcs(
            1,
            &[
                (5, 6, 0, 2),
                (6, 8, 4_500, 1),
                (7, 8, layout::ARC_CONCLUDED, 2),
            ],
        )
        .context(1, &[b"start"])
        .context(2, &[b"test", b"test_one|run"])
        .context(3, &[b"request", b"test_one|run", b"GET", b"/points/{n}"])
        .context_places(1, &[4_300, 4_301, 4_350])
        .context_places(2, &(4_096..4_700).collect::<Vec<u32>>())
        .context_places(3, &(4_200..4_900).step_by(3).collect::<Vec<u32>>())
        .context_note(3, &[b"route", b"/points/{id}"])
        .context_note(3, &[b"status", b"200"])
        .context_note(2, &[b"outcome", b"passed"])
        .context_note(0, &[b"offer", b"GET", b"/points/{id}"])
        .record(layout::KIND_CODE, 9, 9, b"short")
        .finish()
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((0.0..1.0f64, any::<u8>()), 0..24)
}

fn keep() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), 0.0..1.0f64]
}

fn rounds() -> ProptestConfig {
    let whole = swath_test::scale() == swath_test::Scale::Whole;
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(if whole { 4_000 } else { 300 })
    }
}

proptest! {
    #![proptest_config(rounds())]

    #[test]
    fn no_damage_to_a_data_file_panics(arcs: bool, changes in changes(), keep in keep()) {
        let folder = tempfile::tempdir().unwrap();
        let mode = if arcs { Mode::Arcs } else { Mode::Lines };
        let path = folder.path().join("damaged");
        fs_err::write(&path, damaged(&data_file(folder.path(), mode), &changes, keep)).unwrap();
        if let Ok(data) = read_data_file(&path) {
            // What can be read can be written and merged.
            let mut all = CoverageData::default();
            let _ = all.update(&data, ("a", "b"), str::to_owned);
            let _ = write_data_file(&all, &folder.path().join("again"));
        }
    }

    #[test]
    fn no_damage_to_a_hit_store_panics(changes in changes(), keep in keep()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1-00.hits");
        fs_err::write(&path, damaged(&hit_store(), &changes, keep)).unwrap();
        if let Ok(process) = read_hit_store(&path) {
            check_process(&process);
        }
    }
}

fn check_process(process: &StoredProcess) {
    for file in &process.files {
        let (mut lines, mut arcs) = (LineSet::new(), ArcSet::new());
        for share in &file.contexts {
            assert!(share.context < process.contexts.len());
            lines.union_with(&share.reached.lines);
            arcs.union_with(&share.reached.arcs);
        }
        let is_attributed = !process.contexts.is_empty();
        assert!(!is_attributed || (lines == file.hit && arcs == file.arcs));
        assert!(is_attributed || file.contexts.is_empty());
    }
    let note = |_: &StoredProcess| ProcessNote {
        counted: true,
        ..ProcessNote::default()
    };
    let data = to_coverage_data(
        std::slice::from_ref(process),
        RunRecord::default(),
        "",
        note,
    );
    for (path, _) in data.files() {
        let lines = data.lines(path, None).unwrap();
        assert!(!lines.contains(0));
    }
}

#[test]
fn lines_past_the_last_and_line_0_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1-00.hits");
    fs_err::write(&path, hit_store()).unwrap();
    let process = read_hit_store(&path).unwrap();
    let shown = process.files.iter().map(|file| file.path.as_str());
    assert_eq!(
        shown.filter(|path| path.contains('\u{fffd}')).count(),
        1,
        "the path that is not UTF-8 is there as it is shown"
    );
    assert_eq!(
        process.files[0].hit.iter().collect::<Vec<_>>(),
        [1, 4, 5, 6, 8]
    );
    check_process(&process);
}
