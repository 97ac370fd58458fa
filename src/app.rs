//! The monitor as a value: [`Model`], messages, and [`update()`], the one function that changes it.
//!
//! Nothing here does I/O or reads a clock: time arrives as a message, work leaves as an [`Effect`].
//! So any behaviour is a list of messages, and any bug can be replayed from one.

mod action;
mod answers;
mod capabilities;
mod cursor;
mod describe;
mod digest;
mod effect;
mod hints;
pub mod keymap;
mod labels;
pub mod layout;
pub mod lines;
pub mod logs;
mod model;
mod msg;
mod notice;
mod overlay;
mod page;
mod problems;
mod screen;
mod search;
mod text_view;
mod update;
pub mod viewport;

pub use action::Action;
pub use answers::Answers;
pub use capabilities::{Capabilities, Colour};
pub use cursor::{ColumnPlace, CountColumn, Cursor, Focus, RowPlace};
pub use describe::number;
pub use digest::{Digest, RowLine, Tag};
pub use effect::Effect;
pub use hints::hints;
pub use labels::NodeLabels;
pub use model::{Model, Settings};
pub use msg::Msg;
pub use notice::Notice;
pub use overlay::{Overlay, Picker, PickerKind};
pub use page::{Line, LineKind, Page};
pub use screen::{Open, Screen};
pub use search::Search;
pub use text_view::{Room, TextView, ViewRow};
pub use update::update;
