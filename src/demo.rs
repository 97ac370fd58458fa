//! The embedded cluster: an API server on loopback with controllers, scheduler and kubelets.

pub mod embedded;
pub mod replay;
pub mod server;
pub mod store;
