//! Why a change concerns a test, and what else there is to say of a changed file.

/// Why a changed file concerns the tests that it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// They ran the changed lines, or the function that they are in.
    Ran,
    /// They share what ran it before them: the set-up of a test may be a fixture's of several.
    SharedSetup,
    /// It ran for no test that is known: at start-up, or beside the requests.
    RanForNoTest,
    /// It ran for few, and what it left behind may serve others: a cache, a connection, a thread.
    Kept,
    /// It runs when the module is imported: they called a service that did, or are in a process that
    /// did.
    Module,
    /// A process whose lines are not in the data ran the file: the tests themselves.
    RanInTests,
    /// What ran of it cannot be found in the texts that are here.
    NotFollowed {
        /// Why.
        why: String,
    },
    /// It is a file of tests, and they are in it.
    TestFile,
    /// It is a `conftest.py`, and they are below its folder.
    Conftest,
    /// It is new, and code that they ran names it, or nobody does.
    NewModule,
    /// It is Python that nobody measured.
    NotMeasured,
    /// It is no Python: nobody knows who reads it.
    NotPython,
    /// It is a submodule that git cannot look into.
    Submodule {
        /// What git said.
        complaint: String,
    },
}

impl Cause {
    /// A stable name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::SharedSetup => "shared-setup",
            Self::RanForNoTest => "ran-for-no-test",
            Self::Kept => "kept",
            Self::Module => "module",
            Self::RanInTests => "ran-in-tests",
            Self::NotFollowed { .. } => "not-followed",
            Self::TestFile => "test-file",
            Self::Conftest => "conftest",
            Self::NewModule => "new-module",
            Self::NotMeasured => "not-measured",
            Self::NotPython => "not-python",
            Self::Submodule { .. } => "submodule",
        }
    }

    /// Whether names of tests may be other ones after such a change: parameters are computed.
    pub(super) fn may_rename(&self) -> bool {
        !matches!(
            self,
            Self::Ran | Self::SharedSetup | Self::Kept | Self::RanForNoTest
        )
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Ran => "they ran what changed",
            Self::SharedSetup => "it ran in a set-up that tests may share",
            Self::RanForNoTest => "it ran at start-up, or for no test",
            Self::Kept => "what it leaves behind may serve others",
            Self::Module => "it runs on import",
            Self::RanInTests => "the tests' own process ran it",
            Self::NotFollowed { why } => return write!(formatter, "{why}"),
            Self::TestFile => "it holds tests",
            Self::Conftest => "it configures the tests below its folder",
            Self::NewModule => "it is new",
            Self::NotMeasured => "it is not measured",
            Self::NotPython => "it is not Python",
            Self::Submodule { complaint } => return formatter.write_str(complaint),
        })
    }
}
