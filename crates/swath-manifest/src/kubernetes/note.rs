//! What became of a workload, and the words for it.

use std::fmt;

/// What became of one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadNote {
    /// Its kind, name and namespace.
    pub workload: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It got the agent.
    Injected {
        /// The containers that are measured.
        measured: Vec<String>,
        /// The containers that are not, and why.
        left: Vec<(String, LeftContainer)>,
        /// What should be known of those that are.
        remarks: Vec<(String, Remark)>,
    },
    /// It stays as it is.
    Left(LeftWorkload),
}

/// Why a workload stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftWorkload {
    /// It has been through here.
    Already {
        /// For this run.
        run: Option<String>,
    },
    /// It is of another namespace.
    Namespace,
    /// It is of a kind that swath does not know.
    Kind,
    /// None of its containers can or should be measured.
    NoContainer {
        /// Why not.
        left: Vec<(String, LeftContainer)>,
    },
    /// It runs on Windows.
    Windows,
    /// It shows what a node runs of its own accord.
    Mirror,
    /// It is for no run, and there is a store.
    NoRun,
    /// The run that its label names is no run.
    RunLabel {
        /// What the label holds.
        run: String,
    },
    /// It cannot be done.
    Refused {
        /// Why not.
        what: String,
    },
    /// A name that swath needs is in use.
    NameTaken {
        /// What has the name.
        what: &'static str,
        /// The name.
        name: &'static str,
    },
    /// Its containers use all folders that swath could be mounted at.
    FolderTaken,
    /// A container that ships would keep its pods from ending.
    WouldNotEnd,
    /// Something in it is not as Kubernetes has it.
    Malformed {
        /// What.
        what: &'static str,
    },
    /// Its document has a tag, which could be lost.
    Tagged {
        /// The tag.
        tag: String,
    },
}

/// Why a container is not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftContainer {
    /// No glob of `--measure` names it.
    NotChosen,
    /// It is an init container.
    Init,
    /// It has no name that Kubernetes takes.
    Name,
    /// Its variables or its mounts are not as Kubernetes has them.
    Malformed,
}

/// What should be known of a measured container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// A `PYTHONPATH` may come from `envFrom`; one of the image is not in effect.
    PathFromElsewhere,
    /// A `PYTHONPATH` of the image is not in effect.
    PathOfImage,
}

impl fmt::Display for WorkloadNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workload = &self.workload;
        match &self.outcome {
            Outcome::Injected {
                measured,
                left,
                remarks,
            } => {
                write!(formatter, "{workload}: {}", measured.join(", "))?;
                for (name, reason) in left {
                    write!(formatter, "; not `{name}`, {reason}")?;
                }
                for (name, remark) in remarks {
                    if let Remark::PathFromElsewhere = remark {
                        let text =
                            "takes variables from elsewhere; a PYTHONPATH among them is kept";
                        write!(formatter, "; `{name}` {text}")?;
                    }
                }
                Ok(())
            }
            Outcome::Left(reason) => write!(formatter, "{workload}: {reason}"),
        }
    }
}

impl fmt::Display for LeftWorkload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftWorkload::Already { run: Some(run) } => {
                write!(formatter, "it has the agent already, for run {run}")
            }
            LeftWorkload::Already { run: None } => {
                formatter.write_str("it has the agent already")
            }
            LeftWorkload::Namespace => formatter.write_str("it is of another namespace"),
            LeftWorkload::Kind => formatter.write_str("swath does not know this kind"),
            LeftWorkload::NoContainer { left } => {
                formatter.write_str("no container is measured")?;
                for (name, reason) in left {
                    write!(formatter, "; not `{name}`, {reason}")?;
                }
                Ok(())
            }
            LeftWorkload::Windows => formatter.write_str("it runs on Windows"),
            LeftWorkload::Mirror => {
                formatter.write_str("it is the mirror of a static pod, which a file of its node makes")
            }
            LeftWorkload::NoRun => {
                formatter.write_str("it is for no run: name one in its label `swath.dev/run`")
            }
            LeftWorkload::RunLabel { run } => {
                write!(formatter, "its label `swath.dev/run` is `{run}`, which cannot name a run")
            }
            LeftWorkload::Refused { what } => formatter.write_str(what),
            LeftWorkload::NameTaken { what, name } => {
                write!(formatter, "it has a {what} named `{name}`, as swath's own")
            }
            LeftWorkload::FolderTaken => {
                formatter.write_str("its containers mount something at /swath and at /swath-run")
            }
            LeftWorkload::WouldNotEnd => formatter.write_str(
                "a plain sidecar would keep its pods from ending; `--sidecars native` does not (Kubernetes 1.29)",
            ),
            LeftWorkload::Malformed { what } => {
                write!(formatter, "`{what}` is not as Kubernetes has it")
            }
            LeftWorkload::Tagged { tag } => {
                write!(formatter, "it has the YAML tag `{tag}`")
            }
        }
    }
}

impl fmt::Display for LeftContainer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            LeftContainer::NotChosen => "which no --measure names",
            LeftContainer::Init => "an init container",
            LeftContainer::Name => "which is no name of a container",
            LeftContainer::Malformed => "whose variables or mounts are not as Kubernetes has them",
        })
    }
}
