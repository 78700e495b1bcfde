//! Programs in which exceptions fly: anything may raise, and every construct may be what they
//! leave, on one line and in blocks.

use swath_test::{Draft, Place, ProgramWriter, Random};

/// A program for a Python of this minor version; `play.py` has what it calls.
pub(crate) fn raising_program(seed: u64, minor: u8) -> String {
    let mut writer = Writer {
        draft: Draft::new(
            Random::new(seed ^ 0x005e_ed0f_fa11),
            minor,
            format!("from play import *\nbegin({seed})\n"),
        ),
        place: Place::default(),
        definitions: 0,
    };
    let count = 2 + writer.below(3);
    for _ in 0..count {
        match writer.below(8) {
            0 => writer.statement(),
            1 => writer.class(),
            _ => writer.function(),
        }
    }
    writer.draft.text
}

struct Writer {
    draft: Draft,
    place: Place,
    definitions: usize,
}

/// Simple statements, each of which may raise in a way of its own.
const SIMPLE: &[&str] = &[
    "x = 1",
    "pass",
    "r()",
    "r()",
    "r()",
    "x = r()",
    "o.a = 1",
    "o.a = r()",
    "del o.a",
    "o[0] = 1",
    "o += 1",
    "x = o.a",
    "x, y = pair()",
    "x, *y = r(), r()",
    "import missing",
    "from os import missing",
    "raise Error",
    "raise Other",
    "raise Error from None",
    "raise Error(r())",
    "raise StopIteration",
    "raise GeneratorExit",
    "raise SystemExit(1)",
    "interrupt()",
    "recurse()",
    "x = int('z')",
    "assert t()",
    "assert r(), r()",
    "assert t(), 'text'",
    "assert False",
    "x = [r() for y in items()]",
    "x = [y for y in ritems() if b()]",
    "x = {y: r() for y in ritems()}",
    "x = sum(r() for y in ritems())",
    "x = next(iter(items()))",
    "x = next(y for y in items() if b())",
    "x = (lambda: r())()",
    "x = r() if b() else 2",
    "x = b() and r()",
    "x = [*ritems()]",
    "x = f'{r()}'",
    "x = r(\n@    r(),\n@)",
    "x = (\n@    r()\n@    if b()\n@    else 2\n@)",
    "x = r(\n@)",
    "exec('r()')",
];

/// Conditions, each of which may raise in a way of its own.
const TESTS: &[&str] = &[
    "t()",
    "t()",
    "t()",
    "b()",
    "b()",
    "r()",
    "r() == 1",
    "not b()",
    "t() and b()",
    "b() or t()",
    "t() and not b() or r()",
    "(\n@    t()\n@    and b()\n@)",
    "0 < r() < o",
    "o",
    "o.a",
    "o in [o]",
    "(y := r())",
    "any(b() for y in items())",
    "[y for y in ritems()]",
    "True",
    "0",
];

impl ProgramWriter for Writer {
    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        let index = self.below(items.len() as u64);
        let item = items[usize::try_from(index).expect("an index is small")];
        // From 3.14 on coverage.py has an opinion of its own about these: a branch inside a
        // statement over several lines leads behind it, whatever is raised on the way.
        let forks_inside = ["\n@    if ", "\n@    and "];
        if self.draft.minor >= 14 && forks_inside.iter().any(|fork| item.contains(fork)) {
            return "r()";
        }
        item
    }

    /// A clause whose suite is on its own line, or a block.
    fn clause(&mut self, head: &str) {
        self.clause_with(head, "");
    }

    fn handlers(&mut self, is_star: bool) {
        let star = if is_star { "*" } else { "" };
        let place = self.place.in_handler(is_star);
        let count = 1 + self.below(2);
        for _ in 0..count {
            let kind = self.pick(&[
                "Error",
                "Other",
                "Exception",
                "(Error, Other)",
                "rkind()",
                "(Error,\n@    Other)",
            ]);
            let name = if self.one_in(3) { " as e" } else { "" };
            self.clause_in(&format!("except{star} {kind}{name}"), "", place);
        }
        if !is_star && self.one_in(4) {
            self.clause_in("except", "", place);
        }
    }
}

