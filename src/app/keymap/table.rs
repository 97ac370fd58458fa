//! The lines of the table for the grid.

use crossterm::event::KeyCode;

use super::super::action::Action;
use super::{Binding, Context, Danger, Key};

/// A line of the table that changes nothing in the cluster.
pub(super) const fn looks(
    context: Context,
    action: Action,
    keys: &'static [Key],
    hint: &'static str,
    description: &'static str,
) -> Binding {
    Binding { action, context, keys, hint, description, danger: Danger::None }
}

/// Everywhere and in the grid, in the order of the help.
pub(super) const GRID: &[Binding] = &[
    looks(Context::Everywhere, Action::Quit, &[Key::control('c')], "quit", "quit"),
    looks(
        Context::Everywhere,
        Action::Suspend,
        &[Key::control('z')],
        "suspend",
        "suspend; `fg` in the shell brings it back",
    ),
    looks(
        Context::Grid,
        Action::MoveUp,
        &[Key::named(KeyCode::Up), Key::char('k')],
        "up",
        "one row up; above the first row are the nodes",
    ),
    looks(
        Context::Grid,
        Action::MoveDown,
        &[Key::named(KeyCode::Down), Key::char('j')],
        "down",
        "one row down",
    ),
    looks(
        Context::Grid,
        Action::MoveLeft,
        &[Key::named(KeyCode::Left), Key::char('h')],
        "left",
        "one column to the left; left of the nodes are the counts and the name",
    ),
    looks(
        Context::Grid,
        Action::MoveRight,
        &[Key::named(KeyCode::Right), Key::char('l')],
        "right",
        "one column to the right",
    ),
    looks(
        Context::Grid,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Grid,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f')],
        "page down",
        "a page down",
    ),
    looks(Context::Grid, Action::HalfPageUp, &[Key::control('u')], "half up", "half a page up"),
    looks(Context::Grid, Action::HalfPageDown, &[Key::control('d')], "half down", "half a page down"),
    looks(Context::Grid, Action::GoToTop, &[Key::char('g')], "top", "to the first row"),
    looks(Context::Grid, Action::GoToBottom, &[Key::char('G')], "bottom", "to the last row"),
    looks(
        Context::Grid,
        Action::GoToStart,
        &[Key::char('0'), Key::named(KeyCode::Home)],
        "start",
        "to the first column",
    ),
    looks(
        Context::Grid,
        Action::GoToEnd,
        &[Key::char('$'), Key::named(KeyCode::End)],
        "end",
        "to the last column",
    ),
    looks(
        Context::Grid,
        Action::SwitchFocus,
        &[Key::named(KeyCode::Tab)],
        "map",
        "between the list and the map or the nodes",
    ),
    looks(
        Context::Grid,
        Action::Open,
        &[Key::named(KeyCode::Enter)],
        "why",
        "in: why a cell is as it is, the nodes behind a number, a DaemonSet, a node",
    ),
    looks(
        Context::Grid,
        Action::OpenDaemonSet,
        &[Key::char('d')],
        "DaemonSet",
        "the selected DaemonSet: counts, revisions, what holds it up",
    ),
    looks(
        Context::Grid,
        Action::OpenNode,
        &[Key::char('o')],
        "node",
        "the selected node: labels, taints, conditions, all that runs on it",
    ),
    looks(
        Context::Grid,
        Action::OpenCount,
        &[Key::char('#')],
        "nodes",
        "the nodes behind the selected number",
    ),
    looks(
        Context::Grid,
        Action::OpenYaml,
        &[Key::char('y')],
        "YAML",
        "the pod, DaemonSet or node as the server has it now",
    ),
    looks(Context::Grid, Action::OpenEvents, &[Key::char('e')], "events", "the events of what is selected"),
    looks(
        Context::Grid,
        Action::NextCause,
        &[Key::char('n')],
        "next cause",
        "to the next cause of problems, worst first",
    ),
    looks(Context::Grid, Action::PreviousCause, &[Key::char('N')], "previous cause", "to the previous cause"),
    looks(
        Context::Grid,
        Action::GoToBlocker,
        &[Key::char('b')],
        "blocker",
        "to the node that holds up the rollout of this row; again: the next one",
    ),
    looks(
        Context::Grid,
        Action::TypeFilter,
        &[Key::char('/')],
        "filter",
        "filter: words for DaemonSets, `@word` for nodes, `ns:NAME`, `-l SELECTOR`; `!word` excludes",
    ),
    looks(Context::Grid, Action::PickNamespace, &[Key::control('n')], "namespace", "show one namespace"),
    looks(
        Context::Grid,
        Action::ToggleAffected,
        &[Key::char('!')],
        "only affected",
        "only DaemonSets and nodes that have a problem",
    ),
    looks(
        Context::Grid,
        Action::ToggleCounters,
        &[Key::char('w')],
        "counters",
        "all six counters, or only the three that matter most",
    ),
    looks(Context::Grid, Action::Transpose, &[Key::char('t')], "transpose", "nodes become rows"),
    looks(
        Context::Grid,
        Action::PickGroup,
        &[Key::char('z')],
        "group",
        "group the nodes by one of their labels",
    ),
    looks(
        Context::Grid,
        Action::ChangeOrder,
        &[Key::char('s')],
        "sort",
        "next order of the rows; on a node's heading: of the nodes",
    ),
    looks(
        Context::Grid,
        Action::ToggleMap,
        &[Key::char('m')],
        "map",
        "map of the selected DaemonSet on or off",
    ),
    looks(Context::Grid, Action::Copy, &[Key::char('c')], "copy", "copy the selected name to the clipboard"),
    looks(Context::Grid, Action::Refresh, &[Key::char('r')], "refresh", "receive everything anew"),
    looks(Context::Grid, Action::Help, &[Key::char('?')], "help", "every key"),
    looks(
        Context::Grid,
        Action::Back,
        &[Key::named(KeyCode::Esc)],
        "back",
        "one step back: drop a message, then the filter; never quits",
    ),
    looks(Context::Grid, Action::Leave, &[Key::char('q')], "quit", "quit"),
];
