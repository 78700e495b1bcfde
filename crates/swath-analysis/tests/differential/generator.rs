//! Programs that nobody would write: full of dead code, with every statement in every other.

use swath_test::{Draft, Place, ProgramWriter, Random};

/// A program that a Python of this minor version compiles.
pub(crate) fn program(seed: u64, minor: u8) -> String {
    let mut writer = Writer {
        draft: Draft::new(Random::new(seed), minor, String::new()),
        place: Place::default(),
    };
    if writer.one_in(8) {
        writer.line("\"\"\"Module docstring.");
        writer.draft.text.push_str("\nmore\n\"\"\"\n");
    }
    if writer.one_in(12) {
        writer.line("from __future__ import annotations");
    }
    let count = 1 + writer.below(3);
    for _ in 0..count {
        writer.statement();
    }
    writer.draft.text
}

struct Writer {
    draft: Draft,
    place: Place,
}

const PRAGMAS: &[&str] = &[
    "  # pragma: no cover",
    "  # pragma: no branch",
    "  # a comment",
    " # PRAGMA NO COVER",
];

const SIMPLE: &[&str] = &[
    "pass",
    "...",
    "x = 1",
    "x += y",
    "f(x)",
    "'text'",
    "1",
    "None",
    "x: int",
    "x: int = 1",
    "x.y: int",
    "x[0]: int = 2",
    "(x): int",
    "del x",
    "del ()",
    "del x, (y, z)",
    "import a",
    "from a import b, c",
    "import a.b as c",
    "assert x",
    "assert x, y",
    "assert 0",
    "assert not x",
    "assert True, y",
    "x = y = z",
    "x, *y = z",
    "print(f'{x} {y!r:>10}')",
    "x = [\n@    1,\n@    f(2),\n@]",
    "f(\n@    x,\n@    y=lambda: 0,\n@)",
    "x = lambda a, b=1: a",
    "x = [a for a in b if c]",
    "x = {a: b\n@     for a, b in c}",
    "x = (yy for yy in\n@     z)",
    "x = '''a\nb'''",
    "x = y if z else w",
    "x = (y and\n@     z or w)",
    "x; y; z()",
    "pass; pass",
    "f(x)(y).z[1:2]",
    "\"\"\"doc\n  string\"\"\"",
    "x = not y",
    "raise",
    "raise E",
    "raise E from x",
    "if x: y",
    "if x: pass",
    "while x: y",
    "for x in y: z()",
    "with x: y",
    "x = (y := 1)",
    "x = \\\n@    1",
    "type_ = x",
    "__debug__",
    "1 + 1",
    "-1",
    "(1, 2)",
    "x = 1 if True else 2",
    "[a for a in b]",
    "lambda: 0",
    "x < y < z",
    "f(*x, **y)",
    "print('a'\n@      'b')",
];

const TESTS: &[&str] = &[
    "x",
    "x",
    "x",
    "not x",
    "x and y",
    "x or y",
    "x and not y or z",
    "f(x)",
    "x == 1",
    "True",
    "False",
    "1",
    "0",
    "None",
    "__debug__",
    "not __debug__",
    "not 1",
    "not 0",
    "x and True",
    "x or False",
    "0 and x",
    "1 or x",
    "True and x",
    "False or x",
    "1 and 0",
    "()",
    "(1,)",
    "''",
    "'a'",
    "1 - 1",
    "...",
    "x if y else z",
    "(x and\n@    y)",
    "x if True else y",
    "not (x and 1)",
    "(0 or x) and y",
    "f''",
    "f'a'",
    "-1",
    "~0",
    "1.0",
    "0.0",
    "b''",
    "(x, 1)",
    "[]",
    "lambda: 0",
    "2 * 3",
    "not not x",
    "0 or 0",
    "x or 1 or y",
    "x and 0 and y",
];

impl ProgramWriter for Writer {
    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// A clause's first line, sometimes with a comment, and its suite.
    fn clause(&mut self, head: &str) {
        let pragma = if self.one_in(12) {
            self.pick(PRAGMAS)
        } else {
            ""
        };
        self.line(&format!("{head}:{pragma}"));
        self.suite();
    }

    fn handlers(&mut self, is_star: bool) {
        let star = if is_star { "*" } else { "" };
        let place = self.place.in_handler(is_star);
        let count = 1 + self.below(2);
        for _ in 0..count {
            let name = if self.one_in(2) { " as e" } else { "" };
            self.suite_in(&format!("except{star} E{name}"), place);
        }
        if !is_star && self.one_in(3) {
            self.clause("except");
        }
    }
}

impl Writer {
    fn suite(&mut self) {
        self.draft.depth += 1;
        let count = 1 + self.below(if self.draft.depth > 2 { 2 } else { 3 });
        for _ in 0..count {
            self.statement();
        }
        self.draft.depth -= 1;
    }

    fn suite_in(&mut self, head: &str, place: Place) {
        let before = std::mem::replace(&mut self.place, place);
        self.clause(head);
        self.place = before;
    }

