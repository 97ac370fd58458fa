//! The lines of the table for what changes the cluster: the actions, the menu, and the dialog that asks.

use crossterm::event::KeyCode;

use super::super::action::Action;
use super::table::looks;
use super::{Binding, Context, Danger, Key};

pub(super) const fn changes(
    context: Context,
    action: Action,
    keys: &'static [Key],
    hint: &'static str,
    description: &'static str,
) -> Binding {
    Binding { danger: Danger::Mutating, ..looks(context, action, keys, hint, description) }
}

/// What changes the cluster, in the order of the help.
pub(super) const CHANGES: &[Binding] = &[
    looks(
        Context::Subject,
        Action::OpenMenu,
        &[Key::char('a')],
        "actions",
        "every action for what is selected, with the reason why it cannot be taken",
    ),
    looks(
        Context::Subject,
        Action::OpenPalette,
        &[Key::char(':')],
        "palette",
        "every action and screen by name: type a few letters",
    ),
    changes(
        Context::Subject,
        Action::PauseRollout,
        &[Key::char('P')],
        "pause",
        "pause the rollout of this DaemonSet; only ever pauses",
    ),
    changes(
        Context::Subject,
        Action::ResumeRollout,
        &[],
        "resume",
        "let a paused rollout go on, after showing which pods it deletes",
    ),
    changes(
        Context::Subject,
        Action::RestartRollout,
        &[Key::char('T')],
        "restart",
        "restart: replace all pods by a rollout",
    ),
    changes(
        Context::Subject,
        Action::UndoRollout,
        &[Key::char('U')],
        "undo",
        "undo: go back to an earlier revision",
    ),
    changes(
        Context::Subject,
        Action::ThrottleRollout,
        &[Key::char('M')],
        "throttle",
        "throttle: change maxUnavailable or maxSurge",
    ),
    changes(
        Context::Subject,
        Action::ForceDeletePod,
        &[Key::char('F')],
        "force-delete",
        "force-delete a pod that is Terminating on a dead node",
    ),
    changes(
        Context::Subject,
        Action::EditNodes,
        &[Key::char('E')],
        "edit nodes",
        "labels and taints of the node, the group or the marked nodes, with what a change would start and stop",
    ),
    changes(
        Context::Subject,
        Action::CordonNodes,
        &[Key::char('C')],
        "cordon",
        "cordon the node, the group or the marked nodes: no new pods come but daemon pods",
    ),
    changes(
        Context::Subject,
        Action::UncordonNodes,
        &[],
        "uncordon",
        "uncordon the node, the group or the marked nodes",
    ),
    changes(
        Context::Subject,
        Action::TakeBack,
        &[],
        "take back",
        "take back the last change of nodes, after showing what that would do",
    ),
    looks(
        Context::Subject,
        Action::OpenHistory,
        &[],
        "history",
        "the revisions of this DaemonSet, and what differs between any two",
    ),
    looks(
        Context::Subject,
        Action::OpenJournal,
        &[],
        "journal",
        "what dsgrid changed or tried to change from this account",
    ),
    looks(Context::Palette, Action::Choose, &[Key::named(KeyCode::Enter)], "choose", "take this entry"),
    looks(Context::Palette, Action::Back, &[Key::named(KeyCode::Esc)], "back", "close the menu"),
    looks(
        Context::Dialog,
        Action::Back,
        &[Key::named(KeyCode::Enter), Key::named(KeyCode::Esc), Key::char('q')],
        "cancel",
        "cancel; once it is sent, close",
    ),
    changes(
        Context::Dialog,
        Action::Confirm,
        &[Key::char('y')],
        "confirm",
        "send what is shown, once it can be read",
    ),
    looks(
        Context::Dialog,
        Action::NextField,
        &[Key::named(KeyCode::Tab)],
        "reason, or other choice",
        "of a pause: say why, if you like; of many nodes: whether the first error stops the others",
    ),
    changes(
        Context::Dialog,
        Action::TakeBack,
        &[Key::char('u')],
        "take back",
        "after a change of nodes: show what takes it back, and what that would do",
    ),
    looks(
        Context::Dialog,
        Action::TryAgain,
        &[Key::char('r')],
        "try again",
        "read afresh and show once more what would be sent, after a failure or somebody else's change",
    ),
    looks(Context::Dialog, Action::PageDown, &[Key::char(' ')], "page down", "a page down"),
    looks(Context::Word, Action::Back, &[Key::named(KeyCode::Esc)], "cancel", "cancel"),
    changes(
        Context::Word,
        Action::Submit,
        &[Key::named(KeyCode::Enter)],
        "confirm",
        "go on; with the right name typed: send what is shown",
    ),
    looks(Context::Word, Action::NextField, &[Key::named(KeyCode::Tab)], "next value", "to the next value"),
];
