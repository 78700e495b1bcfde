//! A code generator in miniature: which logical lines keep bytecode.
//!
//! For each code object it emits instructions that are nothing but a line and a way to go on, with CPython's
//! control flow, and keeps the lines of those that can be reached. It knows each version's habits, but no values.

mod compound;
mod conditions;
mod const_search;
mod const_table;
mod exceptions;
mod matching;
mod reach;
mod statements;

use std::borrow::Cow;

use ruff_python_ast::{Identifier, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::TextSize;
use rustc_hash::FxHashMap;

use crate::LineSet;
use crate::logical_lines::LogicalLines;
use crate::suites::{has_annotation, has_docstring, has_future_annotations};

/// Nested `finally` suites are copied, each copy with its own copies: CPython runs out of memory, we stop here.
const MAX_INSTRUCTIONS: usize = 4_000_000;
/// Nested statements, counted through the copies of `finally` suites.
const MAX_DEPTH: usize = 400;

/// The code would be larger than any real program's.
#[derive(Debug)]
pub(crate) struct CodeTooLarge;

/// The logical lines that have bytecode.
pub(crate) fn executable_lines(
    body: &[Stmt],
    minor: u8,
    lines: &LogicalLines<'_>,
) -> Result<LineSet, CodeTooLarge> {
    let mut out = LineSet::new();
    let target = Target {
        minor,
        has_future_annotations: has_future_annotations(body),
        lines,
    };
    let mut code = Code::new(target, Scope::Module);
    code.module(body);
    code.finish(&mut out)?;
    Ok(out)
}

/// What all code objects of a module share.
#[derive(Clone, Copy)]
struct Target<'a> {
    minor: u8,
    has_future_annotations: bool,
    lines: &'a LogicalLines<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Module,
    Class,
    Function,
}

/// A place to jump to: an index into `Code::labels`.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Label(u32);

/// How control goes on after an instruction.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Flow {
    /// To the next instruction.
    Next,
    /// To the label.
    Jump(Label),
    /// To the next instruction or the label: a conditional jump, or the set-up of a `with`.
    Either(Label),
    /// The same, where the set-up of a `try` begins.
    SetUp(Label),
    /// Nowhere: the code object returns.
    Return,
    /// Nowhere: an exception is raised.
    Raise,
    /// Nowhere: the exception that was caught is raised again.
    Reraise,
}

struct Instruction {
    /// 0 when the instruction has no line.
    line: u32,
    flow: Flow,
    /// Index + 1 into `Code::children` of the code object that it loads.
    child: u32,
    /// The highest number of a constant that its statement loads; 0 for none.
    constant: u32,
}

/// What leaving a suite early has to clean up.
#[derive(Clone, Copy)]
enum Block<'a> {
    Loop {
        top: Label,
        exit: Label,
    },
    Finally(&'a [Stmt]),
    /// Its exit is called with `None`.
    With,
    /// A handler that sets the exception's name to `None`.
    NamedHandler,
    Other,
}

/// A nested code object and its number among the constants, from 1.
struct Child<'a> {
    kind: ChildKind<'a>,
    number: u32,
}

enum ChildKind<'a> {
    Function(&'a StmtFunctionDef),
    Class(&'a StmtClassDef),
    /// A lambda or comprehension: all of its code is on the line of its statement.
    Expression(u32),
}

impl<'a> ChildKind<'a> {
    /// The name of a definition with type parameters.
    fn generic_name(&self) -> Option<&'a Identifier> {
        let (parameters, name) = match self {
            Self::Function(function) => (&function.type_params, &function.name),
            Self::Class(class) => (&class.type_params, &class.name),
            Self::Expression(_) => return None,
        };
        parameters.as_ref().map(|_| name)
    }
}

/// One code object in the making.
struct Code<'a> {
    target: Target<'a>,
    scope: Scope,
    instructions: Vec<Instruction>,
    labels: Vec<u32>,
    blocks: Vec<Block<'a>>,
    /// The line of the first decorator, `def` or `class`; 1 for a module.
    first_line: u32,
    /// The line that the next instruction gets; 0 for none.
    line: u32,
    /// How many enclosing suites the compiler drops unseen (3.8 and 3.9).
    muted: u32,
    children: Vec<Child<'a>>,
    /// The numbers of the constants seen so far: strings by their value, others by their source text.
    constants: FxHashMap<(bool, Cow<'a, str>), u32>,
    /// The numbers of the nested code objects seen so far, by where they begin.
    nested_numbers: FxHashMap<TextSize, u32>,
    constant_count: u32,
    /// The highest number of a constant that the next instruction loads.
    pending_constant: u32,
    /// The tuples that become constants after all others, with the instructions that load them.
    late_tuples: Vec<(usize, String)>,
    /// Those that the next instruction loads.
    pending_tuples: Vec<String>,
    depth: usize,
    /// How many `if`, loop, `try`, `with` and `match` suites enclose the statement.
    conditional: u32,
    is_too_large: bool,
    /// A `return` stands in the current basic block (3.8 and 3.9).
    has_returned: bool,
    /// coverage.py passes over its own lines, but not over the code objects in it.
    is_hidden: bool,
}

