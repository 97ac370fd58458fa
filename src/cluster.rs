//! Talks to a Kubernetes API server and turns its answers into domain events.