    fn statement(&mut self) {
        if self.one_in(25) {
            self.draft.text.push('\n');
        }
        if self.draft.depth >= 5 || self.below(8) >= 3 {
            self.simple();
            return;
        }
        match self.below(17) {
            0..=3 => self.choice(TESTS, 4),
            4 | 5 => self.for_loop(),
            6 | 7 => self.while_loop(),
            8..=10 => self.attempt(5),
            11 | 12 => self.with(),
            13 | 14 if self.draft.minor >= 10 => self.matching(),
            15 => self.class(),
            _ => self.function(),
        }
    }

    fn simple(&mut self) {
        let place = self.place;
        let can_leave = !place.in_except_star;
        let code = match self.below(12) {
            0 if place.in_function && can_leave => {
                self.pick(&["return", "return x", "return f(\n@    x)", "return 1"])
            }
            1 | 2 if place.in_loop && can_leave => self.pick(&["break", "continue"]),
            3 if place.in_function => self.pick(&["yield", "x = yield y", "return_ = (yield)"]),
            4 if place.is_async => self.pick(&["await x", "x = await f(y)"]),
            5 if place.in_function => self.pick(&["raise", "raise E(\n@    x)"]),
            6 if self.draft.minor >= 12 => self.pick(&[
                "type X = int",
                "type X[T] = list[T]",
                "x = f'{x!r} {\n@  y}'",
            ]),
            7 if self.draft.minor >= 14 => self.pick(&["x = t'{y}'", "x = t'a'"]),
            _ => self.pick(SIMPLE),
        };
        // `return` with a value is not for asynchronous generators.
        let code = if place.is_async && (code.starts_with("return") || code.contains("yield")) {
            "await x"
        } else {
            code
        };
        let pragma = if self.one_in(20) && !code.contains('\n') {
            self.pick(PRAGMAS)
        } else {
            ""
        };
        self.line(&format!("{code}{pragma}"));
    }

    fn for_loop(&mut self) {
        let head = if self.place.is_async && self.one_in(2) {
            "async for x in y"
        } else {
            "for x in f(y)"
        };
        let in_loop = Place {
            in_except_star: false,
            ..self.place.in_loop()
        };
        self.suite_in(head, in_loop);
        if self.one_in(4) {
            self.clause("else");
        }
    }

    fn while_loop(&mut self) {
        let test = self.pick(TESTS);
        let in_loop = Place {
            in_except_star: false,
            ..self.place.in_loop()
        };
        self.suite_in(&format!("while {test}"), in_loop);
        if self.one_in(4) {
            self.clause("else");
        }
    }

    fn with(&mut self) {
        let is_async = self.place.is_async && self.one_in(2);
        let head = self.pick(&[
            "with x",
            "with x as y",
            "with x as y, z",
            "with f(\n@    x) as y",
            "with x, y, z as w",
        ]);
        self.clause(&if is_async {
            format!("async {head}")
        } else {
            head.to_owned()
        });
    }

    fn matching(&mut self) {
        let subject = self.pick(&["x", "f(x)", "(x,\n@  y)"]);
        self.line(&format!("match {subject}:"));
        self.draft.depth += 1;
        let count = 1 + self.below(3);
        for _ in 0..count {
            let pattern = self.pick(&[
                "1",
                "'a' | 'b'",
                "[a, *_]",
                "{'k': v}",
                "C(a=1)",
                "None",
                "(1 |\n@      2)",
                "[x, 1] as y",
            ]);
            let guard = self.guard();
            self.clause(&format!("case {pattern}{guard}"));
        }
        if self.one_in(2) {
            let pattern = self.pick(&["_", "y", "_ as y", "1 | _", "(y)"]);
            self.clause(&format!("case {pattern}"));
        }
        self.draft.depth -= 1;
    }

    fn guard(&mut self) -> String {
        if self.one_in(3) {
            format!(" if {}", self.pick(TESTS))
        } else {
            String::new()
        }
    }

    fn decorators(&mut self) {
        while self.one_in(4) {
            let decorator = self.pick(&[
                "§d",
                "§d(1)",
                "§d(\n    1)",
                "§d  # pragma: no cover",
                "§d.e",
            ]);
            self.line(decorator);
        }
    }

    fn class(&mut self) {
        self.decorators();
        let head = self.pick(&["class C", "class C(B)", "class C(\n@    B)"]);
        let head = if self.draft.minor >= 12 && self.one_in(6) {
            "class C[T]"
        } else {
            head
        };
        self.suite_in(head, Place::default());
    }

    fn function(&mut self) {
        self.decorators();
        let is_async = self.one_in(5);
        let head = self.pick(&[
            "def f()",
            "def f(x, y=1)",
            "def f(x: int) -> int",
            "def f(\n@    x,\n@    y=2)",
        ]);
        let head = if self.draft.minor >= 12 && self.one_in(8) {
            "def f[T](x: T)"
        } else {
            head
        };
        let head = if is_async {
            format!("async {head}")
        } else {
            head.to_owned()
        };
        let place = Place {
            in_function: true,
            is_async,
            ..Place::default()
        };
        if self.one_in(10) {
            self.line(&format!(
                "{head}: {}",
                if is_async { "await x" } else { "return x" }
            ));
        } else {
            self.suite_in(&head, place);
        }
    }
}
