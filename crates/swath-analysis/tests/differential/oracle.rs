//! The real coverage.py as the judge: what it says about sources, asked once and kept under `target/oracle`.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;
use serde::Deserialize;
use swath_analysis::{Analysis, ExclusionRules, LineSet, PythonVersion, Region, analyze};
use swath_test::{Python, Requirements, coverage_for_3_8, coverage_for_3_10, record_figure, venv};

const DUMPER: &str = include_str!("dump.py");
/// Where the figures of the comparison are.
pub(crate) const TABLE: &str = "Analysis against coverage.py";

/// What coverage.py says about a source.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Dump {
    pub(crate) path: PathBuf,
    statements: Vec<u32>,
    excluded: Vec<u32>,
    no_branch: Option<Vec<u32>>,
    multiline: Option<Vec<(u32, u32)>>,
    arcs: Option<Vec<(i32, i32)>>,
    exit_counts: Option<Vec<(u32, u32)>>,
    /// What the arcs of lines with several do.
    words: Option<Vec<String>>,
    functions: Option<Vec<RegionDump>>,
    classes: Option<Vec<RegionDump>>,
    /// coverage.py rejects the source.
    problem: Option<String>,
    /// coverage.py fails where it should not.
    pub(crate) failure: Option<String>,
}

impl Dump {
    /// Whether coverage.py has nothing to say about the source.
    pub(crate) fn is_rejected(&self) -> bool {
        self.problem.is_some() || self.failure.is_some()
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct RegionDump {
    name: String,
    start: u32,
    lines: Vec<u32>,
}

/// coverage.py for one Python.
pub(crate) struct Oracle {
    python: Python,
    interpreter: PathBuf,
    packages: Option<PathBuf>,
    cache: PathBuf,
}

impl Oracle {
    /// Installs coverage.py if need be; none, with a named skip, where that cannot be done.
    pub(crate) fn new(python: &Python) -> Option<Self> {
        let cache = swath_test::target_dir().join("oracle").join(format!(
            "{}-{:016x}",
            python.tag(),
            identity(python)
        ));
        let (interpreter, packages) = match python.version {
            (3, 8) => (python.path.clone(), Some(coverage_for_3_8(python)?)),
            (3, 9) => (
                venv(python, &Requirements::from(["coverage==7.10.7"]))?.python(),
                None,
            ),
            (3, 10) => (python.path.clone(), Some(coverage_for_3_10(python)?)),
            _ => (
                venv(python, &Requirements::from(["coverage==7.17.3"]))?.python(),
                None,
            ),
        };
        Some(Self {
            python: python.clone(),
            interpreter,
            packages,
            cache,
        })
    }

    pub(crate) fn version(&self) -> PythonVersion {
        PythonVersion::new(self.python.version.0, self.python.version.1)
    }

    /// How much of coverage.py's answer can be compared: its older versions have other rules.
    fn depth(&self) -> &'static str {
        match self.python.version {
            (3, 8 | 9) => "arcs",
            _ => "all",
        }
    }

    /// What coverage.py says about the files, in their order; `kept` names the file of answers kept between runs.
    pub(crate) fn dump(&self, files: &[PathBuf], kept: Option<&str>) -> Result<Vec<Dump>> {
        let kept = kept.map(|name| self.cache.join(format!("{name}.jsonl")));
        let mut known: HashMap<PathBuf, Dump> = HashMap::new();
        if let Some(text) = kept
            .as_ref()
            .and_then(|path| fs_err::read_to_string(path).ok())
        {
            known.extend(
                parse(&text)?
                    .into_iter()
                    .map(|dump| (dump.path.clone(), dump)),
            );
        }
        let asked: Vec<&PathBuf> = files
            .iter()
            .filter(|path| !known.contains_key(*path))
            .collect();
        if !asked.is_empty() {
            let text = self.ask(&asked)?;
            if let Some(path) = &kept {
                fs_err::create_dir_all(&self.cache)?;
                fs_err::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)?
                    .write_all(text.as_bytes())?;
            }
            known.extend(
                parse(&text)?
                    .into_iter()
                    .map(|dump| (dump.path.clone(), dump)),
            );
        }
        files
            .iter()
            .map(|path| {
                known
                    .remove(path)
                    .with_context(|| format!("no answer for {}", path.display()))
            })
            .collect()
    }

    fn ask(&self, files: &[&PathBuf]) -> Result<String> {
        let half = files.len().div_ceil(2);
        let answers: Vec<Result<String>> = std::thread::scope(|scope| {
            let tasks: Vec<_> = files
                .chunks(half)
                .map(|part| scope.spawn(|| self.ask_part(part)))
                .collect();
            tasks
                .into_iter()
                .map(|task| task.join().expect("the thread does not panic"))
                .collect()
        });
        answers
            .into_iter()
            .collect::<Result<Vec<_>>>()
            .map(|parts| parts.concat())
    }

