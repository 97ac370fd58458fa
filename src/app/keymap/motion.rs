//! The lines of the table for moving and erasing, the same wherever there are lines to move in or a line to type.

use crossterm::event::KeyCode;

use super::table::looks;
use super::{Action, Binding, Context, Key};

/// Moving in lines, beside what is typed, and erasing, in the order of the help.
pub(super) const MOTION: &[Binding] = &[
    looks(Context::Lines, Action::MoveUp, &[Key::named(KeyCode::Up), Key::char('k')], "up", "a line up"),
    looks(
        Context::Lines,
        Action::MoveDown,
        &[Key::named(KeyCode::Down), Key::char('j')],
        "down",
        "a line down",
    ),
    looks(
        Context::Lines,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Lines,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f')],
        "page down",
        "a page down",
    ),
    looks(Context::Lines, Action::HalfPageUp, &[Key::control('u')], "half up", "half a page up"),
    looks(Context::Lines, Action::HalfPageDown, &[Key::control('d')], "half down", "half a page down"),
    looks(
        Context::Lines,
        Action::GoToTop,
        &[Key::char('g'), Key::named(KeyCode::Home)],
        "top",
        "to the beginning",
    ),
    looks(
        Context::Lines,
        Action::GoToBottom,
        &[Key::char('G'), Key::named(KeyCode::End)],
        "end",
        "to the end",
    ),
    looks(Context::Below, Action::MoveUp, &[Key::named(KeyCode::Up), Key::control('p')], "up", "a line up"),
    looks(
        Context::Below,
        Action::MoveDown,
        &[Key::named(KeyCode::Down), Key::control('n')],
        "down",
        "a line down",
    ),
    looks(
        Context::Below,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Below,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f')],
        "page down",
        "a page down",
    ),
    looks(
        Context::Typing,
        Action::EraseCharacter,
        &[Key::named(KeyCode::Backspace), Key::control('h')],
        "erase",
        "remove the last character",
    ),
    looks(Context::Typing, Action::EraseWord, &[Key::control('w')], "erase word", "remove the last word"),
    looks(Context::Typing, Action::EraseLine, &[Key::control('u')], "erase all", "remove everything"),
];
