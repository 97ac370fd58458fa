//! The pure rules: no I/O, no clock, no Kubernetes client.
