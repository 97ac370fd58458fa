//! Logs of one or many pods: which streams are open, and what is seen of their lines.

mod compare;
mod rows;
mod streams;
mod title;
mod view;
mod walk;

pub use compare::{Compare, CompareRow};
pub use rows::{JsonMode, LogRow, NOTE_MARGIN};
pub use streams::{Reading, Step, Stream, StreamState, Streams, Subject};
pub use title::{Title, title};
pub use view::{LogView, PRESETS};
