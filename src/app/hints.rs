//! Which keys are worth a hint now, most useful first.

use super::action::Action;
use super::availability::{earlier, is_replaced, unavailable};
use super::cursor::RowPlace;
use super::dialog::dialog_page;
use super::keymap::{Binding, Context, binding_of};
use super::model::Model;
use super::relabel::relabel_page;
use super::replace::Replacing;
use super::screen::Screen;
use crate::domain::cause::CauseKey;
use crate::domain::inventory::Row;
use crate::domain::rollout::RolloutState;

/// A key that makes sense now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as it is written.
    pub key: String,
    /// What it does here.
    pub words: String,
    /// Whether it is a step that moves the selected rollout on, not a way to look.
    pub is_step: bool,
}

/// The keys that make sense for what is selected.
#[must_use]
pub fn hints(model: &Model) -> Vec<Hint> {
    let plain = |binding: &Binding| {
        if binding.action == Action::ReadSince(0) {
            // One for all of them.
            return Some(Hint { key: "0-6".to_owned(), words: "since".to_owned(), is_step: false });
        }
        let key = binding.keys.first()?.to_string();
        let is_back = binding.action == Action::PreviousLogs && is_previous(model);
        let words = if is_back { "present run" } else { binding.hint };
        Some(Hint { key, words: words.to_owned(), is_step: false })
    };
    let mut hints: Vec<Hint> = bound(model).into_iter().filter_map(plain).collect();
    if model.context_of_keys() == Context::Grid {
        // After the look at what is wrong comes what can be done about it.
        let looks = hints.iter().take_while(|hint| matches!(hint.key.as_str(), "Enter" | "b" | "n")).count();
        hints.splice(looks..looks, steps(model));
        // Wherever the cursor is: how what goes on here is stopped, and where it is seen.
        let own = own(model).into_iter().filter_map(|action| binding_of(Context::Grid, action));
        hints.splice(0..0, own.filter_map(plain));
    }
    hints
}

/// What can be done about the replacement that goes on here.
fn own(model: &Model) -> Vec<Action> {
    let Some(replacing) = model.replacement.as_ref().filter(|replacing| replacing.is_active()) else {
        return Vec::new();
    };
    let can_hold = replacing.choices().contains(&Action::Hold);
    can_hold.then_some(Action::Hold).into_iter().chain([Action::OpenReplacement]).collect()
}

/// Whether the logs that are open are of a previous run.
fn is_previous(model: &Model) -> bool {
    let view = model.logs().filter(|_| model.shows_logs());
    view.is_some_and(|view| view.streams.iter().any(|(_, stream)| stream.previous))
}

/// What moves the rollout of the selected row on, the most likely first.
fn steps(model: &Model) -> Vec<Hint> {
    let Some(slot) = model.selected_row() else { return Vec::new() };
    let Some(row) = model.inventory.row(slot) else { return Vec::new() };
    let set = &row.daemon_set;
    let limit = if set.allows_surge() { "raise maxSurge" } else { "raise maxUnavailable" };
    let undo = earlier(&model.inventory, &set.meta.uid).map(|label| format!("undo to {label}"));
    let pause = || (Action::PauseRollout, "pause".to_owned());
    let undo = || undo.clone().map(|words| (Action::UndoRollout, words));
    let wanted: Vec<(Action, String)> = match model.digest.rows.get(&slot).map(|line| line.state) {
        // Whatever else lets pods be replaced would do so beside those who are at it.
        _ if is_replaced(model, row) => undo().into_iter().collect(),
        Some(RolloutState::Stuck) => [
            Some((Action::ForceDeletePod, "force-delete this pod".to_owned())),
            Some((Action::ThrottleRollout, limit.to_owned())),
            Some(pause()),
            undo(),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Some(RolloutState::Progressing) => std::iter::once(pause()).chain(undo()).collect(),
        Some(RolloutState::Paused) => {
            let resume = (Action::ResumeRollout, "resume".to_owned());
            let replace = (Action::ReplacePods, "replace".to_owned());
            [resume, replace].into_iter().chain(undo()).collect()
        }
        Some(RolloutState::Waiting) => vec![(Action::ReplacePods, "replace outdated pods".to_owned())],
        _ => Vec::new(),
    };
    let step = |(action, words): (Action, String)| {
        let key = binding_of(Context::Grid, action)?.key_names().first()?.clone();
        // What is only in the menu is called by its name already.
        let words = if key.starts_with(':') { String::new() } else { words };
        Some(Hint { key, words, is_step: true })
    };
    wanted.into_iter().filter(|(action, _)| unavailable(model, *action).is_none()).filter_map(step).collect()
}

fn bound(model: &Model) -> Vec<&'static Binding> {
    let context = model.context_of_keys();
    let actions: Vec<Action> = match context {
        Context::Filter => vec![Action::KeepFilter, Action::ClearFilter, Action::EraseWord],
        Context::Picker | Context::Palette => vec![Action::Choose, Action::Back],
        Context::Page | Context::Screen => page(model),
        Context::Text => vec![
            Action::Search,
            Action::ToggleWrap,
            Action::ToggleManagedFields,
            Action::Copy,
            Action::Save,
            Action::Help,
            Action::Back,
        ],
        Context::Logs => logs(model),
        Context::Replacement => {
            let now = model.replacement.as_ref().map(Replacing::choices).unwrap_or_default();
            let others = [Action::SwitchFocus, Action::Open, Action::OpenLogs, Action::Help, Action::Back];
            now.into_iter().chain(others).collect()
        }
        Context::Endings => {
            vec![Action::Open, Action::CompareEndings, Action::Copy, Action::Help, Action::Back]
        }
        // What can be pressed stands in the dialog itself.
        Context::Dialog | Context::Word => is_cut(model).then_some(Action::PageDown).into_iter().collect(),
        Context::Editor => vec![
            Action::EditLine,
            Action::RemoveLine,
            Action::AddLabel,
            Action::AddTaint,
            Action::Review,
            Action::Back,
        ],
        Context::Entry => vec![Action::Submit, Action::Complete, Action::Back],
        _ => grid(model),
    };
    actions.into_iter().filter_map(|action| binding_of(context, action)).collect()
}

