//! Forks: each process has the lines that it ran itself, at a price that does not depend on the
//! application.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use swath_store::StoreId;
use swath_test::{Python, builds};

use crate::run::{Run, Store, check_hits, program};

/// The lines of a program with these texts, stripped.
pub(crate) fn lines_with(file: &Path, texts: &[&str]) -> BTreeSet<u32> {
    let source = fs_err::read_to_string(file).unwrap();
    let lines = (1..).zip(source.lines());
    lines
        .filter(|(_, line)| texts.contains(&line.trim()))
        .map(|(number, _)| number)
        .collect()
}

fn hits(store: &Store, file: &Path) -> BTreeSet<u32> {
    let file = fs_err::canonicalize(file).unwrap();
    match store.files.get(&file) {
        Some((_, hits)) => hits.clone(),
        None => BTreeSet::new(),
    }
}

/// The lines that a process knows to be executable.
fn executable(store: &Store, file: &Path) -> BTreeSet<u32> {
    let file = fs_err::canonicalize(file).unwrap();
    store.files[&file].0.clone()
}

/// The stores of the children of a process, in order.
fn children(stores: &[Store], parent: Option<StoreId>) -> Vec<&Store> {
    let mut found: Vec<&Store> = stores
        .iter()
        .filter(|store| store.header.fork_parent == parent)
        .collect();
    found.sort_by_key(|store| store.header.start_nanoseconds);
    found
}

fn check_own_lines(python: &Python, configuration: &str) {
    const GENERATIONS: usize = 7;
    let tag = format!("{} {configuration}", python.tag());
    let run = Run::with(configuration);
    let file = program("own_lines.py");
    let depth = GENERATIONS.to_string();
    run.program(python, &[&file, Path::new(&depth)]);
    check_hits(&run, python, &file);
    let stores = run.stores();
    let [parent] = children(&stores, None)[..] else {
        panic!("{tag}: one process was started")
    };
    let [first, second, third] = children(&stores, Some(parent.header.id))[..] else {
        panic!("{tag}: three processes were forked")
    };
    let in_child = [
        "return 1",
        "value = 0",
        "for number in range(rounds):",
        "if number % 2:",
        "value = number",
        "value = -number",
        "value = 2",
        "yield value",
        "next(waiting)",
    ];
    let in_parent = [
        "only_parent()",
        "import sys",
        "return value_of_parent",
        "yield 1",
    ];
    for child in [first, second] {
        let own = hits(child, &file);
        // `value = 2` is also in a function that the child does not run.
        let only_parents = lines_with(&file, &in_parent);
        assert!(own.is_disjoint(&only_parents), "{tag}: {own:?}");
        let wanted: Vec<u32> = lines_with(&file, &in_child).into_iter().collect();
        let missing: Vec<_> = wanted.iter().filter(|line| !own.contains(line)).collect();
        let never = lines_with(&file, &["value = 2"]);
        assert_eq!(
            missing,
            never.iter().take(1).collect::<Vec<_>>(),
            "{tag}: {own:?}"
        );
        // What is known about code is handed on, that which has not run with it.
        let lines = executable(child, &file);
        assert!(
            lines.is_subset(&executable(parent, &file)),
            "{tag}: {lines:?}"
        );
        let of_third = lines_with(&file, &["last_generation(int(sys.argv[1]))"]);
        assert!(lines.is_superset(&of_third), "{tag}: {lines:?}");
    }
    let mut generation = third;
    let everywhere = lines_with(&file, &["return 1"]);
    for number in 0..=GENERATIONS {
        assert!(
            hits(generation, &file).is_superset(&everywhere),
            "{tag}: {number}"
        );
        match children(&stores, Some(generation.header.id))[..] {
            [next] => generation = next,
            _ => assert_eq!(number, GENERATIONS, "{tag}"),
        }
    }
}

#[test]
fn a_child_has_the_lines_that_it_ran_itself() {
    for python in builds() {
        check_own_lines(python, "");
        check_own_lines(python, "branch 1\n");
    }
}

/// How many generations of forks follow each other, and how many functions they share.
const MANY_GENERATIONS: usize = 12;
const SHARED_FUNCTIONS: usize = 24;

/// Whether a generation runs a function: no two generations run the same ones, and most functions
/// rest for a few generations.
fn runs(generation: usize, function: usize) -> bool {
    (generation * 7 + function * 11 + generation * function) % 5 < 2
}

