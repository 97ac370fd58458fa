//! One character for each state, and the few others: in Unicode, and in ASCII for terminals that know no more.

use ratatui::symbols::border;

use crate::domain::cell::CellState;

/// Which characters are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GlyphSet {
    Unicode,
    Ascii,
}

impl GlyphSet {
    /// The glyph of a state.
    pub(super) fn state(self, state: CellState) -> &'static str {
        let (unicode, ascii) = match state {
            CellState::Unknown => ("…", " "),
            CellState::Ready => ("●", "#"),
            CellState::Outdated => ("◐", "o"),
            CellState::Starting => ("◌", "~"),
            CellState::Surging => ("⊕", "+"),
            CellState::Terminating => ("↻", "-"),
            CellState::Unschedulable => ("▽", "v"),
            CellState::Failing => ("✕", "x"),
            CellState::NotReady => ("▲", "n"),
            CellState::Lost => ("?", "?"),
            CellState::Missing => ("○", "_"),
            CellState::Misscheduled => ("!", "!"),
            CellState::Excluded => ("·", "."),
        };
        self.pick(unicode, ascii)
    }

    /// What stands for cut-off text.
    pub(super) fn ellipsis(self) -> &'static str {
        self.pick("…", "~")
    }

    /// A horizontal rule.
    pub(super) fn rule(self) -> &'static str {
        self.pick("─", "-")
    }

    /// The line between two halves.
    pub(super) fn wall(self) -> &'static str {
        self.pick("│", "|")
    }

    /// What stands before the state of the links.
    pub(super) fn link(self, is_live: bool) -> &'static str {
        if is_live { self.pick("●", "*") } else { self.pick("○", "!") }
    }

    /// The frame of a page.
    pub(super) fn border(self) -> border::Set<'static> {
        const ASCII: border::Set = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        match self {
            Self::Unicode => border::PLAIN,
            Self::Ascii => ASCII,
        }
    }

    /// A cell whose pod is being replaced.
    pub(super) fn in_flight(self) -> &'static str {
        self.pick("◈", "@")
    }

    /// A cell of which something is foretold that is not true yet.
    pub(super) fn expected(self) -> &'static str {
        self.pick("›", ">")
    }

    /// Beside a line that leads somewhere.
    pub(super) fn leads(self) -> &'static str {
        self.pick("›", "+")
    }

    fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }
}

/// A state in at most eight letters, for cells that have room for a word.
pub(super) fn word(state: CellState) -> &'static str {
    match state {
        CellState::Failing => "failing",
        CellState::Missing => "missing",
        CellState::Unschedulable => "unsched.",
        CellState::Lost => "lost",
        CellState::NotReady => "notReady",
        CellState::Misscheduled => "misplcd.",
        CellState::Unknown => "unknown",
        CellState::Terminating => "ending",
        CellState::Starting => "starting",
        CellState::Surging => "surging",
        CellState::Outdated => "outdated",
        CellState::Ready => "ready",
        CellState::Excluded => "-",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_state_has_its_own_glyph_one_cell_wide() {
        for set in [GlyphSet::Unicode, GlyphSet::Ascii] {
            let glyphs: HashSet<&str> = CellState::ALL.into_iter().map(|state| set.state(state)).collect();
            assert_eq!(glyphs.len(), CellState::ALL.len());
            assert!(glyphs.iter().all(|glyph| glyph.width() == 1));
            assert!(set == GlyphSet::Unicode || glyphs.iter().all(|glyph| glyph.is_ascii()));
        }
        assert!(CellState::ALL.into_iter().all(|state| word(state).width() <= 8));
    }
}
