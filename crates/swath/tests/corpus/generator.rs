//! Programs that come to their end, whatever they are made of: chance decides which way control goes.

use swath_test::{Draft, Place, ProgramWriter, Random};

/// A program for a Python of this minor version; `play.py` has what it calls.
pub(crate) fn program(seed: u64, minor: u8) -> String {
    let mut writer = Writer {
        draft: Draft::new(
            Random::new(seed),
            minor,
            format!("from play import *\nbegin({seed})\n"),
        ),
        place: Place::default(),
        definitions: 0,
    };
    let count = 2 + writer.below(3);
    for _ in 0..count {
        if writer.one_in(4) {
            writer.statement();
        } else {
            writer.function();
        }
    }
    writer.draft.text
}

struct Writer {
    draft: Draft,
    place: Place,
    definitions: usize,
}

const PRAGMAS: &[&str] = &[
    "  # pragma: no cover",
    "  # pragma: no branch",
    "  # a comment",
];

const SIMPLE: &[&str] = &[
    "pass",
    "...",
    "x = 1",
    "x = n()",
    "x = n(\n@)",
    "x = [y for y in items() if t()]",
    "x = [\n@    y\n@    for y in items()\n@    if t()\n@]",
    "x = {y: n() for y in items()}",
    "x = sum(y for y in items())",
    "x = sum(\n@    y\n@    for y in items()\n@)",
    "'text'",
    "x: int = n()",
    "x: int",
    "x = 1 if t() else 2",
    "x = (\n@    n()\n@    if t()\n@    else 2\n@)",
    "x = t() and n()",
    "x = (\n@    t()\n@    or n()\n@)",
    "import os",
    "fail()",
    "fail()",
    "fail(\n@)",
    "assert t()",
    "assert t(), 'text'",
    "assert (\n@    t()\n@    or t()\n@)",
    "if t(): x = 1",
    "if t(): pass",
    "while t(): n()",
    "for x in items(): n()",
    "with manager(): n()",
    "x = (lambda: n())()",
    "x = (lambda:\n@    n())()",
    "x = f'{n()} {t()}'",
    "x = f'''{\n@    n()}'''",
    "x = 1; y = n()",
    "del x",
    "raise Error",
    "raise Error from None",
    "\"\"\"doc\n  string\"\"\"",
    "global z",
    "None",
    "x = y = n()",
    "x, *y = n(), n()",
    "print(n(), end='')",
];

const TESTS: &[&str] = &[
    "t()",
    "t()",
    "t()",
    "t()",
    "not t()",
    "t() and t()",
    "t() or t()",
    "t() and not t() or t()",
    "n() == 1",
    "(\n@    t()\n@    and t()\n@)",
    "(\n@    t()\n@    or\n@    t()\n@)",
    "t() if t() else t()",
    "not (t() or t())",
    "(y := n())",
    "True",
    "False",
    "1",
    "0",
    "None",
    "not 0",
    "__debug__",
    "t() and True",
    "t() or False",
    "False and t()",
    "True or t()",
    "0 < n() < 2",
    "()",
    "(1,)",
    "[y for y in items()]",
    "any(t() for y in items())",
];

impl ProgramWriter for Writer {
    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn clause(&mut self, head: &str) {
        let pragma = if self.one_in(25) && !head.contains('\n') {
            self.pick(PRAGMAS)
        } else {
            ""
        };
        self.line(&format!("{head}:{pragma}"));
        self.suite(&[]);
    }

    fn handlers(&mut self, is_star: bool) {
        let star = if is_star { "*" } else { "" };
        let place = self.place.in_handler(is_star);
        let count = 1 + self.below(2);
        for _ in 0..count {
            let kind = self.pick(&["Error", "Other", "Exception", "(Error,\n@    Other)"]);
            let name = if self.one_in(2) { " as e" } else { "" };
            self.clause_in(&format!("except{star} {kind}{name}"), &[], place);
        }
        if !is_star && self.one_in(4) {
            self.clause("except");
        }
    }
}

impl Writer {
    /// A suite that begins with some lines.
    fn suite(&mut self, first: &[&str]) {
        self.draft.depth += 1;
        for line in first {
            self.line(line);
        }
        let count = 1 + self.below(if self.draft.depth > 2 { 2 } else { 3 });
        for _ in 0..count {
            self.statement();
        }
        self.draft.depth -= 1;
    }

    fn clause_in(&mut self, head: &str, first: &[&str], place: Place) {
        let before = std::mem::replace(&mut self.place, place);
        self.line(&format!("{head}:"));
        self.suite(first);
        self.place = before;
    }

    fn statement(&mut self) {
        if self.draft.depth >= 5 || self.below(8) >= 4 {
            self.simple();
            return;
        }
        match self.below(18) {
            0..=4 => self.choice(TESTS, 4),
            5 | 6 => self.for_loop(),
            7 | 8 => self.while_loop(),
            9..=11 => self.attempt(4),
            12 | 13 => self.with(),
            14 | 15 if self.draft.minor >= 10 => self.matching(),
            16 => self.class(),
            _ => self.function(),
        }
    }

