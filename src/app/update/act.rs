//! An action is carried out where its noun lives.

use super::{
    filter, jump, leave as leaving, lens, logs, marks, motion, palette, picker, relabel, replace, screen,
    wish,
};
use crate::app::action::Action;
use crate::app::describe::copyable;
use crate::app::effect::Effect;
use crate::app::keymap::Context;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::screen::Screen;

/// Carries an action out.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    logs::act(model, action).unwrap_or_else(|| carry_out(model, action))
}

/// The same for what is not about logs.
fn carry_out(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return leave_program(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Leave if model.context_of_keys() == Context::Grid => return leave_program(model),
        Action::Copy => return copy(model),
        Action::Save => return screen::save(model),
        Action::Refresh => {
            model.notice = Some(Notice::said("receiving everything anew", model.now));
            return vec![Effect::Relist];
        }
        motion if motion.is_motion() => moved(model, motion),
        Action::OpenProblems => screen::open_problems(model),
        Action::Acknowledge => screen::acknowledge(model),
        Action::Mark
        | Action::MarkRange
        | Action::MarkGroup
        | Action::MarkShown
        | Action::MarkUp
        | Action::MarkDown
        | Action::MarkLeft
        | Action::MarkRight => marks::act(model, action),
        Action::SwitchFocus if model.context_of_keys() == Context::Replacement => replace::list_next(model),
        Action::SwitchFocus => motion::switch_focus(model),
        Action::NextCause => jump::cause(model, 1),
        Action::PreviousCause => jump::cause(model, -1),
        Action::GoToBlocker => jump::blocker(model),
        Action::PickNamespace => picker::pick_namespace(model),
        Action::PickGroup => picker::pick_group(model),
        Action::Choose => return picker::choose(model),
        Action::Back => back(model),
        Action::Leave => leave(model),
        Action::TypeFilter => filter::begin(model),
        Action::KeepFilter => filter::keep(model),
        Action::ClearFilter => filter::clear(model),
        Action::EraseCharacter | Action::EraseWord | Action::EraseLine => filter::erase(model, action),
        Action::OpenMenu | Action::OpenPalette => palette::open(model, action == Action::OpenPalette),
        Action::PauseRollout
        | Action::ResumeRollout
        | Action::RestartRollout
        | Action::UndoRollout
        | Action::ThrottleRollout
        | Action::ForceDeletePod
        | Action::ReplacePods => wish::make(model, action),
        Action::OpenReplacement => match model.replacement {
            Some(_) => screen::open(model, Screen::Replacement),
            None => replace::act(model, action),
        },
        // What is over cannot go on: the same key plans what is left.
        Action::GoOn if !replace::goes_on(model) => wish::make(model, Action::ReplacePods),
        Action::Hold | Action::GoOn | Action::LetPass | Action::Abort => replace::act(model, action),
        Action::EditNodes | Action::CordonNodes | Action::UncordonNodes | Action::TakeBack => {
            relabel::open(model, action);
        }
        Action::ToggleCounters => lens::toggle_counters(model),
        Action::Transpose => lens::transpose(model),
        Action::ChangeOrder => lens::change_order(model),
        Action::ToggleMap => lens::toggle_map(model),
        Action::ToggleAffected => lens::toggle_affected(model),
        other => screen::act(model, other),
    }
    Vec::new()
}

/// Out of the program; what this dsgrid does to the cluster is held first.
fn leave_program(model: &mut Model) -> Vec<Effect> {
    if replace::holds_first(model) { Vec::new() } else { leaving::leave(model) }
}

/// Moves where the keys go.
fn moved(model: &mut Model, action: Action) {
    if model.picker.is_some() {
        picker::moved(model, action);
    } else if model.screens.last().is_some() {
        screen::moved(model, action);
    } else {
        motion::moved(model, action);
    }
}

/// One step back: what is searched, the screen; at home, what was narrowed is widened again. Never out of the program.
fn back(model: &mut Model) {
    let has_screen = !model.screens.is_empty();
    if model.picker.take().is_some() || (model.notice.take().is_some() && !has_screen) {
        return;
    }
    if screen::drop_search(model) || screen::leave(model) {
        return;
    }
    if marks::drop_all(model) {
        return;
    }
    filter::clear(model);
}

/// Out of the list or the screen.
fn leave(model: &mut Model) {
    if model.picker.take().is_none() {
        screen::leave(model);
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let name = if model.screens.is_empty() { copyable(model) } else { screen::copyable(model) };
    let Some(name) = name else {
        model.notice = Some(Notice::failed("nothing is selected that has a name", model.now));
        return Vec::new();
    };
    let words = format!("copied {name}, if the terminal allows it (OSC 52)");
    model.notice = Some(Notice::said(words, model.now));
    vec![Effect::CopyToClipboard(name)]
}