impl Writer {
    /// A clause whose suite begins with some statement.
    fn clause_with(&mut self, head: &str, first: &str) {
        if self.draft.depth >= 4 || self.one_in(3) {
            let mut code: Vec<&str> = Vec::new();
            if !first.is_empty() {
                code.push(first);
            }
            if first.is_empty() || !self.one_in(3) {
                code.push(self.simple_code());
            }
            while self.one_in(5) {
                code.push(self.simple_code());
            }
            self.line(&format!("{head}: {}", code.join("; ")));
            return;
        }
        self.line(&format!("{head}:"));
        self.draft.depth += 1;
        if !first.is_empty() {
            self.line(first);
        }
        let count = 1 + self.below(2);
        for _ in 0..count {
            self.statement();
        }
        self.draft.depth -= 1;
    }

    fn clause_in(&mut self, head: &str, first: &str, place: Place) {
        let before = std::mem::replace(&mut self.place, place);
        self.clause_with(head, first);
        self.place = before;
    }

    fn statement(&mut self) {
        if self.draft.depth >= 4 || self.below(8) >= 5 {
            let code = self.simple_code();
            self.line(code);
            return;
        }
        match self.below(18) {
            0..=4 => self.choice(TESTS, 3),
            5 | 6 => self.for_loop(),
            7 => self.while_loop(),
            8..=10 => self.attempt(4),
            11..=13 => self.with(),
            14 if self.draft.minor >= 10 => self.matching(),
            15 => self.class(),
            16 => self.definition_on_one_line(),
            _ => self.function(),
        }
    }

