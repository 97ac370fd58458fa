//! The lines of the table for logs: what opens them, and what is done with them.

use crossterm::event::KeyCode;

use super::table::looks;
use super::{Action, Binding, Context, Key};

/// What opens logs, then what is done with them, in the order of the help.
pub(super) const LOGS: &[Binding] = &[
    looks(
        Context::Subject,
        Action::OpenLogs,
        &[Key::char('L')],
        "logs",
        "logs of the cell, of a DaemonSet's pods together, or of a node's daemon pods; of the line, or of what the page is about",
    ),
    looks(
        Context::Subject,
        Action::PreviousLogs,
        &[Key::char('p')],
        "previous logs",
        "logs of the run before the last restart; in logs: again the present one",
    ),
    looks(
        Context::Logs,
        Action::ToggleFollow,
        &[Key::char('f')],
        "follow",
        "follow the newest line, or stay",
    ),
    looks(Context::Logs, Action::ToggleWrap, &[Key::char('w')], "wrap", "wrap long lines, or not"),
    looks(Context::Logs, Action::ToggleTimes, &[Key::char('t')], "times", "times before lines (UTC), or not"),
    looks(Context::Logs, Action::ReadSince(0), &[Key::char('0')], "tail", "the last 500 lines of each pod"),
    looks(Context::Logs, Action::ReadSince(1), &[Key::char('1')], "all", "all there is"),
    looks(Context::Logs, Action::ReadSince(2), &[Key::char('2')], "1m", "the last minute"),
    looks(Context::Logs, Action::ReadSince(3), &[Key::char('3')], "5m", "the last 5 minutes"),
    looks(Context::Logs, Action::ReadSince(4), &[Key::char('4')], "15m", "the last 15 minutes"),
    looks(Context::Logs, Action::ReadSince(5), &[Key::char('5')], "30m", "the last 30 minutes"),
    looks(Context::Logs, Action::ReadSince(6), &[Key::char('6')], "1h", "the last hour"),
    looks(
        Context::Logs,
        Action::ToggleOnlyMatches,
        &[Key::char('&')],
        "only matches",
        "only lines that match the search, with the lines around them",
    ),
    looks(
        Context::Logs,
        Action::MoreContext,
        &[Key::char('+')],
        "more context",
        "more lines around each match",
    ),
    looks(
        Context::Logs,
        Action::LessContext,
        &[Key::char('-')],
        "less context",
        "fewer lines around each match",
    ),
    looks(
        Context::Logs,
        Action::PickContainer,
        &[Key::char('s')],
        "container",
        "choose the container; init containers and sidecars too",
    ),
    looks(
        Context::Logs,
        Action::CompareEndings,
        &[Key::char('=')],
        "compare",
        "how containers ended, node by node; where none ended, beside a healthy node",
    ),
    looks(
        Context::Logs,
        Action::CycleJson,
        &[Key::char('x')],
        "JSON",
        "JSON lines folded, spread, or as they came",
    ),
    looks(Context::Logs, Action::MarkLine, &[Key::char('m')], "mark", "mark the line; c copies marked lines"),
    looks(Context::Logs, Action::Open, &[Key::named(KeyCode::Enter)], "cell", "the cell the line comes from"),
    looks(
        Context::Logs,
        Action::SwitchFocus,
        &[Key::named(KeyCode::Tab)],
        "other node",
        "between two nodes that are set side by side",
    ),
    looks(Context::Logs, Action::Save, &[Key::char('S')], "save", "save what is shown in a new file here"),
    looks(Context::Logs, Action::ToggleFullScreen, &[Key::char('z')], "full screen", "nothing but the lines"),
    looks(
        Context::Logs,
        Action::MoveLeft,
        &[Key::named(KeyCode::Left), Key::char('h')],
        "left",
        "to the left, where lines are not wrapped",
    ),
    looks(
        Context::Logs,
        Action::MoveRight,
        &[Key::named(KeyCode::Right), Key::char('l')],
        "right",
        "to the right, where lines are not wrapped",
    ),
    looks(
        Context::Endings,
        Action::Open,
        &[Key::named(KeyCode::Enter)],
        "their logs",
        "the logs of the nodes that ended so",
    ),
    looks(
        Context::Endings,
        Action::CompareEndings,
        &[Key::char('=')],
        "beside a healthy node",
        "one of these nodes beside a healthy one",
    ),
];
