//! The lines of the table for the editor of nodes.

use crossterm::event::KeyCode;

use super::changes::changes;
use super::table::looks;
use super::{Action, Binding, Context, Key};

/// The list of labels and taints, and the line that is typed in it, in the order of the help.
pub(super) const EDITOR: &[Binding] = &[
    looks(Context::Editor, Action::MoveUp, &[Key::named(KeyCode::Up), Key::char('k')], "up", "a line up"),
    looks(
        Context::Editor,
        Action::MoveDown,
        &[Key::named(KeyCode::Down), Key::char('j')],
        "down",
        "a line down",
    ),
    looks(
        Context::Editor,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Editor,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f')],
        "page down",
        "a page down",
    ),
    looks(
        Context::Editor,
        Action::GoToTop,
        &[Key::char('g'), Key::named(KeyCode::Home)],
        "top",
        "to the first line",
    ),
    looks(
        Context::Editor,
        Action::GoToBottom,
        &[Key::char('G'), Key::named(KeyCode::End)],
        "end",
        "to the last line",
    ),
    looks(
        Context::Editor,
        Action::EditLine,
        &[Key::named(KeyCode::Enter)],
        "change",
        "change the label or taint of the line; on the last line: review",
    ),
    looks(
        Context::Editor,
        Action::RemoveLine,
        &[Key::char('d'), Key::named(KeyCode::Delete)],
        "remove",
        "remove the label or taint from all of the nodes",
    ),
    looks(Context::Editor, Action::RestoreLine, &[Key::char('u')], "as it was", "leave the line as it was"),
    looks(Context::Editor, Action::AddLabel, &[Key::char('+')], "add label", "add a label"),
    looks(Context::Editor, Action::AddTaint, &[Key::char('t')], "add taint", "add a taint"),
    changes(
        Context::Editor,
        Action::Review,
        &[Key::control('s')],
        "review",
        "read the nodes afresh and show what would be sent",
    ),
    looks(
        Context::Editor,
        Action::Back,
        &[Key::named(KeyCode::Esc), Key::char('q')],
        "close",
        "close; nothing is sent",
    ),
    looks(
        Context::Entry,
        Action::Submit,
        &[Key::named(KeyCode::Enter)],
        "take",
        "take what was typed, if it is valid",
    ),
    looks(Context::Entry, Action::Complete, &[Key::named(KeyCode::Tab)], "complete", "the next completion"),
    looks(
        Context::Entry,
        Action::CompleteBack,
        &[Key::named(KeyCode::BackTab)],
        "complete back",
        "the completion before",
    ),
    looks(Context::Entry, Action::Back, &[Key::named(KeyCode::Esc)], "drop", "drop what was typed"),
    changes(
        Context::Entry,
        Action::Review,
        &[Key::control('s')],
        "review",
        "take what was typed, and show what would be sent",
    ),
    looks(
        Context::Entry,
        Action::EraseCharacter,
        &[Key::named(KeyCode::Backspace), Key::control('h')],
        "erase",
        "remove the last character",
    ),
    looks(
        Context::Entry,
        Action::EraseWord,
        &[Key::control('w')],
        "erase word",
        "remove the value, then the key",
    ),
    looks(Context::Entry, Action::EraseLine, &[Key::control('u')], "erase all", "remove everything"),
];
