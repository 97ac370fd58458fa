//! The lines of the table for full screens, lists and the line that is typed in.

use crossterm::event::KeyCode;

use super::table::looks;
use super::{Action, Binding, Context, Key};

/// On every screen of lines, on pages, in texts, in lists and in the typed line, in the order of the help.
pub(super) const SCREENS: &[Binding] = &[
    looks(
        Context::Screen,
        Action::Search,
        &[Key::char('/')],
        "search",
        "search: a regular expression, in any case unless it has a capital letter",
    ),
    looks(Context::Screen, Action::NextMatch, &[Key::char('n')], "next match", "to the next match"),
    looks(
        Context::Screen,
        Action::PreviousMatch,
        &[Key::char('N')],
        "previous match",
        "to the previous match",
    ),
    looks(
        Context::Screen,
        Action::Copy,
        &[Key::char('c')],
        "copy",
        "copy the name the line leads to, or the line, to the clipboard",
    ),
    looks(Context::Screen, Action::Help, &[Key::char('?')], "help", "every key; again: back"),
    looks(
        Context::Screen,
        Action::Back,
        &[Key::named(KeyCode::Esc)],
        "back",
        "drop the search; else one screen back",
    ),
    looks(Context::Screen, Action::Leave, &[Key::char('q')], "back", "one screen back"),
    looks(
        Context::Page,
        Action::Open,
        &[Key::named(KeyCode::Enter), Key::named(KeyCode::Right)],
        "open",
        "where the line leads: a cell, the nodes behind a number, a pod's YAML",
    ),
    looks(
        Context::Page,
        Action::Mark,
        &[Key::char(' ')],
        "mark",
        "mark the cells of the cause, or the cell of the line; where there are none, a page down",
    ),
    looks(
        Context::Page,
        Action::OpenProblems,
        &[Key::char('!')],
        "affected",
        "to the problems; from there to the grid with only what is affected",
    ),
    looks(
        Context::Page,
        Action::Acknowledge,
        &[Key::char('i')],
        "seen",
        "a desired count that fell is meant so: no problem any more",
    ),
    looks(
        Context::Page,
        Action::OpenDaemonSet,
        &[Key::char('d')],
        "DaemonSet",
        "the DaemonSet of the line, or of the page",
    ),
    looks(Context::Page, Action::OpenNode, &[Key::char('o')], "node", "the node of the line, or of the page"),
    looks(Context::Page, Action::OpenCount, &[Key::char('#')], "nodes", "the nodes behind the line's number"),
    looks(
        Context::Page,
        Action::OpenYaml,
        &[Key::char('y')],
        "YAML",
        "the pod, DaemonSet or node of the line, or of the page, as the server has it now",
    ),
    looks(
        Context::Page,
        Action::OpenEvents,
        &[Key::char('e')],
        "events",
        "to the newest of the events below",
    ),
    looks(
        Context::Text,
        Action::MoveLeft,
        &[Key::named(KeyCode::Left), Key::char('h')],
        "left",
        "to the left, where lines are not wrapped",
    ),
    looks(
        Context::Text,
        Action::MoveRight,
        &[Key::named(KeyCode::Right), Key::char('l')],
        "right",
        "to the right, where lines are not wrapped",
    ),
    looks(Context::Text, Action::GoToStart, &[Key::char('0')], "start", "to the first column"),
    looks(Context::Text, Action::ToggleWrap, &[Key::char('w')], "wrap", "wrap long lines, or not"),
    looks(
        Context::Text,
        Action::ToggleManagedFields,
        &[Key::char('m')],
        "managedFields",
        "with managedFields, or without",
    ),
    looks(
        Context::Text,
        Action::Save,
        &[Key::char('S')],
        "save",
        "save to a new file in the current directory; nothing is overwritten",
    ),
    looks(Context::Picker, Action::Choose, &[Key::named(KeyCode::Enter)], "choose", "take this entry"),
    looks(Context::Picker, Action::Back, &[Key::named(KeyCode::Esc)], "back", "change nothing"),
    looks(Context::Picker, Action::Leave, &[Key::char('q')], "back", "change nothing"),
    looks(
        Context::Filter,
        Action::KeepFilter,
        &[Key::named(KeyCode::Enter), Key::named(KeyCode::Down)],
        "keep",
        "keep the filter",
    ),
    looks(Context::Filter, Action::ClearFilter, &[Key::named(KeyCode::Esc)], "clear", "drop the filter"),
];
