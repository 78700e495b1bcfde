//! What a run delivers whose agent does nothing.

use std::collections::BTreeSet;
use std::path::Path;

use swath_docker::{AgentFile, Delivery, Limits, SettingsOf, TaskConfigs};

/// That of the run with this name, whose folder is there.
pub(crate) fn delivery(run: &str, folder: &Path) -> Delivery {
    Delivery {
        run: run.to_owned(),
        agent: vec![AgentFile {
            name: "sitecustomize.py".to_owned(),
            bytes: Vec::new(),
        }],
        inject: swath_agent::Inject::Path,
        settings: SettingsOf::same(Vec::new()),
        configs: TaskConfigs::new(|_, _| Vec::new()),
        shipping: None,
        is_beside_fleet: false,
        gather_into: folder.join("containers"),
        services: BTreeSet::new(),
        limits: Limits::default(),
    }
}
