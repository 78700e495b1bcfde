//! What the services of a fleet recorded, on its way through an object store: hit stores of pods are
//! sent there as segments ([`Shipper`]), and fetched from there again ([`Fleet`]).
//!
//! The store is between machines that do not know each other, and others can write to it: whatever
//! comes from it is bounded and checked, and its names become names of files only after that. This
//! crate judges nothing of a run; what the pods of a run were, and what is missing of them, are
//! values.

mod bucket;
mod credentials;
mod documents;
mod error;
mod fleet;
mod folder;
mod location;
mod object_store;
mod pod_folder;
mod segment;
mod ship;

pub use documents::{Engine, Goodbye, PodDocument};
pub use error::StoreError;
pub use fleet::{FetchedContainer, FetchedPod, Fleet, FleetPod, Listing, PodState};
pub use location::RunLocation;
pub use object_store::ObjectStore;
pub use ship::{Round, Shipper, ShipperSettings, TaskShipper};
