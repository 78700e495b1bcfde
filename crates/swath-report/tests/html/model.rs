//! A project of three files, with what a run of two processes recorded.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Mutex;

use swath_config::CoverageConfig;
use swath_coverage::{FileReport, ModelOptions, Report, build_report, exclusion_rules};
use swath_data::{ArcSet, CoverageData, Mode, ProcessRecord, PythonRelease, RunRecord};
use swath_model::{AgentState, Ending, Finding, NotMeasured, NotMeasuredReason, Role};
use swath_pattern::Directory;
use swath_report::{HtmlOptions, Piece, render_html};
use tempfile::TempDir;

const APP: &str = "\
\"\"\"A shop.\"\"\"
from shop.store import find


def price(item, rebate=0):
    if item is None:  # <b>&amp;
        raise ValueError(
            \"no item\"
        )
    for tax in item[1]:
        rebate -= tax
    return item[0] - rebate


def debug():  # pragma: no cover
    print(find)
";

const STORE: &str = "\
def find(name):
    while name:
        name = name[1:]
    return '</script><script>alert(1)</script>'


def forget(name):
    del name
";

/// A recorded project.
pub(crate) struct Project {
    folder: TempDir,
    pub(crate) data: CoverageData,
    pub(crate) config: CoverageConfig,
}

impl Project {
    /// The shop: an application, a store, an empty package.
    pub(crate) fn shop() -> Self {
        let mut project = Self::empty(Mode::Arcs);
        let app = [
            (-1, 1),
            (1, 2),
            (2, 5),
            (5, 15),
            (15, -1),
            (-5, 6),
            (6, 10),
            (10, 11),
            (11, 10),
            (10, 12),
            (12, -5),
        ];
        let store = [(-1, 1), (1, 7), (7, -1), (-1, 2), (2, 4), (4, -1)];
        project.add("shop/app.py", APP, &["test_price", "test_tax"], &app);
        project.add("shop/store.py", STORE, &["test_tax"], &store);
        project.add("shop/__init__.py", "", &[], &[]);
        project.add_accounting();
        project
    }

    /// No file at all.
    pub(crate) fn empty(mode: Mode) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            data: CoverageData::new(mode),
            config: CoverageConfig {
                html_title: "The <shop>".to_owned(),
                ..CoverageConfig::default()
            },
        }
    }

    /// Adds a file and the arcs that ran of it.
    pub(crate) fn add(&mut self, name: &str, source: &str, contexts: &[&str], arcs: &[(i32, i32)]) {
        let path = self.directory().absolute(name);
        swath_test::write_file(&path, source);
        self.data.touch(&path);
        for context in contexts {
            let context = self.data.intern_context(context);
            let arcs: ArcSet = arcs.iter().copied().collect();
            self.data.add_arcs(&path, context, &arcs);
        }
    }

    /// Adds a file and the lines that ran of it.
    pub(crate) fn add_lines(&mut self, name: &str, source: &str, lines: impl Iterator<Item = u32>) {
        self.add(name, source, &[], &[]);
        let path = self.directory().absolute(name);
        let context = self.data.intern_context("");
        self.data.add_lines(&path, context, &lines.collect());
    }

    fn add_accounting(&mut self) {
        let app = self.directory().absolute("shop/app.py");
        let process = |id: &str, pid, state: &str| ProcessRecord {
            id: id.to_owned(),
            run: "5eed".to_owned(),
            pid,
            service: Some("web".to_owned()),
            role: Some(Role::Service),
            counted: true,
            command: vec!["gunicorn".to_owned(), "shop.app:app".to_owned()],
            python: Some(PythonRelease {
                major: 3,
                minor: 12,
                micro: 1,
            }),
            state: AgentState::named(state),
            ended: Some(Ending::Exited(0)),
            touched: std::sync::Arc::new([app.clone()].into()),
            ..ProcessRecord::default()
        };
        self.data.accounting.processes = vec![
            process("a1", 101, "measured"),
            process("b2", 102, "wrong-layout"),
        ];
        self.data.accounting.runs = vec![RunRecord {
            id: "5eed".to_owned(),
            facts: vec![
                ("complete".to_owned(), "0".to_owned()),
                ("finding".to_owned(), crate::model::not_measured()),
            ],
        }];
    }

    pub(crate) fn directory(&self) -> Directory {
        Directory::new(self.folder.path())
    }

    /// The model, with details.
    pub(crate) fn report(&self) -> Report {
        let rules = exclusion_rules(&self.config).unwrap();
        let directory = self.directory();
        let mut options =
            ModelOptions::from_config(&self.config, &rules, &self.data, &directory).unwrap();
        options.details = true;
        build_report(&self.data, &options).unwrap()
    }

    /// The pages, with the options changed.
    pub(crate) fn pages(&self, change: impl FnOnce(&mut HtmlOptions)) -> Vec<Piece> {
        let mut options = HtmlOptions::from_config(&self.config).unwrap();
        change(&mut options);
        let source_of = |file: &FileReport| Some(Cow::Owned(file.source.clone()));
        let pages = Mutex::new(Vec::new());
        let put = |piece| -> Result<(), Infallible> {
            pages.lock().unwrap().push(piece);
            Ok(())
        };
        render_html(&self.report(), &self.data, &options, &source_of, &put).unwrap();
        let mut pages = pages.into_inner().unwrap();
        pages.sort_by(|a: &Piece, b: &Piece| a.name.cmp(&b.name));
        pages
    }
}

/// The text of the page whose name begins so.
pub(crate) fn page<'a>(pages: &'a [Piece], start: &str) -> &'a str {
    let page = pages.iter().find(|piece| piece.name.starts_with(start));
    std::str::from_utf8(&page.unwrap().bytes).unwrap()
}

/// A Python that was not measured, as a data file keeps it.
pub(crate) fn not_measured() -> String {
    let reason = NotMeasuredReason::Isolated;
    let process = NotMeasured {
        pid: Some(7),
        command: ["python3", "-I", "tool.py"].map(str::to_owned).to_vec(),
        reason,
        evidence: None,
        container: None,
    };
    recorded(&Finding::NotMeasured {
        reason,
        processes: vec![process],
    })
}

/// A finding as a data file keeps it.
pub(crate) fn recorded(finding: &Finding) -> String {
    serde_json::to_string(&swath_data::RecordedFinding::from(finding)).unwrap()
}
