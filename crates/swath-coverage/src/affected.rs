//! Which tests a change can affect: all of those, and as few others as can be told apart.
//! `docs/decisions/017-affected.md` has the rules and the reasons.

mod cause;
mod kept;
mod known_tests;
mod outline_change;
mod reach;
mod sources;
mod test_file;
mod test_id;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::Path;

use swath_analysis::{Outline, Problem, PythonVersion, decode_source, outline};
use swath_changes::SubmoduleGap;
use swath_checkout::{is_source, read_source};
use swath_data::{CoverageData, PythonRelease, SourceHash};
use swath_model::Completeness;
use swath_pattern::Directory;

use crate::MeasuredTexts;
pub use cause::Cause;
use kept::Keepers;
use known_tests::KnownTests;
use outline_change::{OutlineChange, Span};
use reach::{
    FileReach, Loaded, Reached, loaded, process_count, ran, ran_uncounted, test_processes,
};
use sources::{Sharing, Sources};
use test_file::TestFileChange;
use test_id::TestId;

/// A changed file.
#[derive(Clone, Debug)]
pub struct ChangedSource {
    /// Its path from the top of the checkout.
    pub path: String,
    /// Its path in the data, if it is there.
    pub recorded: Option<String>,
    /// Its text before the change.
    pub before: TextBefore,
    /// Its text here; `None` if it is gone.
    pub after: Option<Vec<u8>>,
    /// Whether it would be measured if it ran.
    pub is_in_scope: bool,
}

/// The text of a file before a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextBefore {
    /// The change is only that from the text which was measured.
    Measured,
    /// There was no such file.
    Nothing,
    /// This one.
    Text(Vec<u8>),
    /// Any: all of it may have changed. Why, to be shown.
    Unknown(String),
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct AffectedQuestion<'a> {
    /// What ran.
    pub data: &'a CoverageData,
    /// The texts that were measured, as far as they are to be had.
    pub measured: &'a MeasuredTexts,
    /// The top of the checkout.
    pub top: &'a Path,
    /// What paths in the data start from, where they start from anything.
    pub directory: &'a Directory,
    /// The Python whose rules hold where the data does not say it.
    pub python: PythonVersion,
}

/// What a changed file concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileEffect {
    /// Its path from the top of the checkout.
    pub path: String,
    /// Why it concerns tests; none if only blanks and comments changed, or nobody ran what did.
    pub causes: BTreeSet<Cause>,
    /// How many of the tests that the data knows it concerns.
    pub tests: usize,
    /// Whether it holds tests that the data does not know.
    pub has_new_tests: bool,
    /// The changed lines that nobody ran.
    pub unreached: Vec<(u32, u32)>,
}

/// The tests that a change can affect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AffectedTests {
    /// The tests to run, as their runner names them, in order.
    pub tests: BTreeSet<String>,
    /// How many tests the data knows.
    pub known: usize,
    /// How many of them it selects.
    pub selected: usize,
    /// How many of the selected are there because nobody knows what they reach, and for nothing else.
    pub obscure: usize,
    /// How many are not there any more.
    pub gone: usize,
    /// What each changed file concerns, in the order of their paths.
    pub files: Vec<FileEffect>,
    /// Whether all are selected because the data is not complete.
    pub is_incomplete: bool,
}

/// The tests that a changed file concerns.
#[derive(Default)]
struct Effect {
    causes: BTreeSet<Cause>,
    concerned: Concerned,
    unreached: Vec<Span>,
    /// Tests that the data does not know.
    fresh: BTreeSet<String>,
    /// Tests that are not there any more.
    gone: BTreeSet<usize>,
}

/// Tests that the data knows.
enum Concerned {
    All,
    Some(BTreeSet<usize>),
}

impl Default for Concerned {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Effect {
    fn add(&mut self, cause: Cause, tests: impl IntoIterator<Item = usize>) {
        self.causes.insert(cause);
        if let Concerned::Some(known) = &mut self.concerned {
            known.extend(tests);
        }
    }

    fn add_all(&mut self, cause: Cause) {
        self.causes.insert(cause);
        self.concerned = Concerned::All;
    }

