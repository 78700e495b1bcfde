//! Sources that nobody should write, and some that nobody could: no panic, no overflow, no long wait.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use swath_analysis::{
    Analysis, ExclusionRules, LineSet, ProblemKind, PythonVersion, analyze, analyze_lines,
};

const VERSIONS: [PythonVersion; 4] = [
    PythonVersion::new(3, 8),
    PythonVersion::new(3, 10),
    PythonVersion::new(3, 12),
    PythonVersion::new(3, 14),
];

/// Analyses on the small stack that a thread of a pool has.
fn analyze_everywhere(source: &str) -> Vec<Analysis> {
    let analyze_all = || {
        VERSIONS
            .iter()
            .map(|&version| analyze(source.as_bytes(), version, &ExclusionRules::default()))
            .collect()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn_scoped(scope, analyze_all);
        thread
            .expect("a thread can be started")
            .join()
            .expect("the analysis does not panic")
    })
}

#[track_caller]
fn is_refused(source: &str, kind: ProblemKind, message: &str) {
    for analysis in analyze_everywhere(source) {
        let problem = analysis.problem.expect("the source has a problem");
        assert_eq!((problem.kind, problem.message.as_str()), (kind, message));
    }
}

#[track_caller]
fn is_accepted(source: &str, statements: usize) {
    for analysis in analyze_everywhere(source) {
        assert_eq!(analysis.problem, None);
        assert_eq!(analysis.statements.len(), statements);
    }
}

#[test]
fn nested_brackets() {
    for bracket in ["()", "[]", "{}"] {
        let (open, close) = bracket.split_at(1);
        let source = format!("x = {}{}\n", open.repeat(10_000), close.repeat(10_000));
        is_refused(
            &source,
            ProblemKind::TooComplex,
            "too many nested parentheses",
        );
    }
    is_accepted(&format!("x = {}1{}\n", "(".repeat(199), ")".repeat(199)), 1);
    let unclosed = "(".repeat(1_000_000);
    is_refused(
        &unclosed,
        ProblemKind::TooComplex,
        "too many nested parentheses",
    );
}

#[test]
fn nested_blocks() {
    let nest = |count: usize| {
        let heads = (0..count)
            .map(|level| " ".repeat(level) + "if x:\n")
            .collect::<Vec<_>>()
            .concat();
        format!("{heads}{}x\n", " ".repeat(count))
    };
    is_refused(
        &nest(5_000),
        ProblemKind::TooComplex,
        "too many levels of indentation",
    );
    is_accepted(&nest(99), 100);
}

#[test]
fn long_chains() {
    let deep = "maximum recursion depth exceeded during compilation";
    for link in [
        "1 + ",
        "- ",
        "not ",
        "lambda: ",
        "a if b else ",
        "a ** ",
        "a.b.",
        "f()().x + ",
    ] {
        is_refused(
            &format!("x = {}a\n", link.repeat(50_000)),
            ProblemKind::TooComplex,
            deep,
        );
        is_accepted(&format!("x = {}a\n", link.repeat(2_000)), 1);
        is_accepted(&format!("if {}a:\n  x\n", link.repeat(2_000)), 2);
    }
    is_accepted(
        &format!("if x:\n  y\n{}", "elif x:\n  y\n".repeat(20_000)),
        40_002,
    );
    is_accepted(&format!("x = {}1\n", "a = ".repeat(20_000)), 1);
}

#[test]
fn finally_suites_that_copy_themselves() {
    let level = |level: usize| {
        let indent = " ".repeat(level);
        [
            &indent,
            "try:\n",
            &indent,
            " return 1\n",
            &indent,
            "finally:\n",
        ]
        .concat()
    };
    let levels: Vec<String> = (1..=30).map(level).collect();
    let source = ["def f():\n", &levels.concat(), &" ".repeat(31), "pass\n"].concat();
    let started = Instant::now();
    for analysis in analyze_everywhere(&source) {
        if let Some(problem) = analysis.problem {
            assert_eq!(problem.kind, ProblemKind::TooComplex);
        }
    }
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "took {:?}",
        started.elapsed()
    );
}

