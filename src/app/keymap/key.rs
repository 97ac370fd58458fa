//! One key, as it is pressed and as it is written.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    control: bool,
    shift: bool,
}

impl Key {
    /// A named key.
    #[must_use]
    pub const fn named(code: KeyCode) -> Self {
        Self { code, control: false, shift: false }
    }

    /// A character.
    #[must_use]
    pub const fn char(character: char) -> Self {
        Self { code: KeyCode::Char(character), control: false, shift: false }
    }

    /// A character with the control key.
    #[must_use]
    pub const fn control(character: char) -> Self {
        Self { code: KeyCode::Char(character), control: true, shift: false }
    }

    /// A named key with the shift key.
    #[must_use]
    pub const fn shifted(code: KeyCode) -> Self {
        Self { code, control: false, shift: true }
    }

    /// Whether an event is this key. Of a character, shift is not asked: it is in the character already.
    #[must_use]
    pub fn is(&self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let other = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META);
        let is_character = matches!(self.code, KeyCode::Char(_));
        let shift = is_character || self.shift == event.modifiers.contains(KeyModifiers::SHIFT);
        self.code == event.code && self.control == control && shift && !other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(character) if self.control => format!("Ctrl-{character}"),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::Up => "Up".to_owned(),
            KeyCode::Down => "Down".to_owned(),
            KeyCode::Left => "Left".to_owned(),
            KeyCode::Right => "Right".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            other => format!("{other:?}"),
        };
        write!(f, "{}{name}", if self.shift { "Shift-" } else { "" })
    }
}
