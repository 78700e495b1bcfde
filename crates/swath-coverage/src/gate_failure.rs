//! What is said of gates that did not pass.

use std::fmt;

use swath_config::GateSubject;
use swath_model::{Message, count, join_and, neutralize_control};

use crate::ServiceGap;

/// A message names no more than so many endpoints.
const MOST_NAMED: usize = 3;

/// A gate that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateFailure {
    /// Less is covered.
    Below {
        /// What was judged.
        subject: GateSubject,
        /// Its share in percent, as reports show it.
        shown: String,
        /// The lowest share that passes, in percent.
        minimum: String,
        /// How many more lines or branches have to be reached.
        short: usize,
        /// Of what.
        things: &'static str,
    },
    /// Less is covered than in a run of another time.
    Less {
        /// The share in percent, as reports show it.
        shown: String,
        /// That of the other run.
        before: String,
        /// The branch of the other run.
        branch: String,
        /// How many points less that is.
        points: String,
        /// How many points less would pass.
        tolerance: String,
    },
    /// Branches were not measured.
    NoBranches,
    /// Changed files of which nobody knows what ran.
    NotJudged {
        /// How many.
        files: usize,
    },
    /// No file of the report matches.
    NoFile {
        /// The pattern.
        pattern: String,
    },
    /// Nobody knows what a service counts.
    NoService {
        /// The service.
        service: String,
        /// Why.
        gap: ServiceGap,
    },
    /// Nobody knows what was called.
    NoEndpoints,
    /// Routes that nobody called.
    NeverCalled {
        /// They, each with its service.
        endpoints: Vec<String>,
        /// How many there are that should have been called.
        of: usize,
    },
    /// Services of which nobody knows the routes.
    NoRoutes {
        /// Their names.
        services: Vec<String>,
    },
    /// Endpoints that answered with a server error.
    ServerErrors {
        /// They, each with its service and the errors.
        endpoints: Vec<String>,
    },
}

impl fmt::Display for GateFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below {
                subject,
                shown,
                minimum,
                short,
                things,
            } => {
                let things = if *short == 1 {
                    things
                        .replace("lines", "line")
                        .replace("branches", "branch")
                } else {
                    (*things).to_owned()
                };
                write!(
                    formatter,
                    "{subject}: {shown}% covered, {minimum}% is the minimum: {short} {things} short"
                )
            }
            Self::Less {
                shown,
                before,
                branch,
                points,
                tolerance,
            } => {
                let branch = neutralize_control(branch);
                write!(
                    formatter,
                    "total: {shown}% covered, {before}% in the last run of `{branch}`: {points} points less"
                )?;
                match tolerance.as_str() {
                    "0" => Ok(()),
                    tolerance => write!(formatter, ", {tolerance} would pass"),
                }
            }
            Self::NoBranches => formatter.write_str("branches: not measured"),
            Self::NotJudged { files } => {
                let files = count(*files, "changed file");
                write!(formatter, "changed lines: {files} cannot be judged")
            }
            Self::NoFile { pattern } => {
                write!(formatter, "files `{pattern}`: none was measured")
            }
            Self::NoService { service, gap } => {
                let gap = match gap {
                    ServiceGap::Unknown { .. } => "the data has no such service",
                    ServiceGap::NoLines => "the data has no line that it ran",
                    ServiceGap::NoFile => "none of its files is in the report",
                };
                write!(formatter, "service `{service}`: {gap}")
            }
            Self::NoEndpoints => {
                formatter.write_str("endpoints: the data does not say which were called")
            }
            Self::NeverCalled { endpoints, of } => {
                let were = if endpoints.len() == 1 { "was" } else { "were" };
                let (never, named) = (endpoints.len(), first_of(endpoints));
                write!(
                    formatter,
                    "endpoints: {never} of {of} {were} never called: {named}"
                )
            }
            Self::NoRoutes { services } => {
                let (say, they) = match services.len() {
                    1 => ("does not say", "it has"),
                    _ => ("do not say", "they have"),
                };
                let services = join_and(services);
                write!(formatter, "endpoints: {services} {say} which routes {they}")
            }
            Self::ServerErrors { endpoints } => {
                let (all, named) = (endpoints.len(), first_of(endpoints));
                write!(
                    formatter,
                    "endpoints: {all} answered with a server error: {named}"
                )
            }
        }
    }
}

impl GateFailure {
    /// The stable name of what did not pass.
    fn code(&self) -> &'static str {
        match self {
            Self::Below { .. }
            | Self::Less { .. }
            | Self::NoBranches
            | Self::NotJudged { .. }
            | Self::NoFile { .. } => "below-minimum",
            Self::NoService { .. } => "unknown-service",
            Self::NoEndpoints => "no-attribution",
            Self::NeverCalled { .. } => "never-called",
            Self::NoRoutes { .. } => "no-routes",
            Self::ServerErrors { .. } => "server-errors",
        }
    }

    /// What people are told.
    pub fn message(&self) -> Message {
        let hint = match self {
            Self::Below { .. } => None,
            Self::Less { .. } => {
                Some("`swath history show --folders` shows which folders have less".to_owned())
            }
            Self::NoBranches => Some("measure with `--branch`".to_owned()),
            Self::NotJudged { .. } => Some("`swath diff` names them; measure again".to_owned()),
            Self::NoFile { .. } => Some("patterns are those of `[report] include`".to_owned()),
            Self::NoService { gap, .. } => Some(gap.hint()),
            Self::NoEndpoints => Some("swath run --attribution".to_owned()),
            Self::NeverCalled { .. } => Some(
                "`swath report --by endpoint` lists all of them; `except` in `[gates.endpoints]` leaves some out"
                    .to_owned(),
            ),
            Self::NoRoutes { .. } => Some(
                "name a description as `openapi` in `[gates.endpoints]`, or leave a service out: `except = [\"NAME * *\"]`"
                    .to_owned(),
            ),
            Self::ServerErrors { .. } => Some(
                "`swath report --by endpoint` lists the statuses; `except` in `[gates.endpoints]` leaves some out"
                    .to_owned(),
            ),
        };
        Message::error(self.code(), self.to_string()).hint(hint)
    }
}

impl ServiceGap {
    fn hint(&self) -> String {
        match self {
            Self::Unknown { known } if known.is_empty() => {
                "name services with `--service NAME=COMMAND` or `[services.NAME]`".to_owned()
            }
            Self::Unknown { known } => {
                let known: Vec<String> = (known.iter())
                    .map(|name| format!("`{}`", neutralize_control(name)))
                    .collect();
                format!("its services are {}", join_and(&known))
            }
            Self::NoLines => {
                "check that its code is in `source`; data of an older swath is measured again"
                    .to_owned()
            }
            Self::NoFile => "`include` and `omit` say which files are in the report".to_owned(),
        }
    }
}

/// The first of several endpoints, and how many there are besides.
fn first_of(endpoints: &[String]) -> String {
    let named = endpoints.iter().take(MOST_NAMED);
    let named = named.map(String::as_str).collect::<Vec<_>>().join(", ");
    match endpoints.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
