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
        Context::Grid,
        Action::OpenMenu,
        &[Key::char('a')],
        "actions",
        "every action for what is selected, with the reason why it cannot be taken",
    ),
    looks(
        Context::Grid,
        Action::OpenPalette,
        &[Key::char(':')],
        "palette",
        "every action and screen by name: type a few letters",
    ),
    changes(
        Context::Grid,
        Action::PauseRollout,
        &[Key::char('P')],
        "pause",
        "pause the rollout of this DaemonSet; only ever pauses",
    ),
    changes(
        Context::Grid,
        Action::ResumeRollout,
        &[],
        "resume",
        "let a paused rollout go on, after showing which pods it deletes",
    ),
    changes(
        Context::Grid,
        Action::RestartRollout,
        &[Key::char('T')],
        "restart",
        "restart: replace all pods by a rollout",
    ),
    changes(
        Context::Grid,
        Action::UndoRollout,
        &[Key::char('U')],
        "undo",
        "undo: go back to an earlier revision",
    ),
    changes(
        Context::Grid,
        Action::ThrottleRollout,
        &[Key::char('M')],
        "throttle",
        "throttle: change maxUnavailable or maxSurge",
    ),
    changes(
        Context::Grid,
        Action::ForceDeletePod,
        &[Key::char('F')],
        "force-delete",
        "force-delete a pod that is Terminating on a dead node",
    ),
    looks(
        Context::Palette,
        Action::MoveUp,
        &[Key::named(KeyCode::Up), Key::control('p')],
        "up",
        "one entry up",
    ),
    looks(
        Context::Palette,
        Action::MoveDown,
        &[Key::named(KeyCode::Down), Key::control('n')],
        "down",
        "one entry down",
    ),
    looks(
        Context::Palette,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Palette,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f')],
        "page down",
        "a page down",
    ),
    looks(Context::Palette, Action::Choose, &[Key::named(KeyCode::Enter)], "choose", "take this entry"),
    looks(
        Context::Palette,
        Action::EraseCharacter,
        &[Key::named(KeyCode::Backspace), Key::control('h')],
        "erase",
        "remove the last character",
    ),
    looks(Context::Palette, Action::EraseLine, &[Key::control('u')], "erase all", "remove everything"),
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
        Action::TryAgain,
        &[Key::char('r')],
        "try again",
        "read afresh and try once more, after a failure",
    ),
    looks(Context::Dialog, Action::MoveUp, &[Key::named(KeyCode::Up), Key::char('k')], "up", "a line up"),
    looks(
        Context::Dialog,
        Action::MoveDown,
        &[Key::named(KeyCode::Down), Key::char('j')],
        "down",
        "a line down",
    ),
    looks(
        Context::Dialog,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b'), Key::control('u')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Dialog,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f'), Key::control('d'), Key::char(' ')],
        "page down",
        "a page down",
    ),
    looks(
        Context::Dialog,
        Action::GoToTop,
        &[Key::char('g'), Key::named(KeyCode::Home)],
        "top",
        "to the beginning",
    ),
    looks(
        Context::Dialog,
        Action::GoToBottom,
        &[Key::char('G'), Key::named(KeyCode::End)],
        "end",
        "to the end",
    ),
    looks(Context::Word, Action::Back, &[Key::named(KeyCode::Esc)], "cancel", "cancel"),
    changes(
        Context::Word,
        Action::Submit,
        &[Key::named(KeyCode::Enter)],
        "confirm",
        "go on; with the right name typed: send what is shown",
    ),
    looks(Context::Word, Action::NextField, &[Key::named(KeyCode::Tab)], "next value", "to the next value"),
    looks(
        Context::Word,
        Action::EraseCharacter,
        &[Key::named(KeyCode::Backspace), Key::control('h')],
        "erase",
        "remove the last character",
    ),
    looks(Context::Word, Action::EraseLine, &[Key::control('u')], "erase all", "remove everything"),
    looks(Context::Word, Action::MoveUp, &[Key::named(KeyCode::Up)], "up", "a line up"),
    looks(Context::Word, Action::MoveDown, &[Key::named(KeyCode::Down)], "down", "a line down"),
    looks(
        Context::Word,
        Action::PageUp,
        &[Key::named(KeyCode::PageUp), Key::control('b')],
        "page up",
        "a page up",
    ),
    looks(
        Context::Word,
        Action::PageDown,
        &[Key::named(KeyCode::PageDown), Key::control('f')],
        "page down",
        "a page down",
    ),
];