/// A chain of forks. Each generation runs some of the functions, goes on with a generator, and
/// throws an exception into another, that all generations before left waiting.
fn write_generations(file: &Path, first_line: &str) {
    let mut text = format!(
        "{first_line}\ndef throws():\n    try:\n        yield\n    except KeyError:\n        yield\n",
    );
    text.push_str("def waits():\n");
    for _ in 0..MANY_GENERATIONS {
        text.push_str("    yield\n");
    }
    for number in 0..SHARED_FUNCTIONS {
        let _ = write!(
            text,
            "def f{number}(x):\n    if x:\n        return 1\n    return 2\n"
        );
    }
    text.push_str("waiting = waits()\n");
    for generation in 0..MANY_GENERATIONS {
        let _ = writeln!(
            text,
            "thrown{generation} = throws(); next(thrown{generation})"
        );
    }
    for generation in 0..MANY_GENERATIONS {
        let _ = writeln!(text, "thrown{generation}.throw(KeyError)");
        let _ = writeln!(text, "next(waiting)");
        for number in (0..SHARED_FUNCTIONS).filter(|number| runs(generation, *number)) {
            let _ = writeln!(text, "f{number}({})", generation % 2);
        }
        text.push_str("if os.fork(): os.wait(); os._exit(0)\n");
    }
    fs_err::write(file, text).unwrap();
}

fn check_generations(python: &Python, configuration: &str, first_line: &str) {
    let run = Run::with(configuration);
    let file = run.path().join("generations.py");
    write_generations(&file, first_line);
    run.program(python, &[&file]);
    let stores = run.stores();
    let first_function = u32::try_from(MANY_GENERATIONS).unwrap() + 8;
    let mut process = children(&stores, None)[0];
    for generation in 0..MANY_GENERATIONS {
        let tag = format!("{} {configuration} generation {generation}", python.tag());
        let ran = hits(process, &file);
        for number in 0..SHARED_FUNCTIONS {
            let start = first_function + u32::try_from(number * 4).unwrap();
            let body: Vec<u32> = (start + 1..start + 4)
                .filter(|line| ran.contains(line))
                .collect();
            let wanted = match (runs(generation, number), generation % 2) {
                (false, _) => vec![],
                (true, 0) => vec![start + 1, start + 3],
                (true, _) => vec![start + 1, start + 2],
            };
            assert_eq!(body, wanted, "{tag}: f{number}");
        }
        let yields = u32::try_from(generation).unwrap() + 8;
        assert!(ran.contains(&yields), "{tag}: the generator");
        let handler = ran.contains(&5) && ran.contains(&6);
        assert!(handler, "{tag}: the handler");
        assert_eq!(process.states, Vec::<String>::new(), "{tag}");
        process = children(&stores, Some(process.header.id))[0];
    }
}

#[test]
fn each_of_many_generations_has_the_lines_that_it_ran_itself() {
    for python in builds() {
        check_generations(python, "", "import os");
        check_generations(python, "branch 1\n", "import os");
    }
}

/// Functions that the program runs, and again only its third generation of forks. Those between use so much
/// room of their own that it may come to lie where the program's store lay.
fn write_descendants(folder: &Path) -> PathBuf {
    const FUNCTIONS: usize = 60;
    const OTHERS: usize = 40;
    const LINES: usize = 600;
    let mut text = String::from("import os\n");
    for number in 0..FUNCTIONS {
        let _ = write!(
            text,
            "def f{number}(x):\n\n    # nothing\n    if x:\n\n        return 1\n    return 2\n\n"
        );
    }
    let mut all = String::new();
    for number in 0..FUNCTIONS {
        let _ = writeln!(all, "f{number}(1)");
    }
    text += &all;
    for generation in 0..2 {
        let _ = writeln!(text, "if os.fork(): os.wait(); os._exit(0)");
        let _ = writeln!(text, "import others{generation}");
        let body = "    x = 1\n".repeat(LINES);
        let mut others = String::new();
        for number in 0..OTHERS {
            let _ = write!(others, "def g{number}():\n{body}");
        }
        fs_err::write(folder.join(format!("others{generation}.py")), others).unwrap();
    }
    text += "if os.fork(): os.wait(); os._exit(0)\n";
    text += &all;
    let file = folder.join("descendants.py");
    fs_err::write(&file, text).unwrap();
    file
}