#[test]
fn null_bytes_and_broken_text() {
    is_refused(
        "x = 1\0\n",
        ProblemKind::Syntax,
        "source code string cannot contain null bytes",
    );
    is_refused(
        "x = 'abc\n",
        ProblemKind::Syntax,
        "unterminated string literal (detected at line 1)",
    );
    is_refused(
        "if x:\ny\n",
        ProblemKind::Syntax,
        "expected an indented block after 'if' statement on line 1",
    );
    is_accepted("", 0);
    is_accepted("\n\n# nothing\n", 0);
    is_accepted("\u{feff}x = 1", 1);
}

#[test]
fn ten_megabytes() {
    let statements = "x = [1, 2, 'three'] + f(4)\n".repeat(10 << 20 >> 5);
    let one_list = format!("x = [\n{}]\n", "  (1, 2, 'three', -4),\n".repeat(400_000));
    for source in [statements, one_list] {
        let started = Instant::now();
        let analysis = analyze(
            source.as_bytes(),
            PythonVersion::DEFAULT,
            &ExclusionRules::default(),
        );
        assert_eq!(analysis.problem, None);
        assert!(!analysis.statements.is_empty());
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "took {:?}",
            started.elapsed()
        );
    }
}

const SEEDS: &[&str] = &[
    "def f(x):\n    try:\n        return x\n    except (A, B) as e:\n        raise\n    else:\n        pass\n    finally:\n        g()\n",
    "@d\nclass C[T](B):\n    '''doc'''\n    x: int = 1\n    async def m(self):\n        async with a as b, c:\n            await d\n",
    "while True:  # pragma: no cover\n    match x:\n        case {'a': [1, *_]} if y:\n            break\n        case _:\n            continue\n",
    "x = f'{a!r:>{w}} {b}' + '''\nmulti\n'''  \nfor i in (a,\n   b): print(i); del i\nelse: ...\n",
    "if TYPE_CHECKING:\n    import a\nwith (x as y,\n      z): lambda: (yield)\n",
];

/// A source from pieces of real ones, cut anywhere.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let piece = (0..SEEDS.len(), 0usize..400, 0usize..400).prop_map(|(seed, from, to)| {
        let bytes = SEEDS[seed].as_bytes();
        let (from, to) = (from.min(bytes.len()), to.min(bytes.len()));
        bytes[from.min(to)..to.max(from)].to_vec()
    });
    let noise = prop::collection::vec(any::<u8>(), 0..4);
    prop::collection::vec((piece, noise), 1..6).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(a, b)| [a, b].concat())
            .collect()
    })
}

fn check_invariants(source: &[u8], minor: u8) -> Result<(), TestCaseError> {
    let version = PythonVersion::new(3, minor);
    let analysis = analyze(source, version, &ExclusionRules::default());
    prop_assert!(
        analysis
            .statements
            .intersection(&analysis.excluded)
            .is_empty()
    );
    prop_assert!(
        analysis.arcs.is_sorted()
            && analysis
                .arcs
                .iter()
                .all(|&(from, to)| from > 0 && from != to)
    );
    let first_lines: LineSet = analysis
        .statements
        .iter()
        .map(|line| analysis.first_line(line))
        .collect();
    prop_assert_eq!(&first_lines, &analysis.statements);
    let lines = analyze_lines(source, version, &ExclusionRules::default());
    prop_assert_eq!(
        (lines.statements, lines.excluded),
        (analysis.statements, analysis.excluded)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if swath_test::scale() == swath_test::Scale::Whole { 20_000 } else { 1_000 }, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_an_analysis(source in prop::collection::vec(any::<u8>(), 0..200), minor in 8u8..16) {
        check_invariants(&source, minor)?;
    }

    #[test]
    fn any_mutated_source_gives_an_analysis(source in mutated(), minor in 8u8..16) {
        check_invariants(&source, minor)?;
    }
}