    fn add_loaded(&mut self, cause: Cause, loaded: Loaded) {
        match loaded {
            Loaded::ByAny => self.add_all(cause),
            Loaded::By(tests) => self.add(cause, tests),
        }
    }
}

/// Whether the data says which test ran what.
pub fn names_tests(data: &CoverageData) -> bool {
    !crate::attribution_report::test_contexts(data).is_empty()
}

impl AffectedTests {
    /// Finds the tests that changes of these files can affect.
    pub fn find(
        question: AffectedQuestion<'_>,
        changes: &[ChangedSource],
        gaps: &[SubmoduleGap],
    ) -> Self {
        let known = KnownTests::new(question.data);
        let sources = Sources::new(question.top);
        let search = Search {
            question,
            known: &known,
            sources: &sources,
            keepers: OnceCell::new(),
            changed: changes.iter().map(|one| one.path.as_str()).collect(),
        };
        let mut selection = Selection::new(&known);
        let mut found = Self {
            known: known.ids.len(),
            ..Self::default()
        };
        for change in changes {
            let effect = search.effect(change);
            found.files.push(selection.take(&change.path, effect));
        }
        for gap in gaps {
            let mut effect = Effect::default();
            let complaint = gap.reason.clone();
            effect.add_all(Cause::Submodule { complaint });
            found.files.push(selection.take(&gap.path, effect));
        }
        found.files.sort_by(|one, next| one.path.cmp(&next.path));
        let completeness = question.data.accounting.completeness();
        found.is_incomplete = matches!(
            completeness,
            Completeness::Incomplete | Completeness::Partial
        );
        found.take(selection);
        found
    }

    fn take(&mut self, selection: Selection<'_>) {
        let Selection {
            known,
            choices,
            mut fresh,
            gone,
        } = selection;
        let mut exact: Vec<&TestId> = Vec::new();
        self.gone = gone.len();
        for (test, id) in known.ids.iter().enumerate() {
            if gone.contains(&test) {
                continue;
            }
            match choices[test].max(Choice::exact_if(self.is_incomplete)) {
                Choice::Base => {
                    fresh.insert(id.base().to_owned());
                }
                Choice::Exact => exact.push(id),
                Choice::No if known.obscure.contains(&test) => {
                    self.obscure += 1;
                    exact.push(id);
                }
                Choice::No => continue,
            }
            self.selected += 1;
        }
        exact.retain(|id| !fresh.contains(id.base()));
        self.tests = exact.iter().map(|id| id.name.clone()).collect();
        self.tests.append(&mut fresh);
    }
}

/// Whether a test is selected, and how it is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    No,
    /// By its whole name.
    Exact,
    /// Without parameters: these may be other ones now.
    Base,
}

impl Choice {
    fn exact_if(is_selected: bool) -> Self {
        if is_selected { Self::Exact } else { Self::No }
    }
}

/// What all changed files concern together.
struct Selection<'a> {
    known: &'a KnownTests,
    /// Of each test that the data knows.
    choices: Vec<Choice>,
    fresh: BTreeSet<String>,
    gone: BTreeSet<usize>,
}

impl<'a> Selection<'a> {
    fn new(known: &'a KnownTests) -> Self {
        Self {
            known,
            choices: vec![Choice::No; known.ids.len()],
            fresh: BTreeSet::new(),
            gone: BTreeSet::new(),
        }
    }

    fn take(&mut self, path: &str, effect: Effect) -> FileEffect {
        let is_base = effect.causes.iter().any(Cause::may_rename);
        let choice = if is_base { Choice::Base } else { Choice::Exact };
        let count = match effect.concerned {
            Concerned::All => {
                let choices = self.choices.iter_mut();
                choices.for_each(|one| *one = choice.max(*one));
                self.known.ids.len()
            }
            Concerned::Some(tests) => {
                for &test in &tests {
                    self.choices[test] = choice.max(self.choices[test]);
                }
                tests.len()
            }
        };
        let has_new_tests = !effect.fresh.is_empty();
        self.fresh.extend(effect.fresh);
        self.gone.extend(effect.gone);
        FileEffect {
            path: path.to_owned(),
            causes: effect.causes,
            tests: count,
            has_new_tests,
            unreached: joined(effect.unreached),
        }
    }
}

