//! Styles by role, never by widget: the 16 ANSI colours or none at all, so that every palette stays legible.

use ratatui::style::{Color, Modifier, Style};

use super::glyph::GlyphSet;
use crate::app::{Capabilities, Colour, LineKind};
use crate::domain::cell::CellState;
use crate::domain::log::Hue;

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// The line at the top.
    Title,
    /// A heading of a column or a part.
    Heading,
    /// Of less importance.
    Faint,
    /// What is selected.
    Cursor,
    /// What is marked.
    Marked,
    /// What this dsgrid works on.
    InFlight,
    /// The row or column of what is selected.
    Beside,
    /// Something is wrong.
    Alert,
    /// Somebody should know.
    Warning,
    /// All is well.
    Good,
    /// A key to press.
    Key,
    /// The frame of a page.
    Frame,
    /// What a search found.
    Found,
    /// Stands only in the newer of two texts.
    Added,
    /// Stands only in the older of two texts.
    Removed,
}

impl From<LineKind> for Role {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::Heading => Self::Heading,
            LineKind::Fact => Self::Text,
            LineKind::Problem => Self::Alert,
            LineKind::Faint => Self::Faint,
            LineKind::Added => Self::Added,
            LineKind::Removed => Self::Removed,
        }
    }
}

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colour: Colour,
    glyphs: GlyphSet,
}

impl Theme {
    /// The theme for what a terminal can show.
    #[must_use]
    pub fn new(capabilities: Capabilities) -> Self {
        let glyphs = if capabilities.unicode { GlyphSet::Unicode } else { GlyphSet::Ascii };
        Self { colour: capabilities.colour, glyphs }
    }

    /// The characters in use.
    pub(super) fn glyphs(self) -> GlyphSet {
        self.glyphs
    }

    /// The style of a role.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        match (role, self.colour) {
            (Role::Text, _)
            | (Role::Faint | Role::Frame | Role::Good | Role::Added | Role::Removed, Colour::Mono) => plain,
            (Role::Title | Role::Heading | Role::Beside, _) | (Role::Warning | Role::Key, Colour::Mono) => {
                bold
            }
            (Role::Cursor, _) => plain.add_modifier(Modifier::REVERSED),
            (Role::Marked, Colour::Ansi) => plain.bg(Color::DarkGray).add_modifier(Modifier::UNDERLINED),
            // Without colours, underlined alone is what an alert is.
            (Role::Marked, Colour::Mono) => plain.add_modifier(Modifier::UNDERLINED | Modifier::REVERSED),
            (Role::InFlight, Colour::Ansi) => bold.fg(Color::White).bg(Color::Blue),
            (Role::InFlight, Colour::Mono) => bold.add_modifier(Modifier::REVERSED),
            (Role::Faint | Role::Frame, Colour::Ansi) => plain.add_modifier(Modifier::DIM),
            (Role::Alert, Colour::Ansi) => bold.fg(Color::Red),
            (Role::Alert | Role::Found, Colour::Mono) => bold.add_modifier(Modifier::UNDERLINED),
            (Role::Warning, Colour::Ansi) => plain.fg(Color::Yellow),
            (Role::Good | Role::Added, Colour::Ansi) => plain.fg(Color::Green),
            (Role::Removed, Colour::Ansi) => plain.fg(Color::Red),
            (Role::Key, Colour::Ansi) => bold.fg(Color::Cyan),
            (Role::Found, Colour::Ansi) => plain.fg(Color::Black).bg(Color::Yellow),
        }
    }

    /// The style of text in a colour of its own; none is ordinary text.
    #[must_use]
    pub fn hue(self, hue: Option<Hue>) -> Style {
        let plain = Style::new();
        match hue.filter(|_| self.colour == Colour::Ansi) {
            None => plain,
            Some(Hue::Red) => plain.fg(Color::Red),
            Some(Hue::Green) => plain.fg(Color::Green),
            Some(Hue::Yellow) => plain.fg(Color::Yellow),
            Some(Hue::Blue) => plain.fg(Color::Blue),
            Some(Hue::Magenta) => plain.fg(Color::Magenta),
            Some(Hue::Cyan) => plain.fg(Color::Cyan),
        }
    }

    /// The style of a cell.
    #[must_use]
    pub fn cell(self, state: CellState) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        if self.colour == Colour::Mono {
            return match state {
                CellState::Failing | CellState::Missing | CellState::Unschedulable | CellState::Lost => {
                    bold.add_modifier(Modifier::UNDERLINED)
                }
                CellState::NotReady | CellState::Misscheduled | CellState::Outdated => bold,
                CellState::Unknown
                | CellState::Terminating
                | CellState::Starting
                | CellState::Surging
                | CellState::Ready
                | CellState::Excluded => plain,
            };
        }
        match state {
            CellState::Failing | CellState::Missing | CellState::Lost => bold.fg(Color::Red),
            CellState::Unschedulable | CellState::Misscheduled => bold.fg(Color::Magenta),
            CellState::NotReady => bold.fg(Color::Yellow),
            CellState::Outdated => plain.fg(Color::Yellow),
            CellState::Terminating => plain.fg(Color::Magenta),
            CellState::Starting | CellState::Surging => plain.fg(Color::Cyan),
            CellState::Ready => plain.fg(Color::Green),
            CellState::Unknown | CellState::Excluded => plain.add_modifier(Modifier::DIM),
        }
    }
}