#[test]
fn a_late_descendant_knows_the_lines_of_code_that_nobody_ran_since() {
    for python in builds() {
        let run = Run::with("");
        let file = write_descendants(run.path());
        run.program(python, &[&file]);
        let stores = run.stores();
        let program = children(&stores, None)[0];
        let mut descendant = program;
        for _ in 0..3 {
            descendant = children(&stores, Some(descendant.header.id))[0];
        }
        assert_eq!(
            executable(descendant, &file),
            executable(program, &file),
            "{}",
            python.tag()
        );
    }
}

#[test]
fn a_child_without_a_free_monitoring_tool_has_the_lines_that_it_ran_itself() {
    let takes_all = "import os, sys; m = getattr(sys, 'monitoring', None); \
        m and [m.use_tool_id(n, 'other') for n in range(6) if m.get_tool(n) is None]";
    for python in builds() {
        check_generations(python, "branch 1\n", takes_all);
    }
}

/// Profiles a function in each of several generations of forks.
const PROFILED: &str = "
import cProfile, os, sys
def work():
    return 1
for generation in range(6):
    profile = cProfile.Profile()
    profile.enable()
    work()
    profile.disable()
    profile.create_stats()
    assert any(name == 'work' for _, _, name in profile.stats), profile.stats
    if os.fork():
        os._exit(os.waitpid(-1, 0)[1] >> 8)
";

#[test]
fn a_profiler_finds_its_tool_in_a_child() {
    for python in builds() {
        let run = Run::with("branch 1\n");
        let file = run.path().join("profiled.py");
        fs_err::write(&file, PROFILED).unwrap();
        run.program(python, &[&file]);
        let processes = run.stores();
        assert_eq!(processes.len(), 7, "{}", python.tag());
        let work = lines_with(&file, &["return 1"]);
        let has_run = |store: &&Store| hits(store, &file).is_superset(&work);
        assert_eq!(
            processes.iter().filter(has_run).count(),
            6,
            "{}",
            python.tag()
        );
    }
}

#[test]
fn a_child_that_can_have_no_store_goes_on_in_its_parents() {
    for python in builds() {
        let run = Run::new();
        let file = program("shared_store.py");
        run.program(python, &[&file]);
        let stores = run.stores();
        let [store] = &stores[..] else {
            panic!("{}: {} stores", python.tag(), stores.len())
        };
        let wanted = lines_with(&file, &["result = \"child\"", "result = \"parent\""]);
        assert!(hits(store, &file).is_superset(&wanted), "{}", python.tag());
        assert_eq!(store.header.children, 1, "{}", python.tag());
        assert!(store.header.lost_by_children > 0, "{}", python.tag());
        assert_eq!(store.header.dropped, 0, "{}", python.tag());
        assert_eq!(run.failures(), Vec::<String>::new());
    }
}

/// Many functions, and a program that runs them and forks once; the last function is run by the
/// child only.
fn write_large_program(folder: &Path, functions: usize) {
    let mut text = String::new();
    for number in 0..functions {
        let _ = write!(
            text,
            "def f{number}(x):\n    y = x\n    if y:\n        return y\n    return x\nf{number}(0)\nf{number}(1)\n"
        );
    }
    text.push_str("def last():\n    return 1\n");
    fs_err::write(folder.join("large.py"), text).unwrap();
    let text =
        "import os, large\nif os.fork() == 0:\n    large.last()\n    os._exit(0)\nos.wait()\n";
    fs_err::write(folder.join("forks.py"), text).unwrap();
}

#[test]
fn a_large_application_costs_a_child_nothing() {
    const FUNCTIONS: usize = 15_000;
    for python in builds() {
        let run = Run::with("branch 1\n");
        write_large_program(run.path(), FUNCTIONS);
        let (program, large) = (run.path().join("forks.py"), run.path().join("large.py"));
        run.program(python, &[&program]);
        let mut sizes: Vec<usize> = run.hit_stores().iter().map(Vec::len).collect();
        sizes.sort_unstable();
        let [child, parent] = sizes[..] else {
            panic!("{}: {sizes:?}", python.tag())
        };
        // The parent's store is in several pieces of memory.
        assert!(parent > 1 << 20, "{}: {parent} bytes", python.tag());
        assert!(child <= 64 << 10, "{}: {child} bytes", python.tag());
        let all = u32::try_from(FUNCTIONS * 7 + 2).unwrap();
        let hits = run.hits(&large);
        let missing: Vec<u32> = (1..=all).filter(|line| !hits.contains(line)).collect();
        assert_eq!(missing, Vec::<u32>::new(), "{}", python.tag());
        assert_eq!(run.hits(&program), (1..=5).collect(), "{}", python.tag());
        assert!(run.stores().iter().all(|store| store.header.dropped == 0));
    }
}