/// Whether a dialog has more lines than can be seen.
fn is_cut(model: &Model) -> bool {
    match dialog_page(model) {
        Some(page) => page.visible < page.lines.len(),
        None => relabel_page(model).is_some_and(|page| page.visible < page.lines.len()),
    }
}

fn logs(model: &Model) -> Vec<Action> {
    let Some(view) = model.logs() else { return vec![Action::Back] };
    let mut actions = vec![Action::Search];
    actions.extend(view.split().map(|_| Action::SwitchFocus));
    let is_searching = model.screens.last().is_some_and(|open| open.view.search.is_active());
    actions.extend((view.found() > 0).then_some(Action::NextMatch));
    actions.extend(is_searching.then_some(Action::ToggleOnlyMatches));
    actions.extend([Action::ToggleFollow, Action::ReadSince(0)]);
    actions.extend(view.beside.is_none().then_some(Action::PreviousLogs));
    actions.extend([
        Action::PickContainer,
        Action::CompareEndings,
        Action::ToggleTimes,
        Action::ToggleWrap,
        Action::MarkLine,
        Action::Save,
        Action::CycleJson,
        Action::ToggleFullScreen,
        Action::Help,
        Action::Back,
    ]);
    actions
}

fn page(model: &Model) -> Vec<Action> {
    let Some(open) = model.screens.last() else { return Vec::new() };
    let mut actions = Vec::new();
    if open.leads().is_some() {
        actions.push(Action::Open);
    }
    let (is_problems, cause) = match (&open.screen, open.leads()) {
        (Screen::Problems, Some(Screen::Cause(key))) => (true, Some(key)),
        (Screen::Cause(key), _) => (false, Some(key)),
        (screen, _) => (*screen == Screen::Problems, None),
    };
    actions.extend(matches!(cause, Some(CauseKey::Fell(_))).then_some(Action::Acknowledge));
    actions.extend(cause.is_some().then_some(Action::Mark));
    actions.extend(is_problems.then_some(Action::OpenProblems));
    let opened = |action| match &open.screen {
        Screen::Cell { .. } => true,
        Screen::Count { .. } | Screen::Nodes { .. } => action == Action::OpenDaemonSet,
        Screen::DaemonSet(_) | Screen::Node(_) => matches!(action, Action::OpenYaml | Action::OpenEvents),
        Screen::Cause(_) | Screen::Alert { .. } => matches!(action, Action::OpenDaemonSet | Action::OpenNode),
        Screen::Yaml(_)
        | Screen::Logs(_)
        | Screen::Problems
        | Screen::Usual
        | Screen::Replacement
        | Screen::Rights
        | Screen::Journal
        | Screen::History(_)
        | Screen::Difference { .. }
        | Screen::Help => false,
    };
    let is_node = matches!(open.screen, Screen::Node(_));
    actions.extend([Action::EditNodes, Action::CordonNodes].into_iter().filter(|_| is_node));
    let others = [Action::OpenDaemonSet, Action::OpenNode, Action::OpenYaml, Action::OpenEvents];
    actions.extend(others.into_iter().filter(|action| opened(*action)));
    let found = !open.view.search.typed.is_empty();
    actions.extend(found.then_some(Action::NextMatch));
    actions.extend([Action::Search, Action::Copy, Action::Help, Action::Back]);
    actions
}

fn grid(model: &Model) -> Vec<Action> {
    let row = model.selected_row().and_then(|slot| model.inventory.row(slot));
    let is_unfinished = row.is_some_and(|row| row.tally.complete < row.tally.desired);
    let is_narrowed = !model.filter.is_empty() || model.namespace.is_some();
    let mut actions = Vec::new();
    let mut add = |wanted: bool, action| {
        if wanted {
            actions.push(action);
        }
    };
    let has_group = model.selected_group().is_some();
    let is_node = model.cursor.row == RowPlace::Header && model.has_node();
    add(has_group, Action::EditNodes);
    add(has_group, Action::CordonNodes);
    add((row.is_some() || model.has_node()) && !has_group, Action::Open);
    add(is_node, Action::EditNodes);
    add(is_node, Action::CordonNodes);
    add(model.inventory.rows().any(|(_, row)| row.tally.problems > 0), Action::NextCause);
    let is_wrong =
        |row: &Row| row.tally.problems > 0 || model.inventory.falls().of(&row.daemon_set.meta.uid).is_some();
    add(model.inventory.rows().any(|(_, row)| is_wrong(row)), Action::OpenProblems);
    add(is_unfinished, Action::GoToBlocker);
    add(model.layout.map.is_some(), Action::SwitchFocus);
    add(is_narrowed, Action::Back);
    add(true, Action::TypeFilter);
    add(is_node, Action::ChangeOrder);
    add(true, Action::Mark);
    add(true, Action::ToggleAffected);
    add(true, Action::ToggleCounters);
    add(true, Action::Transpose);
    add(true, Action::PickGroup);
    add(true, Action::Help);
    add(true, Action::Leave);
    actions
}
