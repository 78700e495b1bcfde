//! The tools that are compared, and how each runs a program.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use swath_test::{Python, Requirements, Venv, coverage_requirements, example_requirements, venv};

/// A way to run a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Tool {
    /// Without coverage.
    Nothing,
    /// coverage.py with its C tracer.
    CTracer,
    /// coverage.py on `sys.monitoring`.
    SysMonitoring,
    /// SlipCover.
    SlipCover,
    /// swath.
    Swath,
    /// coverage.py with its C tracer, measuring branches.
    CTracerBranch,
    /// swath, measuring branches.
    SwathBranch,
}

impl Tool {
    pub(super) const ALL: [Self; 7] = [
        Self::Nothing,
        Self::CTracer,
        Self::SysMonitoring,
        Self::SlipCover,
        Self::Swath,
        Self::CTracerBranch,
        Self::SwathBranch,
    ];
    /// Those that measure lines.
    pub(super) const LINES: [Self; 4] = [
        Self::CTracer,
        Self::SysMonitoring,
        Self::SlipCover,
        Self::Swath,
    ];
    /// Those that measure branches.
    pub(super) const BRANCHES: [Self; 2] = [Self::CTracerBranch, Self::SwathBranch];

    /// What the page calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Nothing => "no coverage",
            Self::CTracer => "coverage.py, C tracer",
            Self::SysMonitoring => "coverage.py, sysmon",
            Self::SlipCover => "SlipCover",
            Self::Swath => "swath",
            Self::CTracerBranch => "coverage.py, C tracer, branches",
            Self::SwathBranch => "swath, branches",
        }
    }

    /// Whether it measures branches.
    pub(super) fn branch(self) -> bool {
        Self::BRANCHES.contains(&self)
    }

    /// Whether it is swath.
    pub(super) fn is_swath(self) -> bool {
        matches!(self, Self::Swath | Self::SwathBranch)
    }

    /// The value of `COVERAGE_CORE` that makes coverage.py be this tool.
    pub(super) fn coverage_core(self) -> Option<&'static str> {
        match self {
            Self::CTracer | Self::CTracerBranch => Some("ctrace"),
            Self::SysMonitoring => Some("sysmon"),
            _ => None,
        }
    }

    /// What its virtual environment holds.
    pub(super) fn requirements(self) -> Requirements {
        match self {
            Self::SlipCover => example_requirements().with(["slipcover"]),
            _ => example_requirements().and(&coverage_requirements()),
        }
    }

    /// Its virtual environment, if the tool works on this Python.
    pub(super) fn venv(self, python: &Python) -> Option<Venv> {
        // SlipCover 1.1 wants a Python below 3.15.
        let has_none = self == Self::SlipCover && python.version >= (3, 15);
        if has_none || self == Self::SysMonitoring && python.version < (3, 12) {
            return None;
        }
        venv(python, &self.requirements())
    }

    /// A command that runs `driver.py WORKLOAD` of `folder`, with everything in `folder` measured.
    pub(super) fn command(self, venv: &Venv, swath: &Path, folder: &Path, name: &str) -> Command {
        let mut command = venv.command("python");
        match self {
            Self::Nothing => {}
            Self::CTracer | Self::SysMonitoring | Self::CTracerBranch => {
                command.args(["-m", "coverage", "run", "--source=."]);
                command.args(self.branch().then_some("--branch"));
                command.env("COVERAGE_FILE", folder.join("data.coverage"));
                command.env("COVERAGE_CORE", self.coverage_core().unwrap_or_default());
            }
            Self::SlipCover => {
                command.args(["-m", "slipcover", "--source", ".", "--out", "slipcover.txt"]);
            }
            Self::Swath | Self::SwathBranch => {
                command = super::web::same_environment(&command, swath);
                command.args(["run", "--source=.", "--data-file=data.swath"]);
                command.args(self.branch().then_some("--branch"));
                command.arg("--python");
                command.arg(venv.python());
            }
        }
        command.current_dir(folder).args(["driver.py", name]);
        command
    }
}