/// Lines next to each other as one range.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut ranges: Vec<Span> = Vec::new();
    for (first, last) in spans {
        match ranges.last_mut() {
            Some(range) if first <= range.1.saturating_add(1) => range.1 = range.1.max(last),
            _ => ranges.push((first, last)),
        }
    }
    ranges
}

/// The search for what changed files concern.
struct Search<'a> {
    question: AffectedQuestion<'a>,
    known: &'a KnownTests,
    sources: &'a Sources,
    keepers: OnceCell<Keepers>,
    changed: BTreeSet<&'a str>,
}

impl Search<'_> {
    fn effect(&self, change: &ChangedSource) -> Effect {
        let mut effect = Effect::default();
        if !is_source(Path::new(&change.path)) {
            if !is_harmless(&change.path) {
                effect.add_all(Cause::NotPython);
            }
        } else if file_name(&change.path) == "conftest.py" {
            self.conftest(change, &mut effect);
        } else if self.is_test_file(change) {
            self.test_file(change, &mut effect);
        } else if let Some(key) = self.key_that_ran(change) {
            self.measured(change, &key, &mut effect);
        } else if change.before == TextBefore::Nothing {
            self.new_module(change, &mut effect);
        } else if change.is_in_scope
            && self.question.data.accounting.completeness() == Completeness::Complete
        {
            // Whoever ran it would be in the data.
            let text = change.after.as_deref();
            let outline = text.and_then(|text| self.outline(change, text).ok());
            let lines = outline.map(|outline| outline.lines).unwrap_or_default();
            effect.unreached = lines.iter().map(|line| (line.first, line.last)).collect();
        } else if self.says_something(change) {
            effect.add_all(Cause::NotMeasured);
        }
        effect
    }

    fn key_that_ran(&self, change: &ChangedSource) -> Option<String> {
        let key = change.recorded.clone()?;
        ran(self.question.data, &key).then_some(key)
    }

    /// What a file concerns that was measured.
    fn measured(&self, change: &ChangedSource, key: &str, effect: &mut Effect) {
        let data = self.question.data;
        if ran_uncounted(data, key) {
            effect.add_all(Cause::RanInTests);
        }
        let (changed, new_is_measured) = match self.change_of(change, key) {
            Ok(found) => found,
            Err(cause) => return effect.add_loaded(cause, loaded(data, key, self.known)),
        };
        if changed.module {
            effect.add_loaded(Cause::Module, loaded(data, key, self.known));
        }
        let reach = FileReach::new(data, key, self.known);
        let most = process_count(data, key);
        for (name, function) in &changed.functions {
            let spans = if new_is_measured {
                &function.new
            } else {
                &function.old
            };
            let reached = reach.of(spans);
            if reached.is_empty() {
                effect.unreached.extend(&function.written);
            }
            let may_keep = || {
                let is_of_few = reached.is_by_few(most) && self.keepers().keep(name);
                is_of_few || (function.is_whole && self.keepers().leaves(name))
            };
            if function.keeps_result || may_keep() {
                effect.add_loaded(Cause::Kept, loaded(data, key, self.known));
            }
            self.add_reached(&reached, key, effect);
        }
    }

    fn add_reached(&self, reached: &Reached, key: &str, effect: &mut Effect) {
        if reached.by_others {
            let loaded = loaded(self.question.data, key, self.known);
            effect.add_loaded(Cause::RanForNoTest, loaded);
        }
        if !reached.tests.is_empty() {
            effect.add(Cause::Ran, reached.tests.iter().map(|phase| phase.test));
        }
        self.add_shared(reached, effect);
    }

    /// What ran in the set-up of a test may be the work of a fixture that others use as well, and
    /// that ran for the first of them.
    fn add_shared(&self, reached: &Reached, effect: &mut Effect) {
        let setups = reached.tests.iter().filter(|phase| phase.is_setup);
        let setups: BTreeSet<usize> = setups.map(|phase| phase.test).collect();
        if setups.is_empty() {
            return;
        }
        let ids = &self.known.ids;
        // Fixtures of plugins are in no file of the checkout.
        let is_rare = setups.len() <= test_processes(self.question.data);
        match self.sources.sharing() {
            Sharing::Session => effect.add_all(Cause::SharedSetup),
            _ if is_rare => effect.add_all(Cause::SharedSetup),
            Sharing::Test => {}
            Sharing::File => {
                let files: BTreeSet<&str> =
                    setups.iter().filter_map(|&it| ids[it].path()).collect();
                if setups.iter().any(|&test| ids[test].path().is_none()) {
                    return effect.add_all(Cause::SharedSetup);
                }
                let is_beside =
                    |test: &usize| ids[*test].path().is_some_and(|path| files.contains(path));
                effect.add(Cause::SharedSetup, (0..ids.len()).filter(is_beside));
            }
        }
    }

    /// What changed of a measured file, and whether it is the new text that was measured.
    fn change_of(&self, change: &ChangedSource, key: &str) -> Result<(OutlineChange, bool), Cause> {
        let Some(after) = change.after.as_deref() else {
            return Err(Cause::Module);
        };
        let unknown = |why: &str| Cause::NotFollowed {
            why: why.to_owned(),
        };
        let hashes = self.question.data.accounting.hashes(key);
        let mut hashes = hashes.into_iter();
        let hash = match (hashes.next(), hashes.next()) {
            (Some(hash), None) => hash,
            (None, _) => return Err(unknown("nobody noted which text of it was measured")),
            (Some(_), Some(_)) => return Err(unknown("several texts of it were measured")),
        };
        let new_is_measured = SourceHash::of(after) == hash;
        let measured = if new_is_measured {
            after
        } else {
            let text = self.question.measured.texts.get(&hash);
            text.ok_or_else(|| unknown(&self.question.measured.missing))?
        };
        let new = self.outline(change, after)?;
        let mut found = if new_is_measured {
            OutlineChange::default()
        } else {
            OutlineChange::between(&self.outline(change, measured)?, &new)
        };
        let before = match &change.before {
            TextBefore::Measured => return Ok((found, new_is_measured)),
            TextBefore::Nothing => b"",
            TextBefore::Text(text) => text.as_slice(),
            TextBefore::Unknown(why) => return Err(unknown(why)),
        };
        if before == measured {
            return Ok((found, new_is_measured));
        }
        let since = OutlineChange::between(&self.outline(change, before)?, &new);
        if new_is_measured {
            return Ok((since, true));
        }
        // Neither text of the change is the one that ran: its functions are found by their names.
        found.module |= since.module;
        let measured = self.outline(change, measured)?;
        let meanwhile = OutlineChange::between(&measured, &self.outline(change, before)?);
        for function in &measured.functions {
            let changed = since.functions.get(&function.name);
            let Some(changed) =
                changed.filter(|_| meanwhile.functions.contains_key(&function.name))
            else {
                continue;
            };
            let known = found.functions.entry(function.name.clone());
            let known = known.or_insert_with(|| changed.clone());
            known.old = vec![(function.first, function.last)];
            known.is_whole = true;
        }
        Ok((found, false))
    }

    fn outline(&self, change: &ChangedSource, text: &[u8]) -> Result<Outline, Cause> {
        let key = change.recorded.as_deref().unwrap_or_default();
        let read = self.outline_of(key, text);
        read.map_err(|problem| Cause::NotFollowed {
            why: problem.describe(&change.path),
        })
    }

    /// The outline of a text that a path has in the data.
    fn outline_of(&self, key: &str, text: &[u8]) -> Result<Outline, Problem> {
        let python = self.question.data.accounting.python(key);
        let python = python.map_or(self.question.python, PythonRelease::version);
        let decoded = decode_source(text);
        decoded.and_then(|text| outline(&text, python))
    }

    /// What may be done once, in all files of which the measured text is to be had.
    fn keepers(&self) -> &Keepers {
        let AffectedQuestion {
            data,
            measured,
            directory,
            ..
        } = self.question;
        self.keepers.get_or_init(|| {
            let mut keepers = Keepers::default();
            for (key, _) in data.files() {
                let hashes = data.accounting.hashes(key);
                let here = read_source(Path::new(&directory.absolute(key))).ok();
                let here = here.filter(|text| hashes.contains(&SourceHash::of(text)));
                let others = hashes
                    .iter()
                    .filter_map(|hash| measured.texts.get(hash).cloned());
                for text in here.into_iter().chain(others) {
                    if let Ok(outline) = self.outline_of(key, &text) {
                        keepers.add(data, (key, self.known), (&text, &outline));
                    }
                }
            }
            keepers
        })
    }

    /// Whether more than blanks and comments changed.
    fn says_something(&self, change: &ChangedSource) -> bool {
        let (TextBefore::Text(before), Some(after)) = (&change.before, &change.after) else {
            return true;
        };
        match (self.outline(change, before), self.outline(change, after)) {
            (Ok(before), Ok(after)) => !OutlineChange::between(&before, &after).is_empty(),
            _ => true,
        }
    }

    fn conftest(&self, change: &ChangedSource, effect: &mut Effect) {
        if !self.says_something(change) {
            return;
        }
        let folder = folder(&change.path);
        let mut others = self.sources.mentioning("conftest", &change.path);
        if folder.is_empty() || others.any(|path| !is_below(path, folder)) {
            return effect.add_all(Cause::Conftest);
        }
        let tests = 0..self.known.ids.len();
        let below = tests.filter(|&test| self.may_be_below(test, folder));
        effect.add(Cause::Conftest, below);
    }

    /// Whether a test may be below a folder: its path may start from anywhere.
    fn may_be_below(&self, test: usize, folder: &str) -> bool {
        let Some(path) = self.known.ids[test].path() else {
            return true;
        };
        let top = self.question.top;
        is_below(path, folder) || !top.join(path).is_file() || {
            // The same path may be there twice.
            let mut above = Some(folder);
            std::iter::from_fn(|| {
                let folder = above.filter(|folder| !folder.is_empty())?;
                above = folder.rsplit_once('/').map(|(above, _)| above);
                Some(folder)
            })
            .any(|folder| top.join(folder).join(path).is_file())
        }
    }

    fn is_test_file(&self, change: &ChangedSource) -> bool {
        if !self.known.in_file(&change.path).is_empty() {
            return true;
        }
        let name = file_name(&change.path);
        let stem = name.strip_suffix(".py").unwrap_or(name);
        let is_named_so = stem.starts_with("test_") || stem.ends_with("_test") || stem == "tests";
        is_named_so && self.key_that_ran(change).is_none()
    }

    fn test_file(&self, change: &ChangedSource, effect: &mut Effect) {
        let path = change.path.as_str();
        let own = self.known.in_file(path);
        let compared = self.test_functions(change);
        if compared.as_ref().is_ok_and(TestFileChange::is_empty) {
            return;
        }
        // What others take from it may be anything, be it a class of tests.
        let mut others = self.sources.mentioning(module_name(path), path);
        if change.before != TextBefore::Nothing && others.next().is_some() {
            effect.add_all(Cause::TestFile);
        }
        if change.after.is_none() {
            effect.causes.insert(Cause::TestFile);
            effect.gone.extend(own);
            return;
        }
        let Ok(compared) = compared else {
            effect.add(Cause::TestFile, own);
            return;
        };
        effect.add(Cause::TestFile, []);
        let function_of = |test: usize| self.known.ids[test].function(path);
        let is_gone = |test: &usize| {
            function_of(*test).is_some_and(|function| compared.gone.contains(&function))
        };
        effect.gone.extend(own.iter().copied().filter(is_gone));
        if compared.all {
            effect.add(Cause::TestFile, own.iter().copied());
        }
        for function in &compared.changed {
            let tests = own.iter().copied();
            let tests: Vec<usize> = tests
                .filter(|&test| function_of(test).as_ref() == Some(function))
                .collect();
            if tests.is_empty() {
                let sibling = own.first().map(|&test| &self.known.ids[test]);
                let sibling = sibling.and_then(|id| id.sibling(path, function));
                let names = function.replace('.', "::");
                let id = sibling.unwrap_or_else(|| format!("{path}::{names}"));
                effect.fresh.insert(id);
            } else {
                effect.add(Cause::TestFile, tests);
            }
        }
        if own.is_empty() {
            effect.fresh.clear();
            effect.fresh.insert(path.to_owned());
        }
    }

    fn test_functions(&self, change: &ChangedSource) -> Result<TestFileChange, Cause> {
        let nothing = Outline::default();
        let before = match &change.before {
            TextBefore::Nothing => nothing,
            TextBefore::Text(text) => self.outline(change, text)?,
            TextBefore::Measured => return self.since_measured(change),
            TextBefore::Unknown(why) => return Err(Cause::NotFollowed { why: why.clone() }),
        };
        let after = change.after.as_deref().unwrap_or_default();
        Ok(TestFileChange::between(
            &before,
            &self.outline(change, after)?,
        ))
    }

    /// A file of tests that was measured itself, and is another one since.
    fn since_measured(&self, change: &ChangedSource) -> Result<TestFileChange, Cause> {
        let unknown = || Cause::NotFollowed {
            why: self.question.measured.missing.clone(),
        };
        let key = change.recorded.as_deref().unwrap_or_default();
        let hashes = self.question.data.accounting.hashes(key);
        let mut texts = hashes
            .iter()
            .map(|hash| self.question.measured.texts.get(hash));
        let (Some(Some(text)), None) = (texts.next(), texts.next()) else {
            return Err(unknown());
        };
        let after = change.after.as_deref().unwrap_or_default();
        Ok(TestFileChange::between(
            &self.outline(change, text)?,
            &self.outline(change, after)?,
        ))
    }

    /// A module that was not there. Code that has not changed may name it all the same, or find it
    /// by looking around.
    fn new_module(&self, change: &ChangedSource, effect: &mut Effect) {
        let path = change.path.as_str();
        let mut is_named = false;
        for other in self.sources.mentioning(module_name(path), path) {
            is_named = true;
            if self.changed.contains(other) {
                continue;
            }
            let tests = self.known.in_file(other);
            let key = self.key_of(other);
            match key {
                _ if !tests.is_empty() => effect.add(Cause::NewModule, tests),
                Some(key) => {
                    let loaded = loaded(self.question.data, key, self.known);
                    effect.add_loaded(Cause::NewModule, loaded);
                }
                None => effect.add_all(Cause::NewModule),
            }
        }
        if !is_named {
            effect.add_all(Cause::NewModule);
        }
    }

    /// The path in the data of a file that is there.
    fn key_of(&self, path: &str) -> Option<&str> {
        let place = self.question.top.join(path);
        let place = place.to_str()?;
        let mut files = self.question.data.files().map(|(key, _)| key);
        files.find(|key| *key == place || *key == path)
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of the name under which a file is imported.
fn module_name(path: &str) -> &str {
    let name = file_name(path);
    let stem = name.split('.').next().unwrap_or(name);
    if stem == "__init__" || stem == "__main__" {
        file_name(folder(path))
    } else {
        stem
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| folder.is_empty() || rest.starts_with('/'))
}

/// What is for people or for git, and for no program that is tested: by names that nothing else has.
fn is_harmless(path: &str) -> bool {
    const NAMES: [&str; 11] = [
        ".editorconfig",
        ".gitattributes",
        ".gitignore",
        ".mailmap",
        ".pre-commit-config.yaml",
        "AUTHORS",
        "CODEOWNERS",
        "COPYING",
        "LICENCE",
        "LICENSE",
        "NOTICE",
    ];
    const PAGES: [&str; 6] = [
        "CHANGELOG",
        "CHANGES",
        "CODE_OF_CONDUCT",
        "CONTRIBUTING",
        "README",
        "SECURITY",
    ];
    let name = file_name(path);
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let is_page = matches!(ending, "" | "md" | "rst" | "txt");
    NAMES.contains(&name)
        || (is_page && (PAGES.contains(&stem) || NAMES.contains(&stem)))
        || path.starts_with(".github/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_names_are_those_of_people_and_of_git() {
        for (path, expected) in [
            ("README.md", true),
            ("vendor/LICENSE", true),
            ("LICENSE.txt", true),
            (".github/workflows/ci.yml", true),
            ("docs/index.md", false),
            ("README.html", false),
            ("templates/NOTICE.html", false),
            ("shop.sql", false),
        ] {
            assert_eq!(is_harmless(path), expected, "{path}");
        }
    }

    #[test]
    fn modules_are_named_by_their_files() {
        assert_eq!(module_name("a/b/shop.py"), "shop");
        assert_eq!(module_name("a/shop/__init__.py"), "shop");
        assert!(is_below("a/b.py", "a") && !is_below("ab/c.py", "a") && is_below("x", ""));
    }

    #[test]
    fn ranges_join() {
        assert_eq!(joined(vec![(7, 9), (1, 2), (3, 3)]), [(1, 3), (7, 9)]);
    }
}
