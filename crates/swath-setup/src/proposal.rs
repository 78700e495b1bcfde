//! How a project could be measured.

/// How the system tests of a project could be run and measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The command that runs the tests, as a shell would read it.
    pub test: Option<String>,
    /// The tests start what they test.
    pub tests_start_services: bool,
    /// The services to start before it, in this order.
    pub services: Vec<ServiceProposal>,
    /// The Compose project to bring up instead.
    pub compose: Option<ComposeProposal>,
    /// What is measured, in the words of coverage.py's `source`: folders of the project.
    pub source: Vec<String>,
    /// What of it is no part of the service, in the words of coverage.py's `omit`.
    pub omit: Vec<String>,
    /// What it is derived from, one phrase each.
    pub found: Vec<String>,
    /// What was looked for and not found, or could not be used: one sentence each.
    pub remarks: Vec<String>,
}

impl Proposal {
    /// Whether it says what the tests are.
    #[must_use]
    pub fn has_tests(&self) -> bool {
        let compose = self.compose.as_ref();
        self.test.is_some() || compose.is_some_and(|compose| compose.test_service.is_some())
    }

    /// Whether anything would be started besides the tests.
    #[must_use]
    pub fn starts_services(&self) -> bool {
        !self.services.is_empty() || self.compose.is_some()
    }
}

/// A service that swath starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceProposal {
    /// Its name.
    pub name: String,
    /// The command line, as a shell would read it.
    pub command: String,
    /// When it is ready, as `swath.toml` has it.
    pub ready: Option<String>,
    /// Variables that it needs.
    pub environment: Vec<(String, String)>,
    /// The folder that it is started in, from the project's.
    pub folder: Option<String>,
}

/// A Compose project that swath brings up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComposeProposal {
    /// Its files.
    pub files: Vec<String>,
    /// The service that runs the tests, if it has one.
    pub test_service: Option<String>,
    /// The profile that has to be activated for it.
    pub profile: Option<String>,
    /// Services without a health check, and when they are ready.
    pub ready: Vec<(String, String)>,
}
