//! Draws the model. Nothing here changes it: drawing reads, `update` decides.

mod bars;
mod detail;
mod dialog;
mod glyph;
mod header;
mod hints;
mod line;
mod list;
mod logs;
mod map;
mod matrix;
mod message;
mod page;
mod palette;
mod picker;
mod popup;
mod relabel;
mod theme;
mod transposed;

pub use theme::{Role, Theme};

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::layout::Mode;
use crate::app::{Model, Replacing};
use crate::domain::cell::CellState;
use crate::domain::inventory::{ColumnSlot, Row};
use crate::domain::preview::Outcome;

/// What every part of the screen draws on and with.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    model: &'a Model,
    theme: &'a Theme,
    area: Rect,
    /// The cells whose pods are being replaced by this dsgrid.
    in_flight: BTreeSet<ColumnSlot>,
}

/// The nodes where a pod is being replaced by this dsgrid: a few, looked for once a frame.
fn in_flight(model: &Model) -> BTreeSet<ColumnSlot> {
    let replacing = model.replacement().filter(|replacing| replacing.is_active());
    let works = replacing.into_iter().flat_map(Replacing::in_flight);
    works.filter_map(|work| model.inventory().column_of(&work.candidate.node)).collect()
}

impl Canvas<'_> {
    /// Whether the pod of this cell is being replaced by this dsgrid.
    fn is_in_flight(&self, row: Option<&Row>, column: ColumnSlot) -> bool {
        let of = self.model.replacement().map(|replacing| &replacing.run().plan().daemon_set.uid);
        self.in_flight.contains(&column) && row.is_some_and(|row| Some(&row.daemon_set.meta.uid) == of)
    }

    /// Whether a cell is marked, itself or by its node; without a DaemonSet, whether the node is.
    fn is_marked(&self, row: Option<&Row>, column: ColumnSlot) -> bool {
        let marks = self.model.marks();
        if marks.is_empty() {
            return false;
        }
        let name = self.model.inventory().column_at(column).map(|column| &column.name);
        let uid = row.map(|row| &row.daemon_set.meta.uid);
        name.is_some_and(|name| marks.holds(None, name) || (uid.is_some() && marks.holds(uid, name)))
    }
}

impl Canvas<'_> {
    /// The sign and style of a cell of which something is foretold that is not true yet.
    fn expected(&self, row: &Row, column: ColumnSlot) -> Option<(&'static str, CellState, Style)> {
        let node = &self.model.inventory().column_at(column)?.name;
        let expectation = self.model.expectation(&row.daemon_set.meta.uid, node)?;
        let state = match expectation.impact.outcome {
            Outcome::Start => CellState::Starting,
            _ => CellState::Terminating,
        };
        let style = self.theme.cell(state).add_modifier(Modifier::UNDERLINED);
        Some((self.theme.glyphs().expected(), state, style))
    }
}

/// Draws the whole screen:
///
/// ```text
/// header: context, totals, what is wrong            links
///    headings                                       nodes
/// >✕ rows                                           cells
/// -- map of the selected DaemonSet ----------------------
///  zone cells
/// what is selected, in one sentence
/// keys, or a message, or the filter
/// ```
///
/// A full screen takes the lines between the first and the last.
pub fn draw(frame: &mut Frame, model: &Model, theme: &Theme) {
    let area = frame.area();
    let mut canvas = Canvas { buffer: frame.buffer_mut(), model, theme, area, in_flight: in_flight(model) };
    // The size is a message, so for a moment the model may still know the old one.
    let known = model.size();
    if (area.width, area.height) != known || model.layout().mode == Mode::TooSmall {
        message::too_small(&mut canvas);
        return;
    }
    let has_header = !model.logs().is_some_and(|view| view.is_full_screen && model.shows_logs());
    if has_header {
        header::draw(&mut canvas);
    }
    if relabel::draw(&mut canvas) {
        hints::draw(&mut canvas);
        return;
    }
    if model.shows_logs() {
        logs::draw(&mut canvas);
    } else if model.screen().is_some() {
        page::draw(&mut canvas);
    } else {
        grid(&mut canvas);
    }
    hints::draw(&mut canvas);
    picker::draw(&mut canvas);
    palette::draw(&mut canvas);
    dialog::draw(&mut canvas);
}

fn grid(canvas: &mut Canvas) {
    match canvas.model.layout().mode {
        Mode::Transposed => transposed::draw(canvas),
        Mode::Words | Mode::Matrix | Mode::Bars | Mode::TooSmall => list::draw(canvas),
    }
    map::draw(canvas);
    message::nothing_to_show(canvas);
    detail::draw(canvas);
}
