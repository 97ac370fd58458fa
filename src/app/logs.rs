//! Logs of one or many pods: which streams are open, and what is seen of their lines.

mod streams;

pub use streams::{Reading, Step, Stream, StreamState, Streams, Subject};
