//! The embedded cluster: an API server on loopback with controllers, scheduler and kubelets.

pub mod controller;
pub mod disruption;
pub mod embedded;
pub mod events;
pub mod kubelet;
pub mod lifecycle;
pub mod replay;
pub mod scenario;
pub mod scheduler;
pub mod server;
pub mod simulation;
pub mod store;