#[test]
fn a_child_that_outgrows_its_place_has_its_lines_and_arcs() {
    const FUNCTIONS: usize = 1_500;
    const CHILDREN: usize = 7;
    for python in builds() {
        let tag = python.tag();
        let run = Run::with("branch 1\n");
        let mut text = String::from("import os, sys\n");
        for number in 0..FUNCTIONS {
            let _ = write!(
                text,
                "def f{number}(x):\n    if x:\n        return 1\n    return 2\n"
            );
        }
        let _ = write!(
            text,
            "for number in range({CHILDREN}):\n    if os.fork() == 0:\n        for name in range({FUNCTIONS}):\n            globals()['f%d' % name](name % 2)\n        os.kill(os.getpid(), 9)\n    os.wait()\n"
        );
        let file = run.path().join("large.py");
        fs_err::write(&file, text).unwrap();
        run.program(python, &[&file]);
        let gathered = swath_data::read_hit_stores(&run.data()).unwrap();
        let unreadable = gathered.unreadable;
        assert!(unreadable.is_empty(), "{tag}: {unreadable:?}");
        let continued = gathered
            .processes
            .iter()
            .filter(|process| process.continued.is_some());
        assert_eq!(continued.count(), CHILDREN, "{tag}");
        let (parents, children): (Vec<_>, Vec<_>) = gathered
            .processes
            .iter()
            .partition(|process| process.fork_parent.is_none());
        assert_eq!((parents.len(), children.len()), (1, CHILDREN), "{tag}");
        let name = fs_err::canonicalize(&file).unwrap();
        for child in children {
            assert_eq!((child.dropped, child.files.len()), (0, 1), "{tag}");
            let own = &child.files[0];
            assert_eq!(Path::new(&own.path), name, "{tag}");
            for number in 0..FUNCTIONS {
                let line = u32::try_from(2 + number * 4).unwrap();
                let to = if number % 2 == 1 { line + 2 } else { line + 3 };
                let has_run = own.hit.contains(line + 1) && own.hit.contains(to);
                assert!(has_run, "{tag}: f{number}");
                let taken = ((line + 1).cast_signed(), to.cast_signed());
                let arcs = own.arcs.iter().filter(|arc| arc.0 == taken.0);
                assert_eq!(arcs.collect::<Vec<_>>(), [taken], "{tag}: f{number}");
            }
        }
    }
}

/// Starts another Python that may have few descriptors.
const LIMITED: &str = "
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn a_child_that_is_shut_out_has_a_store_of_its_own() {
    let is_root = swath_test::is_root();
    let file = program("shut_out.py");
    for what in ["lose_descriptors", "lose_rights", "lose_root"] {
        if what != "lose_descriptors" && !is_root {
            swath_test::skip("a_child_that_is_shut_out_has_a_store_of_its_own", "root");
            continue;
        }
        for python in builds() {
            let run = Run::with("branch 1\n");
            let data = run.data();
            let rights = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
            fs_err::set_permissions(&data, rights).unwrap();
            let empty = run.path().join("empty");
            fs_err::create_dir(&empty).unwrap();
            let tag = format!("{} {what}", python.tag());
            let mut command = python.command();
            command.args(["-c", LIMITED]).arg(&python.path);
            command.args([&*file, Path::new(what), &empty]);
            let output = run.inject(&mut command).output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{tag}: {error}");
            let stores = run.stores();
            let stores: Vec<Store> = stores
                .into_iter()
                .filter(|store| !hits(store, &file).is_empty())
                .collect();
            let [parent] = children(&stores, None)[..] else {
                panic!("{tag}: one process was started")
            };
            let forked = children(&stores, Some(parent.header.id));
            assert_eq!(forked.len(), 2, "{tag}");
            for (child, line) in forked.iter().zip(["result = \"one\"", "result = \"many\""]) {
                assert!(
                    hits(child, &file).is_superset(&lines_with(&file, &[line])),
                    "{tag}"
                );
            }
            assert_eq!(parent.header.children, 0, "{tag}");
            assert_eq!(run.failures(), Vec::<String>::new(), "{tag}");
        }
    }
}
