//! Counts of what was compared.

/// What was compared.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) suites: usize,
    pub(super) tests: usize,
    pub(super) statements: usize,
    pub(super) missing: usize,
    pub(super) exits: usize,
    pub(super) missing_exits: usize,
    /// Lines of which coverage.py's own runs say different things.
    pub(super) unsteady: usize,
    /// Lines in which coverage.py is known to be wrong.
    pub(super) wrong: usize,
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.suites += other.suites;
        self.tests += other.tests;
        self.statements += other.statements;
        self.missing += other.missing;
        self.exits += other.exits;
        self.missing_exits += other.missing_exits;
        self.unsteady += other.unsteady;
        self.wrong += other.wrong;
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(
            formatter,
            "{} tests, {} of {} statements and {} of {} branches missed",
            self.tests, self.missing, self.statements, self.missing_exits, self.exits
        )?;
        if self.unsteady > 0 {
            let lines = self.unsteady;
            write!(
                formatter,
                "; {lines} lines left out that differ between runs of coverage.py"
            )?;
        }
        if self.wrong > 0 {
            let lines = self.wrong;
            write!(
                formatter,
                "; {lines} lines left out in which coverage.py is known to be wrong"
            )?;
        }
        Ok(())
    }
}
