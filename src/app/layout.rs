//! Where everything goes, from plain numbers alone: the size of the terminal and of what is to be shown.

mod columns;

pub use columns::{Counters, ListColumns};

use super::viewport::{MapLine, extent, map_lines};

/// Below this nothing useful can be drawn.
pub const LEAST: (u16, u16) = (50, 12);
/// So many nodes get a word each instead of a character.
const WORDS_UP_TO: usize = 8;
/// The cell of a node shown as a word: glyph, space, eight letters, space.
pub const WORD_WIDTH: u16 = 11;
/// From here on there is a second line of detail.
const TALL: u16 = 16;

/// How the cells are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The terminal is too small for anything.
    #[default]
    TooSmall,
    /// A word a node.
    Words,
    /// A character a node.
    Matrix,
    /// A bar a group, and the map of one row.
    Bars,
    /// Nodes are rows.
    Transposed,
}

/// The numbers that a layout is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The terminal's columns and lines.
    pub size: (u16, u16),
    /// How many DaemonSets are shown.
    pub rows: usize,
    /// How many nodes each group has.
    pub groups: Vec<usize>,
    /// Whether the nodes are grouped by a label.
    pub grouped: bool,
    /// The width of the longest DaemonSet name, with and without its namespace.
    pub name: (u16, u16),
    /// The digits of the largest count.
    pub digits: u16,
    /// The width of the longest group label.
    pub group_label: u16,
    /// The width of the longest shortened node name.
    pub node_label: u16,
    /// Nodes are rows.
    pub transposed: bool,
    /// Whether the map was asked for, or away.
    pub map: Option<bool>,
    /// Whether all counters were asked for, or few.
    pub counters: Option<bool>,
}

/// A heading is not made taller than this.
const HEADING_MOST: u16 = 16;

/// Lines of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Band {
    /// The first.
    pub top: u16,
    /// How many.
    pub height: u16,
}

/// Where the map is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapArea {
    /// The line of its title.
    pub title: u16,
    /// The lines of nodes.
    pub band: Band,
    /// The width of the group labels, with the space behind.
    pub label: u16,
    /// All lines of the map, also those scrolled out of sight.
    pub lines: Vec<MapLine>,
}

/// Where everything goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How cells are shown.
    pub mode: Mode,
    /// The headings of the columns.
    pub head: Band,
    /// The rows.
    pub list: Band,
    /// The map, if there is one.
    pub map: Option<MapArea>,
    /// The explanation of what is selected.
    pub detail: Band,
    /// The keys, a message, or the filter being typed.
    pub hints: u16,
    /// The columns of the list.
    pub columns: ListColumns,
}

impl Shape {
    fn node_count(&self) -> usize {
        self.groups.iter().sum()
    }

    /// Whether a character a node would fit beside the names and the least counts.
    #[must_use]
    pub fn nodes_fit(&self) -> bool {
        // On a narrow screen the cells are worth more than the words between.
        let why = if self.size.0 < 80 { 0 } else { columns::LEAST_WHY };
        let room = self.size.0.saturating_sub(columns::least_left(self) + why);
        extent(&self.groups) <= usize::from(room)
    }

    fn mode(&self) -> Mode {
        let left = columns::least_left(self);
        let words = self.node_count() * usize::from(WORD_WIDTH);
        match () {
            () if self.size.0 < LEAST.0 || self.size.1 < LEAST.1 => Mode::TooSmall,
            () if self.transposed => Mode::Transposed,
            () if self.node_count() <= WORDS_UP_TO
                && words <= usize::from(self.size.0.saturating_sub(left)) =>
            {
                Mode::Words
            }
            // Without the map every node is in the matrix, which then scrolls.
            () if self.nodes_fit() || self.map == Some(false) => Mode::Matrix,
            () => Mode::Bars,
        }
    }

