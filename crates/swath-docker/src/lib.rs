//! The Docker API proxy, and the volumes that carry the agent in and the data out.

mod endpoint;
mod error;
mod message;
mod stream;

pub use endpoint::Endpoint;
pub use error::EngineError;