    fn simple_code(&mut self) -> &'static str {
        let place = self.place;
        match self.below(12) {
            0 | 1 if place.in_function && !place.in_except_star && place.is_generator => "return",
            0 | 1 if place.in_function && !place.in_except_star => {
                self.pick(&["return", "return r()", "return 1", "return r(\n@)"])
            }
            2 if place.in_loop => self.pick(&["break", "continue"]),
            3 | 4 if place.is_generator && place.is_async => {
                self.pick(&["yield r()", "x = yield", "await rlater()"])
            }
            3 | 4 if place.is_generator => {
                self.pick(&["yield r()", "x = yield", "yield from ritems()", "yield 1"])
            }
            3 | 4 if place.is_async => {
                self.pick(&["await rlater()", "x = await rlater()", "await rsleep()"])
            }
            5 if place.is_async => self.pick(&[
                "x = [y async for y in raitems()]",
                "x = [await rlater() for y in items()]",
            ]),
            6 if self.draft.minor >= 11 => self.pick(&[
                "raise ExceptionGroup('g', [Error(), Other()])",
                "raise ExceptionGroup('g', [Error()])",
            ]),
            7 if self.draft.minor >= 12 => self.pick(&["type X[T] = r()", "x = f'{r()!r} {b()}'"]),
            _ => self.pick(SIMPLE),
        }
    }

    fn for_loop(&mut self) {
        let head = if self.place.is_async && self.one_in(2) {
            self.pick(&["async for x in raitems()", "async for x, y in raitems()"])
        } else {
            self.pick(&[
                "for x in items()",
                "for x in ritems()",
                "for x in ritems()",
                "for x, y in ritems()",
                "for o.a in items()",
                "for x in r()",
            ])
        };
        let place = self.place.in_loop();
        self.clause_in(head, "", place);
        if self.one_in(4) {
            self.clause("else");
        }
    }

    fn while_loop(&mut self) {
        let test = self.pick(TESTS);
        let place = self.place.in_loop();
        // A loop whose test calls nothing ends by its steps.
        let first = if test.contains("()") { "" } else { "step()" };
        self.clause_in(&format!("while {test}"), first, place);
        if self.one_in(4) {
            self.clause("else");
        }
    }

    fn with(&mut self) {
        let head = if self.place.is_async && self.one_in(2) {
            self.pick(&[
                "async with ramanager()",
                "async with ramanager() as x",
                "async with ramanager(), ramanager() as x",
            ])
        } else {
            self.pick(&[
                "with rmanager()",
                "with rmanager()",
                "with rmanager() as x",
                "with rmanager() as (x, y)",
                "with rmanager(), rmanager() as y",
                "with rmanager(), rmanager(), rmanager()",
                "with swallow()",
                "with swallow()",
                "with swallow(\n@)",
            ])
        };
        self.clause(head);
    }

    fn matching(&mut self) {
        let subject = self.pick(&["r()", "o", "(r(), r())", "[*ritems()]"]);
        self.line(&format!("match {subject}:"));
        self.draft.depth += 1;
        let count = 1 + self.below(3);
        for _ in 0..count {
            let pattern = self.pick(&[
                "0", "1 | 2", "[a, *_]", "[0, a]", "odd()", "odd(a=1)", "play.one", "{'k': a}", "a",
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
            self.clause("case _");
        }
        self.draft.depth -= 1;
    }

    fn decorators(&mut self) {
        while self.one_in(3) {
            let decorator = self.pick(&["§mark", "§rmark", "§rmark", "§r2mark(r())"]);
            self.line(decorator);
        }
    }

    fn next_name(&mut self) -> usize {
        self.definitions += 1;
        self.definitions
    }

    fn class(&mut self) {
        self.decorators();
        let number = self.next_name();
        let generic = if self.draft.minor >= 12 && self.one_in(6) {
            "[T: r()]"
        } else {
            ""
        };
        let bases = self.pick(&["", "", "(base())", "(metaclass=rmeta)", "(keyword=r())"]);
        self.clause_in(
            &format!("class C{number}{generic}{bases}"),
            "",
            Place::default(),
        );
    }

    fn place_of_function(&mut self) -> Place {
        let kind = self.below(8);
        Place {
            in_function: true,
            is_async: matches!(kind, 0..=2),
            is_generator: matches!(kind, 2..=4),
            in_loop: false,
            in_except_star: false,
        }
    }

    fn function(&mut self) {
        let place = self.place_of_function();
        let first = match self.below(3) {
            _ if !place.is_generator => "",
            0 => "yield r()",
            1 => "yield 1",
            _ => "x = yield",
        };
        self.decorators();
        let number = self.next_name();
        let parameters = self.pick(&["", "", "x=1", "x=r()", "x: r() = 1"]);
        let prefix = if place.is_async { "async " } else { "" };
        self.clause_in(
            &format!("{prefix}def f{number}({parameters})"),
            first,
            place,
        );
        if !self.one_in(8) {
            self.line(&format!("rcall(lambda: f{number})"));
        }
    }

    /// A definition of which everything is on its line.
    fn definition_on_one_line(&mut self) {
        self.decorators();
        let number = self.next_name();
        let code = self.pick(&[
            "def f#(): raise Error",
            "def f#(): r()",
            "def f#(): return r()",
            "def f#(): yield 1; raise Error",
            "def f#(): yield r()",
            "def f#(): yield 1; yield r()",
            "def f#(): yield from ritems()",
            "def f#(x=r()): pass",
            "async def f#(): await rlater()",
            "async def f#(): yield 1; r()",
            "async def f#(): raise Error",
            "f# = lambda: r()",
            "class f#: x = r()",
            "class f#: raise Error",
            "class f#(base()): pass",
        ]);
        let code = if self.is_decorated() && code.starts_with("f#") {
            "def f#(): r()"
        } else {
            code
        };
        self.line(&code.replace('#', &number.to_string()));
        self.line(&format!("rcall(lambda: f{number})"));
    }

    fn is_decorated(&self) -> bool {
        let last = self.draft.text.lines().last().unwrap_or_default();
        last.trim_start().starts_with('@')
    }
}
