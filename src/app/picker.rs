//! A list to choose from, over the grid or a screen.

use crate::domain::text::Text;

/// The lines of a page in a list; how many are in sight depends on the screen, so this is a fair guess.
pub(super) const PAGE: usize = 9;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerKind {
    /// A namespace.
    Namespace,
    /// The label by which nodes are grouped.
    Group,
    /// The container whose logs are read.
    Container,
}

/// A list to choose from; it takes the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picker {
    /// What is chosen.
    pub kind: PickerKind,
    /// The entries with a word on each; an entry without a value means all, or none.
    pub entries: Vec<(Option<Text>, String)>,
    /// The marked one.
    pub at: usize,
}

impl Picker {
    /// The question.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.kind {
            PickerKind::Namespace => "show which namespace",
            PickerKind::Group => "group nodes by which label",
            PickerKind::Container => "logs of which container",
        }
    }

    /// The words for the entry that means all, or none.
    #[must_use]
    pub fn nothing(&self) -> &'static str {
        match self.kind {
            PickerKind::Namespace => "all namespaces",
            PickerKind::Group => "do not group",
            PickerKind::Container => "the default one",
        }
    }
}