    fn simple(&mut self) {
        let place = self.place;
        let can_return = !place.in_except_star;
        let code = match self.below(12) {
            0 if place.in_function && can_return && place.is_generator => "return",
            0 if place.in_function && can_return => {
                self.pick(&["return", "return n()", "return n(\n@)", "return 1"])
            }
            1 | 2 if place.in_loop => self.pick(&["break", "continue"]),
            3 | 4 if place.is_generator => {
                self.pick(&["yield n()", "x = yield", "yield from items()"])
            }
            3 | 4 if place.is_async => self.pick(&["await later()", "x = await later()"]),
            5 if self.draft.minor >= 11 => self.pick(&[
                "raise ExceptionGroup('g', [Error(), Other()])",
                "raise ExceptionGroup('g', [Error()])",
            ]),
            6 if self.draft.minor >= 12 => {
                self.pick(&["type X = int", "x = f'{n()!r} {\n@  t()}'"])
            }
            7 if self.draft.minor >= 14 => self.pick(&["x = t'{n()}'", "x = t'a'"]),
            _ => self.pick(SIMPLE),
        };
        // Nothing global is bound in functions, nor is `global` allowed after a use.
        let code = if code == "global z" && !place.in_function {
            "pass"
        } else {
            code
        };
        let pragma = if self.one_in(25) && !code.contains('\n') {
            self.pick(PRAGMAS)
        } else {
            ""
        };
        self.line(&format!("{code}{pragma}"));
    }

    fn for_loop(&mut self) {
        let head = if self.place.is_async && self.one_in(2) {
            "async for x in aitems()"
        } else {
            self.pick(&[
                "for x in items()",
                "for x in items()",
                "for x in [\n@    n(),\n@    2,\n@]",
                "for x, y in [(1, 2), (n(), 3)]",
            ])
        };
        let place = self.place.in_loop();
        self.clause_in(head, &[], place);
        if self.one_in(4) {
            self.clause("else");
        }
    }

    fn while_loop(&mut self) {
        let test = self.pick(TESTS);
        let place = self.place.in_loop();
        // A loop whose test calls nothing ends by its steps.
        let first: &[&str] = if test.contains("()") && test != "()" && !self.one_in(4) {
            &[]
        } else {
            &["step()"]
        };
        let never_calls = test.starts_with("True or") || test.starts_with("False and");
        let first = if never_calls { &["step()"] } else { first };
        self.clause_in(&format!("while {test}"), first, place);
        if self.one_in(4) {
            self.clause("else");
        }
    }

    fn with(&mut self) {
        if self.place.is_async && self.one_in(2) {
            let head = self.pick(&["async with amanager()", "async with amanager() as x"]);
            self.clause(head);
            return;
        }
        let head = self.pick(&[
            "with manager()",
            "with manager() as x",
            "with manager(), manager() as y",
            "with manager(\n@) as x",
        ]);
        self.clause(head);
    }

    fn matching(&mut self) {
        let subject = self.pick(&["n()", "n()", "(n(),\n@  n())", "[*items()]"]);
        self.line(&format!("match {subject}:"));
        self.draft.depth += 1;
        let count = 1 + self.below(3);
        for _ in 0..count {
            let pattern = self.pick(&[
                "0",
                "1",
                "1 | 2",
                "(0 |\n@      1)",
                "[a, *_]",
                "[0, a]",
                "None",
                "int()",
                "a",
            ]);
            // Nothing may follow a pattern that matches all.
            let guard = if pattern == "a" || self.one_in(3) {
                format!(" if {}", self.pick(TESTS))
            } else {
                String::new()
            };
            self.clause(&format!("case {pattern}{guard}"));
        }
        if self.one_in(2) {
            let pattern = self.pick(&["_", "y", "0 | _"]);
            self.clause(&format!("case {pattern}"));
        }
        self.draft.depth -= 1;
    }

    fn decorators(&mut self) {
        while self.one_in(5) {
            self.line("§mark");
        }
    }

    fn next_name(&mut self) -> usize {
        self.definitions += 1;
        self.definitions
    }

    fn class(&mut self) {
        self.decorators();
        let number = self.next_name();
        self.clause_in(&format!("class C{number}"), &[], Place::default());
    }

    fn function(&mut self) {
        self.decorators();
        let number = self.next_name();
        let kind = self.below(6);
        let place = Place {
            in_function: true,
            is_async: kind == 0,
            is_generator: kind == 1,
            in_loop: false,
            in_except_star: false,
        };
        let parameters = self.pick(&["", "x=1", "x: int = 1, *y", "\n@    x=n(),\n@    y=2,\n@"]);
        let prefix = if place.is_async { "async " } else { "" };
        let first: &[&str] = match kind {
            1 => &["yield n()"],
            2 if self.one_in(3) => &["\"\"\"Text.\"\"\""],
            _ => &[],
        };
        self.clause_in(
            &format!("{prefix}def f{number}({parameters})"),
            first,
            place,
        );
        if !self.one_in(8) {
            self.line(&format!("call(f{number})"));
        }
    }
}
