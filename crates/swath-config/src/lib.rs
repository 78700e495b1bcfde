//! Settings from coverage.py's configuration files and `swath.toml`.
//!
//! Two kinds of settings, two owners: what coverage.py knows is read from coverage.py's files exactly as
//! coverage.py reads them ([`CoverageConfig`]); how a run is made is read from swath's own file
//! ([`SwathConfig`]). It never acts on a setting.

mod attributes;
mod coverage_config;
mod debug_info;
mod duration;
mod endpoint_gates;
mod env_file;
mod environment;
mod error;
mod gates;
mod ini;
mod options;
mod piped;
mod process_config;
mod project;
mod python_text;
mod ready;
mod search;
mod services;
mod settings;
mod substitution;
mod swath_config;
mod toml_file;
mod toml_value;
mod tomllib;

pub use coverage_config::CoverageConfig;
pub use debug_info::debug_config;
pub use duration::parse_duration;
pub use endpoint_gates::{EndpointGates, EndpointPattern, EndpointRule};
pub use env_file::{EnvFileError, parse_env_file, read_env_file};
pub use environment::{Environment, ProcessEnvironment};
pub use error::ConfigError;
pub use gates::{GateSetting, GateSettingError, GateSubject, Ratchet, SaidGate, is_percentage};
pub use project::{VersionRange, requires_python};
pub use ready::{Ready, ReadyError};
pub use search::{Loaded, RcFile};
pub use services::{Service, StopSignal};
pub use swath_config::{
    ComposeProject, FleetSettings, Place, ShippingSettings, Suggestion, SwathConfig,
    SwathConfigError, settings_reference, settings_schema,
};