    /// How many lines the headings take.
    fn head_lines(&self, mode: Mode) -> u16 {
        let height = self.size.1;
        match mode {
            Mode::TooSmall | Mode::Words | Mode::Bars => 1,
            Mode::Matrix if self.grouped && height < 24 => 1,
            Mode::Matrix => {
                // Lines that the rows leave free make names whole; few lines are spent on them otherwise.
                let rows = u16::try_from(self.rows).unwrap_or(u16::MAX);
                let spare = height.saturating_sub(rows.saturating_add(8));
                let names =
                    self.node_label.clamp(1, spare.clamp(if height < 24 { 3 } else { 5 }, HEADING_MOST));
                names + u16::from(self.grouped)
            }
            Mode::Transposed => self.name.1.clamp(1, (height / 3).max(4)),
        }
    }

    /// Lays the screen out.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let mode = self.mode();
        if mode == Mode::TooSmall {
            return Layout::default();
        }
        let height = self.size.1;
        let head = Band { top: 1, height: self.head_lines(mode) };
        let detail = if height < TALL { 1 } else { 2 };
        let detail = Band { top: height - 1 - detail, height: detail };
        let body = Band { top: head.top + head.height, height: detail.top - head.top - head.height };
        let wants_map = match mode {
            Mode::Bars => true,
            Mode::Matrix | Mode::Words => self.map == Some(true),
            Mode::Transposed | Mode::TooSmall => false,
        };
        let (list, map) = if wants_map { self.share(body) } else { (body, None) };
        Layout { mode, head, list, map, detail, hints: height - 1, columns: columns::allot(self, mode) }
    }

    /// Shares the body between list and map: both whole where they fit; else the list keeps two fifths.
    fn share(&self, body: Band) -> (Band, Option<MapArea>) {
        let label = if self.grouped { self.group_label.clamp(1, 14) + 1 } else { 0 };
        let lines = map_lines(&self.groups, usize::from(self.size.0.saturating_sub(label + 2)));
        let free = body.height.saturating_sub(1);
        let rows = u16::try_from(self.rows).unwrap_or(u16::MAX).max(1);
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let least = (free * 2 / 5).max(3);
        let list = rows.min(free.saturating_sub(wanted).max(least)).min(free);
        let title = body.top + list;
        let band = Band { top: title + 1, height: body.height - list - 1 };
        (Band { top: body.top, height: list }, Some(MapArea { title, band, label, lines }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(size: (u16, u16), nodes: usize) -> Shape {
        Shape {
            size,
            rows: 12,
            groups: vec![nodes],
            name: (24, 18),
            digits: 3,
            node_label: 3,
            ..Shape::default()
        }
    }

    #[test]
    fn the_mode_follows_width_and_nodes() {
        for (size, nodes, mode) in [
            ((40, 10), 3, Mode::TooSmall),
            ((80, 24), 3, Mode::Words),
            ((80, 24), 12, Mode::Matrix),
            ((120, 40), 60, Mode::Matrix),
            ((80, 24), 60, Mode::Bars),
            ((200, 60), 1000, Mode::Bars),
        ] {
            assert_eq!(shape(size, nodes).layout().mode, mode, "{size:?} {nodes}");
        }
    }

    #[test]
    fn no_two_bands_share_a_line_and_none_is_left() {
        for width in [50, 80, 120, 200] {
            for height in 12..60 {
                for nodes in [0, 1, 8, 40, 300, 5000] {
                    for map in [None, Some(true), Some(false)] {
                        let layout = Shape { map, ..shape((width, height), nodes) }.layout();
                        let mut next = layout.head.top + layout.head.height;
                        assert_eq!(layout.list.top, next);
                        next += layout.list.height;
                        if let Some(map) = &layout.map {
                            assert_eq!(map.title, next);
                            next = map.band.top + map.band.height;
                        }
                        assert_eq!(layout.detail.top, next);
                        assert_eq!(layout.hints, next + layout.detail.height);
                        assert_eq!(layout.hints + 1, height);
                        assert!(layout.list.height >= 3, "{width}x{height} {nodes}");
                        let columns = layout.columns;
                        assert!(columns.end() <= width, "{columns:?} at {width}");
                    }
                }
            }
        }
    }
}
