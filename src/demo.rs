//! The embedded cluster: an API server on loopback with controllers, scheduler and kubelets.

pub mod store;
