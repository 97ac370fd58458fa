//! The monitor as a value: [`Model`], messages, and [`update()`], the one function that changes it.
//!
//! Nothing here does I/O or reads a clock: time arrives as a message, work leaves as an [`Effect`].
//! So any behaviour is a list of messages, and any bug can be replayed from one.

mod action;
mod answers;
mod availability;
mod capabilities;
mod cursor;
mod describe;
mod dialog;
mod digest;
mod effect;
mod hints;
mod intent;
pub mod keymap;
mod labels;
pub mod layout;
pub mod lines;
pub mod logs;
mod marks;
mod model;
mod msg;
mod notice;
mod outcome;
mod page;
mod palette;
mod picker;
mod problems;
mod relabel;
mod replace;
mod screen;
mod search;
mod shown;
mod sparkline;
mod text_view;
mod typing;
mod update;
pub mod viewport;
mod writes;

pub use action::Action;
pub use answers::Answers;
pub use availability::unavailable;
pub use capabilities::{Capabilities, Colour};
pub use cursor::{ColumnPlace, CountColumn, Cursor, Focus, RowPlace};
pub use describe::number;
pub use dialog::{Dialog, DialogPage, Field, Question, Stage, dialog_page};
pub use digest::{Digest, RowLine, Tag};
pub use effect::{Check, Effect};
pub use hints::{Hint, hints};
pub use intent::Intent;
pub use labels::NodeLabels;
pub use marks::{Mark, Marks};
pub use model::{Model, Settings};
pub use msg::Msg;
pub use notice::Notice;
pub use page::{Line, LineKind, Page};
pub use palette::{Entry, Palette, entries};
pub use picker::{Picker, PickerKind};
pub use relabel::{
    EditLine, Editor, Entry as EditEntry, Relabel, RelabelPage, Stage as RelabelStage, relabel_page,
};
pub use replace::{Begin, Event, Replacing};
pub use screen::{NodesOf, Open, Screen};
pub use search::Search;
pub use text_view::{Room, TextView, ViewRow};
pub use update::update;
pub use writes::{Write, Writes};
