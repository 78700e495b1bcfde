//! What all pages share: which files have pages, where they are, who ran them.

use std::collections::BTreeMap;

use swath_coverage::{AttributionReport, FileReport, Numbers, Report};
use swath_data::{CoverageData, ProcessRecord};
use swath_model::Role;

use super::lines::{FunctionFigures, function_figures};
use super::page_names::{PageKind, PageNames};
use super::{HtmlOptions, SourceOf};
use crate::hole_ranking::RankedFile;

/// A file that has a page.
pub(super) struct FilePage<'a> {
    pub(super) file: &'a FileReport,
    /// Where its page is, from the report's folder.
    pub(super) name: String,
    /// Its functions, in the order of their lines.
    pub(super) functions: Vec<FunctionFigures<'a>>,
    /// The places of the processes that ran it, in the accounting.
    pub(super) processes: Vec<usize>,
}

impl FilePage<'_> {
    /// Whether anything of it did not run.
    pub(super) fn has_holes(&self) -> bool {
        let numbers = &self.file.numbers;
        numbers.missing > 0 || numbers.partial_branches > 0
    }
}

impl RankedFile for FilePage<'_> {
    fn file(&self) -> &FileReport {
        self.file
    }

    fn functions(&self) -> &[FunctionFigures<'_>] {
        &self.functions
    }
}

/// The whole report.
pub(super) struct Site<'a> {
    pub(super) report: &'a Report,
    pub(super) data: &'a CoverageData,
    pub(super) options: &'a HtmlOptions,
    pub(super) source_of: &'a SourceOf<'a>,
    pub(super) pages: Vec<FilePage<'a>>,
    /// The place of each file's page, by that of the file in the report.
    page_places: Vec<Option<usize>>,
    /// Tests and endpoints.
    pub(super) attribution: AttributionReport,
    /// Where the page of each test is, from the report's folder.
    pub(super) test_pages: Vec<String>,
    /// Files without a page because everything in them ran.
    pub(super) covered: usize,
    /// Files without a page because they hold no statements.
    pub(super) empty: usize,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        report: &'a Report,
        data: &'a CoverageData,
        options: &'a HtmlOptions,
        source_of: &'a SourceOf<'a>,
    ) -> Self {
        let mut touched: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, process) in data.accounting.processes.iter().enumerate() {
            for path in &*process.touched {
                touched.entry(path).or_default().push(index);
            }
        }
        let mut names = PageNames::default();
        let mut site = Self {
            report,
            data,
            options,
            source_of,
            pages: Vec::new(),
            page_places: Vec::new(),
            attribution: AttributionReport::default(),
            test_pages: Vec::new(),
            covered: 0,
            empty: 0,
        };
        for file in &report.files {
            let numbers = &file.numbers;
            let page = site.pages.len();
            if options.skip_covered && numbers.missing == 0 && numbers.partial_branches == 0 {
                site.covered += 1;
            } else if options.skip_empty && numbers.statements == 0 {
                site.empty += 1;
            } else {
                site.pages.push(FilePage {
                    file,
                    name: names.name(PageKind::File, &file.name),
                    functions: function_figures(file),
                    processes: touched.remove(file.recorded.as_str()).unwrap_or_default(),
                });
            }
            site.page_places
                .push((page < site.pages.len()).then_some(page));
        }
        if !data.accounting.attribution.is_empty() {
            site.attribution = AttributionReport::new(data, report, options.contexts.as_ref());
            let tests = site.attribution.tests.iter();
            site.test_pages = tests
                .map(|test| names.name(PageKind::Test, &test.name))
                .collect();
        }
        site
    }

    /// Whether there is a page of tests.
    pub(super) fn has_tests(&self) -> bool {
        !self.attribution.tests.is_empty()
    }

    /// Whether there is a page of endpoints.
    pub(super) fn has_endpoints(&self) -> bool {
        !self.attribution.endpoints.is_empty()
    }

    /// Where the page of a file of the report is, from the report's folder.
    pub(super) fn page_of(&self, file: usize) -> Option<&str> {
        let place = self.page_places.get(file).copied().flatten()?;
        self.pages.get(place).map(|page| page.name.as_str())
    }

    /// Where the page of a test is; phases in parentheses may stand behind its name.
    pub(super) fn test_page(&self, name: &str) -> Option<&str> {
        let tests = &self.attribution.tests;
        let find = |name: &str| tests.binary_search_by(|test| test.name.as_str().cmp(name));
        let place = find(name).or_else(|place| match name.rsplit_once(" (") {
            Some((name, _)) => find(name),
            None => Err(place),
        });
        self.test_pages.get(place.ok()?).map(String::as_str)
    }

    pub(super) fn totals(&self) -> &Numbers {
        &self.report.totals
    }

    /// The name of the service, or the role, of each process that ran a file, each once.
    pub(super) fn services(&self, processes: &[usize]) -> Vec<&'a str> {
        let processes = processes
            .iter()
            .filter_map(|&index| self.data.accounting.processes.get(index));
        let mut names: Vec<&str> = processes.map(service_name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether any process is known, so that a column for them says something.
    pub(super) fn has_services(&self) -> bool {
        !self.data.accounting.processes.is_empty()
    }
}

/// The service of a process, or its role.
pub(super) fn service_name(process: &ProcessRecord) -> &str {
    match &process.service {
        Some(service) => service,
        None => process.role.map_or("process", Role::name),
    }
}
