//! The lines of the table for the editor of nodes.

use crossterm::event::KeyCode;

use super::changes::changes;
use super::table::looks;
use super::{Action, Binding, Context, Key};

/// The list of labels and taints, and the line that is typed in it, in the order of the help.
pub(super) const EDITOR: &[Binding] = &[
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
];
