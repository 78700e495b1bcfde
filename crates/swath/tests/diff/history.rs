//! A package that changes as people change programs: lines, whole functions, names of files, blanks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use swath_test::{GitRepository, Random};

/// Statements at one level, which stay together.
type Block = Vec<String>;

#[derive(Clone)]
struct Function {
    name: String,
    blocks: Vec<Block>,
}

/// The package at one moment.
pub(crate) struct History {
    random: Random,
    modules: BTreeMap<String, Vec<Function>>,
    count: u64,
}

impl History {
    pub(crate) fn new(random: Random) -> Self {
        let mut history = Self {
            random,
            modules: BTreeMap::new(),
            count: 0,
        };
        for name in ["cart", "price", "stock"] {
            let functions = (0..6).map(|_| history.function()).collect();
            history.modules.insert(name.to_owned(), functions);
        }
        history
    }

    /// Writes the package, and the program that calls three of four functions.
    pub(crate) fn write(&self, repository: &GitRepository) {
        let package = repository.folder().join("shop");
        let _ = fs_err::remove_dir_all(&package);
        repository.write("shop/__init__.py", "");
        let mut run = String::new();
        for (module, functions) in &self.modules {
            let mut text = format!("\"\"\"The {module} of the shop.\"\"\"\n\nLIMIT = 40\n");
            let _ = writeln!(run, "from shop import {module}");
            for function in functions {
                let _ = write!(text, "\n\ndef {}(a, b=0):\n", function.name);
                for line in function.blocks.iter().flatten() {
                    let _ = writeln!(text, "{}", format!("    {line}").trim_end());
                }
                let number: u64 = function.name.trim_start_matches("work_").parse().unwrap();
                if !number.is_multiple_of(4) {
                    let _ = writeln!(
                        run,
                        "[{module}.{}(a) for a in range({})]",
                        function.name,
                        number % 3 + 1
                    );
                }
            }
            repository.write(&format!("shop/{module}.py"), text);
        }
        repository.write("run.py", run);
    }

    /// Changes one to four things.
    pub(crate) fn change(&mut self) {
        for _ in 0..=self.random.below(4) {
            match self.random.below(12) {
                0 => self.rename_module(),
                1 => self.copy_module(),
                2 => self.move_function(),
                3 => {
                    let function = self.function();
                    let module = self.module();
                    self.modules.get_mut(&module).unwrap().push(function);
                }
                4 => {
                    let module = self.module();
                    let functions = self.modules.get_mut(&module).unwrap();
                    if functions.len() > 2 {
                        functions.remove(0);
                    }
                }
                5 | 6 => {
                    let block = self.block();
                    let blocks = self.blocks();
                    blocks.insert(0, block);
                }
                7 => {
                    let blocks = self.blocks();
                    if blocks.len() > 2 {
                        blocks.remove(0);
                    }
                }
                8 => {
                    // The same words, further in.
                    let block = &mut self.blocks()[0];
                    for line in block.iter_mut() {
                        line.insert_str(0, "    ");
                    }
                    block.insert(0, "if a is not None:".to_owned());
                }
                9 => {
                    let (number, line) = (self.random.below(90), self.random.below(9));
                    let block = &mut self.blocks()[0];
                    let place = usize::try_from(line).unwrap() % block.len();
                    let kept = block[place].trim_end().to_owned();
                    let comment = if kept.ends_with('\\') { "" } else { "  # note" };
                    block[place] = format!(
                        "{kept}{comment}{}",
                        if comment.is_empty() {
                            String::new()
                        } else {
                            number.to_string()
                        }
                    );
                }
                _ => {
                    let number = self.random.below(30).to_string();
                    let block = &mut self.blocks()[0];
                    let last = block.len() - 1;
                    for line in [last / 2, last] {
                        block[line] = block[line].replace("LIMIT", &number).replace('7', &number);
                    }
                }
            }
        }
    }

    fn pick(&mut self, count: usize) -> usize {
        usize::try_from(self.random.below(count as u64)).unwrap()
    }

    fn module(&mut self) -> String {
        let place = self.pick(self.modules.len());
        self.modules.keys().nth(place).unwrap().clone()
    }

    /// The blocks of some function; the first one is never the last.
    fn blocks(&mut self) -> &mut Vec<Block> {
        let module = self.module();
        let place = self.pick(self.modules[&module].len());
        let functions = self.modules.get_mut(&module).unwrap();
        &mut functions[place].blocks
    }

    fn rename_module(&mut self) {
        let module = self.module();
        let functions = self.modules.remove(&module).unwrap();
        self.count += 1;
        self.modules
            .insert(format!("renamed_{}", self.count), functions);
    }

    /// A copy, which git finds only if its source changes as well.
    fn copy_module(&mut self) {
        if self.modules.len() > 6 {
            return;
        }
        let module = self.module();
        let mut functions = self.modules[&module].clone();
        let (one, other) = (self.function(), self.function());
        functions.push(one);
        self.modules.get_mut(&module).unwrap().push(other);
        self.count += 1;
        self.modules
            .insert(format!("copied_{}", self.count), functions);
    }

    fn move_function(&mut self) {
        let (from, to) = (self.module(), self.module());
        let functions = self.modules.get_mut(&from).unwrap();
        if functions.len() > 2 {
            let function = functions.remove(1);
            self.modules.get_mut(&to).unwrap().push(function);
        }
    }

    fn function(&mut self) -> Function {
        self.count += 1;
        let name = format!("work_{}", self.count);
        let mut blocks: Vec<Block> = (0..2 + self.random.below(3))
            .map(|_| self.block())
            .collect();
        blocks.push(vec!["return b".to_owned()]);
        Function { name, blocks }
    }

    fn block(&mut self) -> Block {
        let number = self.random.below(9);
        let text = match self.random.below(7) {
            0 => format!(
                "if a > {number}:\n    b = max(\n        a,\n        7,\n    )\nelif a == 1:\n    b += {number}"
            ),
            1 => format!(
                "for i in range(a % 3):\n    b += i\n    if b > 7:\n        break\nelse:\n    b -= {number}"
            ),
            2 => {
                format!("try:\n    b = b // (a - {number})\nexcept ZeroDivisionError:\n    b = -7")
            }
            3 => format!("# Why {number}.\nb = (a +\n     {number} +\n     LIMIT)"),
            4 => format!(
                "\ntotal = sum(i * {number} for i in range(b % 5) if i)\nb += total if a else 7"
            ),
            5 => format!(
                "def inner(value):\n    if value:\n        return {number}\n    return 7\n\nb += inner(a)"
            ),
            _ => format!(
                "if not a and \\\n        b < {number}:\n    return LIMIT\nwhile b > 7:\n    b -= 2"
            ),
        };
        text.split('\n').map(str::to_owned).collect()
    }
}
