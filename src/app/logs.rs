//! Logs of one or many pods: which streams are open, and what is seen of their lines.

mod beside;
mod compare;
mod matches;
mod rows;
mod streams;
mod tint;
mod title;
mod view;
mod walk;

pub use beside::{Beside, Halves, Side};
pub use compare::{Compare, CompareRow, healthy};
pub use rows::{JsonMode, LogRow, NOTE_MARGIN};
pub use streams::{Reading, Step, Stream, StreamState, Streams, Subject};
pub use tint::Tint;
pub use title::{Title, heads, title};
pub(in crate::app) use view::Behind;
pub use view::{LogView, PRESETS};
