//! The widths of the list's columns.

use super::{Mode, Shape, WORD_WIDTH};
use crate::app::cursor::CountColumn;
use crate::app::viewport::extent;

/// Cursor mark, worst glyph, space.
const MARGIN: u16 = 3;
/// A name is not cut shorter than this.
const NAME_LEAST: u16 = 16;
/// Nor made longer than this, unless there is room to spare.
const NAME_MOST: u16 = 34;
/// A shorter explanation would say nothing.
const WHY_LEAST: u16 = 12;
/// Most explanations fit into this.
const WHY_GOOD: u16 = 48;
/// What an explanation takes at least, with the space around it.
pub(super) const LEAST_WHY: u16 = WHY_LEAST + 3;
/// A bar with its numbers needs at least this much a group.
const BAR_LEAST: u16 = 12;
/// And gets at most this much.
const BAR_MOST: u16 = 28;

/// Which numbers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counters {
    /// Desired, bad, updated share.
    #[default]
    Compact,
    /// The controller's six.
    Full,
}

impl Counters {
    /// The columns.
    #[must_use]
    pub fn columns(self) -> &'static [CountColumn] {
        match self {
            Self::Compact => &CountColumn::COMPACT,
            Self::Full => &CountColumn::FULL,
        }
    }
}

/// The widths of the list's columns, from left to right; 0 where a column is not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListColumns {
    /// The name.
    pub name: u16,
    /// Which numbers.
    pub counters: Counters,
    /// Each number, with the space before it.
    pub count: u16,
    /// Rollout and why, without the two spaces before it.
    pub why: u16,
    /// Where the cells begin.
    pub cells_at: u16,
    /// How wide they are together.
    pub cells: u16,
    /// For bars: how wide each group is; 0 where all groups share one bar, or there is none.
    pub bar: u16,
}

impl ListColumns {
    /// Where the name begins.
    pub const NAME_AT: u16 = MARGIN;

    /// Where the numbers begin.
    #[must_use]
    pub fn counts_at(&self) -> u16 {
        MARGIN + self.name
    }

    /// Where the explanation begins.
    #[must_use]
    pub fn why_at(&self) -> u16 {
        self.counts_at() + self.counts_width() + 2
    }

    /// One past the last column.
    #[must_use]
    pub fn end(&self) -> u16 {
        let why =
            if self.why > 0 { self.why_at() + self.why } else { self.counts_at() + self.counts_width() };
        why.max(self.cells_at + self.cells)
    }

    fn counts_width(&self) -> u16 {
        let columns = u16::try_from(self.counters.columns().len()).unwrap_or_default();
        self.count * columns
    }
}

fn count_width(shape: &Shape) -> u16 {
    // A percentage needs four.
    shape.digits.max(3) + 1
}

fn counts(shape: &Shape, counters: Counters) -> u16 {
    let width = match counters {
        Counters::Compact => count_width(shape).max(5),
        Counters::Full => count_width(shape),
    };
    width * u16::try_from(counters.columns().len()).unwrap_or_default()
}

/// What stands left of the cells at least.
pub(super) fn least_left(shape: &Shape) -> u16 {
    MARGIN + shape.name.0.min(NAME_LEAST) + counts(shape, Counters::Compact) + 2
}

/// Shares the width.
pub(super) fn allot(shape: &Shape, mode: Mode) -> ListColumns {
    let width = shape.size.0;
    let wanted = u16::try_from(extent(&shape.groups)).unwrap_or(u16::MAX);
    match mode {
        Mode::TooSmall => ListColumns::default(),
        Mode::Transposed => transposed(shape),
        Mode::Words => beside(shape, wanted.saturating_sub(gaps(shape)) * WORD_WIDTH, 0),
        Mode::Matrix => beside(shape, wanted.min(width.saturating_sub(least_left(shape))), 0),
        Mode::Bars => {
            let groups = u16::try_from(shape.groups.len()).unwrap_or(u16::MAX).max(1);
            // Bars only take what the names, the counts and a good explanation leave.
            let left = MARGIN + name_ideal(shape) + counts(shape, Counters::Compact) + 2 + 30;
            let free = width.saturating_sub(left + 2);
            let bar = (free / groups).min(BAR_MOST);
            if bar >= BAR_LEAST {
                beside(shape, bar * groups, bar)
            } else if free >= BAR_LEAST {
                beside(shape, free.min(BAR_MOST), 0)
            } else {
                beside(shape, 0, 0)
            }
        }
    }
}

fn gaps(shape: &Shape) -> u16 {
    u16::try_from(shape.groups.len().saturating_sub(1)).unwrap_or_default()
}

fn name_ideal(shape: &Shape) -> u16 {
    shape.name.0.clamp(NAME_LEAST, NAME_MOST)
}

/// The list beside `cells` columns of cells: the first combination that leaves enough for the explanation.
fn beside(shape: &Shape, cells: u16, bar: u16) -> ListColumns {
    let gap = if cells > 0 { 2 } else { 0 };
    let left = shape.size.0.saturating_sub(MARGIN + cells + gap + 1);
    let (ideal, okay, least) =
        (name_ideal(shape), name_ideal(shape).min(20), name_ideal(shape).min(NAME_LEAST));
    let full =
        [(Counters::Full, ideal, 30), (Counters::Full, okay, WHY_LEAST + 2), (Counters::Full, least, 0)];
    let compact =
        [(Counters::Compact, ideal, 30), (Counters::Compact, okay, 16), (Counters::Compact, least, 0)];
    let choices = match shape.counters {
        Some(true) => vec![full[0], full[1], full[2], compact[2]],
        Some(false) => compact.to_vec(),
        None => vec![full[0], compact[0], compact[1], compact[2]],
    };
    let fits =
        |(counters, name, why): &(Counters, u16, u16)| name + counts(shape, *counters) + 2 + why <= left;
    let (counters, name, _) = choices.into_iter().find(fits).unwrap_or(compact[2]);
    let numbers = counts(shape, counters);
    let free = left.saturating_sub(name + numbers + 2);
    let (name, why) = if free >= WHY_LEAST {
        // What an explanation seldom needs is better spent on names that would be cut.
        let wider = shape.name.0.saturating_sub(name).min(free.saturating_sub(WHY_GOOD));
        (name + wider, free - wider)
    } else {
        (name + free.min(ideal - name.min(ideal)), 0)
    };
    let columns = u16::try_from(counters.columns().len()).unwrap_or(1);
    let cells_at = shape.size.0.saturating_sub(cells + 1);
    let (cells, cells_at) = if cells > 0 { (cells, cells_at) } else { (0, 0) };
    // Without an explanation between them, cells stand right behind the counts.
    let cells_at = if why == 0 && cells > 0 { MARGIN + name + numbers + 2 } else { cells_at };
    ListColumns { name, counters, count: numbers / columns, why, cells_at, cells, bar }
}

/// Nodes as rows: name, words, then a character a DaemonSet, two apart so that the headings can be read.
fn transposed(shape: &Shape) -> ListColumns {
    let width = shape.size.0;
    let name = shape.node_label.clamp(10, 40).min(width / 3);
    let count = count_width(shape);
    let wanted = u16::try_from(shape.rows * 2).unwrap_or(u16::MAX);
    let why = if width >= 100 { 24 } else { 10 };
    let cells_at = MARGIN + name + count + 2 + why + 1;
    let cells = wanted.min(width.saturating_sub(cells_at + 1));
    ListColumns { name, counters: Counters::Compact, count, why, cells_at, cells, bar: 0 }
}
