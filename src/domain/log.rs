//! What containers print: lines made safe to draw, merged by time, bounded in bytes, resumed without loss or repeats.
//!
//! A line is decoded once ([`Line::read`]); after that it holds no escape, only text and styles.

mod buffer;
mod container;
mod decode;
mod json;
mod last_words;
mod level;
mod request;
mod resume;
mod stream;

pub use buffer::{DEFAULT_MEMORY, Entry, Limits, LineKey, LogBuffer, WAITING_SHARE, held};
pub use container::{ContainerKind, containers, default_container};
pub use decode::{Hue, LONGEST_LINE, Line, Run, Style, plain};
pub use json::{fold, pretty};
pub use last_words::{Ending, LastWords, group, last_line, normalise};
pub use level::{Level, level};
pub use request::{LogEnd, LogNews, LogRequest, Since, StreamId};
pub use resume::Resume;
pub use stream::{DEFAULT_STREAMS, MOST_STREAMS, Selection, Target, select};