impl<'a> Code<'a> {
    fn new(target: Target<'a>, scope: Scope) -> Self {
        Self {
            target,
            scope,
            instructions: Vec::new(),
            labels: Vec::new(),
            blocks: Vec::new(),
            first_line: 1,
            line: 0,
            muted: 0,
            children: Vec::new(),
            constants: FxHashMap::default(),
            nested_numbers: FxHashMap::default(),
            constant_count: 0,
            pending_constant: 0,
            late_tuples: Vec::new(),
            pending_tuples: Vec::new(),
            depth: 0,
            conditional: 0,
            is_too_large: false,
            has_returned: false,
            is_hidden: false,
        }
    }

    /// The compilers of 3.8 and 3.9 drop code as they go, later ones by reachability.
    fn is_old(&self) -> bool {
        self.target.minor < 10
    }

    fn minor(&self) -> u8 {
        self.target.minor
    }

    fn new_label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        Label(u32::try_from(self.labels.len() - 1).unwrap_or(u32::MAX))
    }

    fn place(&mut self, label: Label) {
        self.has_returned = false;
        self.labels[label.0 as usize] = u32::try_from(self.instructions.len()).unwrap_or(u32::MAX);
    }

    fn target_of(&self, label: Label) -> usize {
        self.labels[label.0 as usize] as usize
    }

    fn push(&mut self, line: u32, flow: Flow, constant: u32) {
        if self.instructions.len() >= MAX_INSTRUCTIONS {
            self.is_too_large = true;
        } else {
            self.instructions.push(Instruction {
                line,
                flow,
                child: 0,
                constant,
            });
        }
    }

    /// An instruction of the current line.
    fn emit(&mut self, flow: Flow) {
        if self.muted == 0 {
            let constant = std::mem::take(&mut self.pending_constant);
            self.load_pending_tuples();
            self.push(self.line, flow, constant);
            self.has_returned |= flow == Flow::Return;
        }
    }

    /// An instruction of the compiler's own: without a line from 3.10 on, with the current one before.
    fn emit_artificial(&mut self, flow: Flow) {
        if self.muted == 0 {
            let line = if self.is_old() { self.line } else { 0 };
            let constant = std::mem::take(&mut self.pending_constant);
            self.load_pending_tuples();
            self.push(line, flow, constant);
        }
    }

    fn load_pending_tuples(&mut self) {
        let next = self.instructions.len();
        let tuples = self.pending_tuples.drain(..);
        self.late_tuples.extend(tuples.map(|tuple| (next, tuple)));
    }

    fn forget_pending(&mut self) {
        self.pending_constant = 0;
        self.pending_tuples.clear();
    }

    /// An instruction to which something inside of its own statement jumps.
    fn emit_target(&mut self) {
        let here = self.new_label();
        self.place(here);
        self.emit(Flow::SetUp(here));
    }

    /// Makes the logical line at an offset the current one.
    fn set_line_at(&mut self, offset: TextSize) {
        self.line = self.target.lines.logical(offset);
    }

    /// Makes the current line none, where the compiler forgets it.
    fn forget_line(&mut self) {
        if !self.is_old() {
            self.line = 0;
        }
    }

    fn body(&mut self, body: &'a [Stmt]) {
        if self.is_too_large || self.depth >= MAX_DEPTH {
            self.is_too_large = true;
            return;
        }
        self.depth += 1;
        for statement in body {
            self.statement(statement);
        }
        self.depth -= 1;
    }

    /// A suite that need not run.
    fn conditional_body(&mut self, body: &'a [Stmt]) {
        self.conditional += 1;
        self.body(body);
        self.conditional -= 1;
    }

    fn module(&mut self, body: &'a [Stmt]) {
        match body.first() {
            Some(first) => self.set_statement_line(first),
            None => self.line = u32::from(self.is_old()),
        }
        // It begins with what annotations need.
        if has_annotation(body) {
            self.emit(Flow::Next);
        }
        if has_docstring(body) {
            self.note("docstring");
            if self.is_old() {
                self.emit(Flow::Next);
            }
        }
        self.body(body);
        self.finish_body();
    }

    /// The end of a code object returns `None`.
    fn finish_body(&mut self) {
        if self.is_old() && self.has_returned {
            return;
        }
        self.forget_pending();
        self.note("None");
        self.emit_artificial(Flow::Return);
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        self.is_hidden = is_deferred_annotations(&function.name);
        self.set_definition_line(&function.decorator_list, &function.name);
        self.first_line = self.line;
        // RESUME is on the first line; 3.10 has no such instruction.
        if self.minor() >= 11 {
            self.emit(Flow::Next);
        }
        let mut body = &function.body[..];
        if has_docstring(body) {
            self.note("docstring");
            if !self.is_old() {
                body = &body[1..];
            }
        } else if self.minor() < 14 {
            self.note("None");
        }
        self.forget_pending();
        self.body(body);
        self.finish_body();
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        self.is_hidden = is_deferred_annotations(&class.name);
        self.set_definition_line(&class.decorator_list, &class.name);
        self.note("qualname");
        self.emit(Flow::Next);
        if has_docstring(&class.body)
            && let Some(docstring) = class.body.first()
        {
            self.set_statement_line(docstring);
            self.emit(Flow::Next);
        }
        self.body(&class.body);
        self.finish_body();
    }
}

/// coverage.py knows code of deferred annotations by its name.
fn is_deferred_annotations(name: &str) -> bool {
    name == "__annotate__"
}
