//! The lines of the table for replacing pods: planning, holding, and the screen that shows how it goes.

use crossterm::event::KeyCode;

use super::super::action::Action;
use super::changes::changes;
use super::table::looks;
use super::{Binding, Context, Key};

const HOLD: &str = "hold dsgrid's own work at once, without a question: nothing more is deleted";

const HOLD_KEYS: &[Key] = &[Key::char('H')];

const fn hold(context: Context) -> Binding {
    looks(context, Action::Hold, HOLD_KEYS, "hold", HOLD)
}

/// Everything about replacements, in the order of the help.
pub(super) const REPLACE: &[Binding] = &[
    changes(
        Context::Subject,
        Action::ReplacePods,
        &[Key::char('R')],
        "replace",
        "replace outdated pods of an OnDelete or paused DaemonSet, of the node, or of what is marked, under gates",
    ),
    hold(Context::Grid),
    looks(
        Context::Subject,
        Action::OpenReplacement,
        &[Key::char('%')],
        "replacement",
        "how the replacement goes on that this dsgrid carries out",
    ),
    hold(Context::Screen),
    hold(Context::Picker),
    hold(Context::Dialog),
    changes(
        Context::Replacement,
        Action::GoOn,
        &[Key::char('R')],
        "go on",
        "let it go on after a hold or a halt; once it is over: plan what is still outdated, on the line's node or on all",
    ),
    changes(
        Context::Replacement,
        Action::LetPass,
        &[Key::char('A')],
        "let pass",
        "let the neighbour pass that halted it",
    ),
    changes(
        Context::Replacement,
        Action::Abort,
        &[Key::char('X')],
        "abort",
        "end it: nothing more is deleted; asks once",
    ),
    looks(
        Context::Replacement,
        Action::SwitchFocus,
        &[Key::named(KeyCode::Tab)],
        "list",
        "list all nodes, those not done yet, or those that are over",
    ),
    looks(
        Context::Replacement,
        Action::Open,
        &[Key::named(KeyCode::Enter), Key::named(KeyCode::Right)],
        "open",
        "the cell of the node",
    ),
    looks(Context::Replacement, Action::OpenLogs, &[Key::char('L')], "logs", "the logs of the node's pod"),
    looks(Context::Replacement, Action::OpenDaemonSet, &[Key::char('d')], "DaemonSet", "the DaemonSet"),
    looks(Context::Replacement, Action::OpenNode, &[Key::char('o')], "node", "the node of the line"),
];
