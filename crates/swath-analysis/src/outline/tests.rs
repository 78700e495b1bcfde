use super::*;

fn read(text: &str) -> Outline {
    outline(text, PythonVersion::new(3, 12)).unwrap()
}

const SOURCE: &str = "\
import os  # why

class Cart:
    size = 1

    @property
    def total(self):
        \"\"\"What it costs.\"\"\"
        price = max(
            1,
            2,
        )
        try:
            return price
        except KeyError:
            pass

    @total.setter
    def total(self, value):
        def inner():
            yield value
        return inner


def one(): return 1
";

#[test]
fn lines_belong_to_the_function_that_runs_them() {
    let outline = read(SOURCE);
    let functions: Vec<(&str, u32, u32)> = (outline.functions.iter())
        .map(|one| (one.name.as_str(), one.first, one.last))
        .collect();
    assert_eq!(
        functions,
        [
            ("Cart.total", 8, 16),
            ("Cart.total#2", 20, 22),
            ("Cart.total.inner", 21, 21),
            ("one", 25, 25)
        ]
    );
    let lines: Vec<(u32, u32, Option<usize>, bool)> = (outline.lines.iter())
        .map(|line| (line.first, line.last, line.function, line.is_traced))
        .collect();
    assert_eq!(
        lines,
        [
            (1, 1, None, true),
            (3, 3, None, false),
            (4, 4, None, true),
            (6, 6, None, false),
            (7, 7, None, false),
            // A docstring is there once the function is.
            (8, 8, None, false),
            (9, 12, Some(0), true),
            (13, 13, Some(0), false),
            (14, 14, Some(0), true),
            (15, 15, Some(0), true),
            (16, 16, Some(0), false),
            (18, 18, None, false),
            (19, 19, None, false),
            (20, 20, Some(1), false),
            (21, 21, Some(2), false),
            (22, 22, Some(1), true),
            (25, 25, None, false),
        ]
    );
}

#[test]
fn blanks_and_comments_say_nothing() {
    let texts =
        |text: &str| -> Vec<u64> { read(text).lines.iter().map(|line| line.text).collect() };
    let plain = texts("def f(a):\n    return g(a, 1)\n");
    assert_eq!(
        texts("# new\ndef f(a):  # f\n\n        return g(\n  a,\n 1)\n"),
        plain
    );
    assert_ne!(texts("def f(a):\n    return g(a, 2)\n"), plain);
    // Indentation does.
    let inside = texts("def f(a):\n    if a:\n        a = 1\n        b = 2\n");
    let outside = texts("def f(a):\n    if a:\n        a = 1\n    b = 2\n");
    assert_ne!(inside, outside);
}

#[test]
fn a_shape_is_what_one_line_changes_for_the_others() {
    let shape =
        |body: &str| read(&format!("def f(a):\n    {body}\n    return x\n")).functions[0].shape;
    let plain = shape("x = 1");
    assert_eq!(shape("x = g(a) + 2"), plain);
    for other in [
        "x += yield",
        "print(a)",
        "global x; x = 1",
        "x = y = 1",
        "x = (y := 1)",
        "import y.x",
        "x = [x for y in a]",
    ] {
        assert_ne!(shape(other), plain, "{other}");
    }
    // A name of the function is not one of a function inside it.
    let inner = shape("x = 1\n    def g():\n        x = 2");
    assert_ne!(shape("print(1)\n    def g():\n        x = 2"), inner);
}

#[test]
fn what_outlives_a_call_is_left_behind() {
    let leaves = |body: &str| {
        let outline = read(&format!("def f(self, a):\n    {body}\n"));
        outline.lines.iter().any(|line| line.leaves)
    };
    for body in [
        "self.x = 1",
        "a[1] = 2",
        "self.start()",
        "x = CACHE\n    x[a] = 1",
        "global x",
        "while True:\n        a = a.get()",
        "del a.b",
    ] {
        assert!(leaves(body), "{body}");
    }
    for body in [
        "return self.start()",
        "x = {}\n    x[a] = 1",
        "x = g(a)\n    x.y.z(1)",
        "logger.info(a)",
        "raise E(a)",
        "while a:\n        a = a.b",
    ] {
        assert!(!leaves(body), "{body}");
    }
}

#[test]
fn decorators_say_that_results_are_kept() {
    let keeps = |decorator: &str| {
        let outline = read(&format!("{decorator}\ndef f():\n    return 1\n"));
        outline.functions[0].keeps_result
    };
    assert!(keeps("@functools.lru_cache(maxsize=1)") && keeps("@cached_property"));
    assert!(!keeps("@app.get('/')"));
}

#[test]
fn a_source_that_is_none_has_no_outline() {
    assert!(outline("def f(:\n", PythonVersion::new(3, 12)).is_err());
}
