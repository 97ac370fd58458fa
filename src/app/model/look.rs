//! What is read of the model: every field that others may see, and nothing that decides.

use jiff::Timestamp;

use super::Model;
use crate::app::answers::Answers;
use crate::app::capabilities::Capabilities;
use crate::app::cursor::{Cursor, Focus};
use crate::app::dialog::Dialog;
use crate::app::digest::Digest;
use crate::app::labels::NodeLabels;
use crate::app::layout::Layout;
use crate::app::logs::LogView;
use crate::app::marks::Marks;
use crate::app::notice::Notice;
use crate::app::palette::Palette;
use crate::app::picker::Picker;
use crate::app::relabel::Relabel;
use crate::app::replace::Replacing;
use crate::app::screen::{Open, Screen};
use crate::app::text_view::Room;
use crate::app::writes::Writes;
use crate::domain::expectation::Expectation;
use crate::domain::grid::{Grid, Lens};
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::Inventory;
use crate::domain::text::Text;

impl Model {
    /// What is known of the cluster.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Which rows and columns are shown, in which order.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// By what the grid is filtered, ordered and grouped.
    #[must_use]
    pub fn lens(&self) -> &Lens {
        &self.lens
    }

    /// Where everything goes on the screen.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The terminal's columns and lines.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// What the terminal can show.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.settings.capabilities
    }

    /// The context's name.
    #[must_use]
    pub fn context(&self) -> &Text {
        &self.settings.context
    }

    /// The namespace that is shown; none for all.
    #[must_use]
    pub fn namespace(&self) -> Option<&Text> {
        self.namespace.as_ref().or(self.settings.scope.as_ref())
    }

    /// What is selected.
    #[must_use]
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// In which half the cursor moves.
    #[must_use]
    pub fn focus(&self) -> Focus {
        self.focus
    }

    /// The words that depend on data and time, made once a frame.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How the node names are shortened.
    #[must_use]
    pub fn node_labels(&self) -> &NodeLabels {
        &self.labels
    }

    /// The first visible row, the first visible column of cells, and the first visible line of the map.
    #[must_use]
    pub fn scrolled(&self) -> (usize, usize, usize) {
        (self.scroll.list, self.scroll.cells, self.scroll.map)
    }

    /// The open screen; none in the grid.
    #[must_use]
    pub fn screen(&self) -> Option<&Open> {
        self.screens.last()
    }

    /// Whether logs are what is seen.
    #[must_use]
    pub fn shows_logs(&self) -> bool {
        matches!(self.screens.last(), Some(Open { screen: Screen::Logs(_), .. }))
    }

    /// The logs that are looked at.
    #[must_use]
    pub fn logs(&self) -> Option<&LogView> {
        self.logs.as_deref()
    }

    /// How much room the lines of a screen have, between its title and the last line.
    #[must_use]
    pub fn room(&self) -> Room {
        let (width, height) = self.size;
        Room { width: usize::from(width.saturating_sub(3)), height: usize::from(height.saturating_sub(3)) }
    }

    /// The list to choose from, if one is open.
    #[must_use]
    pub fn picker(&self) -> Option<&Picker> {
        self.picker.as_ref()
    }

    /// A short word to the user.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The filter as typed, and whether it is being typed now.
    #[must_use]
    pub fn filter(&self) -> (&str, bool) {
        (&self.filter, self.typing)
    }

    /// What stands in the last line: the search in the open screen or the filter of the grid, and whether it is being
    /// typed now.
    #[must_use]
    pub fn typed(&self) -> (&str, bool) {
        match self.screens.last() {
            Some(open) => (&open.view.search.typed, open.view.search.is_typing),
            None => self.filter(),
        }
    }

    /// Answers to what was asked once.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// What is marked.
    #[must_use]
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The write that is being shown, confirmed or followed.
    #[must_use]
    pub fn dialog(&self) -> Option<&Dialog> {
        self.dialog.as_ref()
    }

    /// The change of nodes that is being edited, confirmed or followed.
    #[must_use]
    pub fn relabel(&self) -> Option<&Relabel> {
        self.relabel.as_ref()
    }

    /// What is foretold for a cell and has not come true yet.
    #[must_use]
    pub fn expectation(&self, daemon_set: &Uid, node: &NodeName) -> Option<&Expectation> {
        // Most of the time nothing is foretold, and this is asked for every cell that is drawn.
        if self.expected.is_empty() {
            return None;
        }
        self.expected.get(&(daemon_set.clone(), node.clone()))
    }

    /// What the cluster did otherwise than foretold, and when that was clear.
    #[must_use]
    pub fn otherwise(&self) -> &[(Timestamp, String)] {
        &self.otherwise
    }

    /// Writes whose outcome is not known.
    #[must_use]
    pub fn writes(&self) -> &Writes {
        &self.writes
    }

    /// The replacement that this dsgrid carries out, or has carried out.
    #[must_use]
    pub fn replacement(&self) -> Option<&Replacing> {
        self.replacement.as_ref()
    }

    /// The menu of actions, while it is open.
    #[must_use]
    pub fn palette(&self) -> Option<&Palette> {
        self.palette.as_ref()
    }

    /// Whether nothing may be changed, as asked for on the command line or in the configuration.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.settings.read_only
    }

    /// As whom the cluster is talked to; empty where no name is known.
    #[must_use]
    pub fn user(&self) -> &Text {
        &self.settings.user
    }

    /// Server time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Grows whenever the screen would look different.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}