    fn ask_part(&self, files: &[&PathBuf]) -> Result<String> {
        let mut command = Command::new(&self.interpreter);
        command
            .arg("-c")
            .arg(DUMPER)
            .arg(self.depth())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
            .env_remove("PYTHONPATH")
            .env("PYTHONWARNINGS", "ignore");
        if let Some(packages) = &self.packages {
            command.env("PYTHONPATH", packages);
        }
        let mut child = command.spawn()?;
        let list = files
            .iter()
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>()
            .join("\n");
        child
            .stdin
            .take()
            .context("standard input is a pipe")?
            .write_all(list.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(
            output.status.success(),
            "the dumper failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The `.py` files of the standard library, sorted.
    pub(crate) fn standard_library(&self) -> Result<(PathBuf, Vec<PathBuf>)> {
        let code = "import sysconfig; print(sysconfig.get_path('stdlib'))";
        let output = Command::new(&self.python.path)
            .args(["-I", "-c", code])
            .output()?;
        let root = PathBuf::from(String::from_utf8(output.stdout)?.trim());
        ensure!(root.is_dir(), "no standard library at {}", root.display());
        let mut files = Vec::new();
        python_files(&root, &mut files)?;
        files.retain(|path| {
            !path
                .components()
                .any(|part| part.as_os_str() == "site-packages")
        });
        Ok((root, files))
    }
}

/// Adds the `.py` files under a folder, sorted.
pub(crate) fn python_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> = fs_err::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.is_symlink() {
            python_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "py") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<Dump>> {
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not an answer: {line}")))
        .collect()
}

/// Changes with the interpreter and the dumper.
fn identity(python: &Python) -> u64 {
    let mut hasher = DefaultHasher::new();
    DUMPER.hash(&mut hasher);
    python.path.hash(&mut hasher);
    hasher.finish()
}

/// Analyses the file, and says where the result differs from coverage.py's; nothing if it does not.
pub(crate) fn difference(
    dump: &Dump,
    version: PythonVersion,
    rules: &ExclusionRules,
) -> Result<Option<String>> {
    if dump.failure.is_some() {
        return Ok(None);
    }
    Ok(compare(dump, &analysis(dump, version, rules)?))
}

fn analysis(dump: &Dump, version: PythonVersion, rules: &ExclusionRules) -> Result<Analysis> {
    let source = fs_err::read(&dump.path)?;
    Ok(analyze(&source, version, rules))
}

/// Records how many descriptions of ways of branches are coverage.py's, of all that it has.
pub(crate) fn record_words(oracle: &Oracle, what: &str, dumps: &[Dump]) -> Result<()> {
    let rules = ExclusionRules::default();
    let counts: Vec<(usize, usize)> = dumps
        .par_iter()
        .filter_map(|dump| Some((dump, dump.words.as_ref()?)))
        .map(|(dump, theirs)| {
            let ours = words(&analysis(dump, oracle.version(), &rules)?);
            let equal = theirs.iter().zip(&ours).filter(|(a, b)| a == b);
            Ok((equal.count(), theirs.len()))
        })
        .collect::<Result<_>>()?;
    let equal: usize = counts.iter().map(|(equal, _)| equal).sum();
    let all: usize = counts.iter().map(|(_, all)| all).sum();
    record_figure(
        TABLE,
        &format!("words of branches, {what}"),
        &oracle.python.tag(),
        format!("{equal} of {all} equal"),
    );
    Ok(())
}

/// Fails unless our analysis of the files equals coverage.py's, but for the known mismatches.
pub(crate) fn compare_files(
    oracle: &Oracle,
    what: &str,
    root: &Path,
    files: &[PathBuf],
) -> Result<()> {
    let dumps = oracle.dump(files, Some(&what.replace(' ', "-")))?;
    let rules = ExclusionRules::default();
    let relative = |path: &PathBuf| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let found: Vec<(String, Option<String>)> = dumps
        .par_iter()
        .filter(|dump| dump.failure.is_none())
        .map(|dump| {
            Ok((
                relative(&dump.path),
                difference(dump, oracle.version(), &rules)?,
            ))
        })
        .collect::<Result<_>>()?;
    let checked: Vec<String> = found.iter().map(|(file, _)| file.clone()).collect();
    let differences: Vec<(String, String)> = found
        .into_iter()
        .filter_map(|(file, difference)| Some((file, difference?)))
        .collect();
    let figure = format!(
        "{} of {} files equal",
        checked.len() - differences.len(),
        checked.len()
    );
    let tag = oracle.python.tag();
    record_figure(TABLE, what, &tag, figure);
    record_words(oracle, what, &dumps)?;
    KnownMismatches::read()?.judge(&tag, &checked, &differences)
}

fn compare(dump: &Dump, analysis: &Analysis) -> Option<String> {
    match (&dump.problem, &analysis.problem) {
        (Some(_), Some(_)) => return None,
        (Some(theirs), None) => return Some(format!("they reject it: {theirs}")),
        (None, Some(ours)) => return Some(format!("we reject it: {ours}")),
        (None, None) => {}
    }
    let set = |lines: &LineSet| lines.iter().collect::<Vec<_>>();
    let mut parts = vec![
        list("statements", &dump.statements, &set(&analysis.statements)),
        list("excluded", &dump.excluded, &set(&analysis.excluded)),
    ];
    parts.push(
        dump.arcs
            .as_ref()
            .and_then(|theirs| list("arcs", theirs, &analysis.arcs)),
    );
    parts.push(
        dump.exit_counts
            .as_ref()
            .and_then(|theirs| list("exit counts", theirs, &analysis.exit_counts)),
    );
    parts.push(
        dump.words
            .as_ref()
            .and_then(|theirs| list("words", theirs, &words(analysis))),
    );
    parts.push(
        dump.no_branch
            .as_ref()
            .and_then(|theirs| list("no branch", theirs, &set(&analysis.no_branch))),
    );
    parts.push(
        dump.multiline
            .as_ref()
            .and_then(|theirs| list("multiline", theirs, &analysis.multiline)),
    );
    let regions = |ours: &[Region]| {
        let dump = |region: &Region| RegionDump {
            name: region.name.clone(),
            start: region.start,
            lines: set(&region.lines),
        };
        ours.iter().map(dump).collect::<Vec<_>>()
    };
    parts.push(
        dump.functions
            .as_ref()
            .and_then(|theirs| list("functions", theirs, &regions(&analysis.regions.functions))),
    );
    parts.push(
        dump.classes
            .as_ref()
            .and_then(|theirs| list("classes", theirs, &regions(&analysis.regions.classes))),
    );
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What the arcs of lines with several do.
fn words(analysis: &Analysis) -> Vec<String> {
    let counts = analysis.exit_counts.iter();
    let several: Vec<u32> = counts
        .filter_map(|&(line, count)| (count > 1).then_some(line))
        .collect();
    let forks = |(from, _): &(i32, i32)| {
        u32::try_from(*from).is_ok_and(|line| several.binary_search(&line).is_ok())
    };
    let arcs = analysis.arcs.iter().copied().filter(forks);
    arcs.map(|arc| analysis.describe(arc)).collect()
}

/// What only one side has, the first few of each.
fn list<T: PartialEq + std::fmt::Debug>(what: &str, theirs: &[T], ours: &[T]) -> Option<String> {
    if theirs == ours {
        return None;
    }
    let only = |left: &[T], right: &[T]| {
        let items: Vec<String> = left
            .iter()
            .filter(|item| !right.contains(item))
            .take(6)
            .map(|item| format!("{item:?}"))
            .collect();
        items.join(" ")
    };
    Some(format!(
        "{what}: only theirs [{}], only ours [{}]",
        only(theirs, ours),
        only(ours, theirs)
    ))
}

/// The differences that are known, by version and file.
struct KnownMismatches(Vec<(String, String)>);

impl KnownMismatches {
    fn read() -> Result<Self> {
        let text = include_str!("../known-mismatches.txt");
        let mut entries = Vec::new();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (place, reason) = line
                .split_once(": ")
                .with_context(|| format!("no reason in `{line}`"))?;
            let (version, file) = place
                .split_once(' ')
                .with_context(|| format!("no file in `{line}`"))?;
            ensure!(!reason.is_empty(), "no reason in `{line}`");
            entries.push((version.to_owned(), file.to_owned()));
        }
        Ok(Self(entries))
    }

    fn contains(&self, version: &str, file: &str) -> bool {
        self.0
            .iter()
            .any(|(known_version, known_file)| known_version == version && known_file == file)
    }

    /// Fails unless exactly the known files differ, at most ten of a version.
    fn judge(
        &self,
        version: &str,
        checked: &[String],
        differences: &[(String, String)],
    ) -> Result<()> {
        let listed = self.0.iter().filter(|(known, _)| known == version).count();
        ensure!(
            listed <= 10,
            "{listed} known mismatches on {version}, at most 10 are allowed"
        );
        let mut complaints = Vec::new();
        for (file, difference) in differences
            .iter()
            .filter(|(file, _)| !self.contains(version, file))
        {
            complaints.push(format!("{version} {file}: {difference}"));
        }
        for file in checked.iter().filter(|file| self.contains(version, file)) {
            if !differences.iter().any(|(different, _)| different == file) {
                complaints.push(format!("{version} {file}: listed as a known mismatch, but equal: remove it from the list"));
            }
        }
        if !complaints.is_empty() {
            bail!(
                "{} of {} files differ from coverage.py:\n{}",
                complaints.len(),
                checked.len(),
                complaints.join("\n")
            );
        }
        Ok(())
    }
}
