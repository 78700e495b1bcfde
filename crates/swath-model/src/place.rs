//! Where processes ran.

use std::fmt;

/// Where processes ran under one set of circumstances: one environment, one configuration file, one
/// set of paths and process ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Place {
    /// This machine, as the user who started swath.
    #[default]
    Host,
    /// A container.
    Container {
        /// Its name.
        name: String,
        /// The service that it belongs to, as its engine calls it.
        service: Option<String>,
    },
}

impl fmt::Display for Place {
    /// The name under which people know it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Host => formatter.write_str("this host"),
            Place::Container { name, service } => {
                formatter.write_str(service.as_ref().unwrap_or(name))
            }
        }
    }
}
