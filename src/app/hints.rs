//! Which keys are worth a hint now, most useful first.

use super::action::Action;
use super::cursor::RowPlace;
use super::keymap::{Binding, Context, binding_of};
use super::model::Model;
use super::screen::Screen;

/// The keys that make sense for what is selected.
#[must_use]
pub fn hints(model: &Model) -> Vec<&'static Binding> {
    let context = model.context_of_keys();
    let actions: Vec<Action> = match context {
        Context::Filter => vec![Action::KeepFilter, Action::ClearFilter, Action::EraseWord],
        Context::Picker => vec![Action::Choose, Action::Back],
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
        Context::Grid | Context::Everywhere => grid(model),
    };
    actions.into_iter().filter_map(|action| binding_of(context, action)).collect()
}

fn logs(model: &Model) -> Vec<Action> {
    let Some(view) = model.logs() else { return vec![Action::Back] };
    if view.compare.is_some() {
        return vec![Action::Open, Action::CompareEndings, Action::Copy, Action::Help, Action::Back];
    }
    let mut actions = vec![Action::Search];
    actions.extend(
        (view.found() > 0).then_some([Action::NextMatch, Action::ToggleOnlyMatches]).into_iter().flatten(),
    );
    actions.extend([
        Action::ToggleFollow,
        Action::PreviousLogs,
        Action::ToggleTimes,
        Action::ToggleWrap,
        Action::PickContainer,
        Action::CompareEndings,
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
    let opened = |action| match &open.screen {
        Screen::Cell { .. } => true,
        Screen::Count { .. } => action == Action::OpenDaemonSet,
        Screen::DaemonSet(_) | Screen::Node(_) => matches!(action, Action::OpenYaml | Action::OpenEvents),
        Screen::Yaml(_) | Screen::Logs(_) | Screen::Help => false,
    };
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
    add(row.is_some() || model.has_node(), Action::Open);
    add(model.inventory.rows().any(|(_, row)| row.tally.problems > 0), Action::NextCause);
    add(is_unfinished, Action::GoToBlocker);
    add(model.layout.map.is_some(), Action::SwitchFocus);
    add(is_narrowed, Action::Back);
    add(true, Action::TypeFilter);
    add(model.cursor.row == RowPlace::Header && model.has_node(), Action::ChangeOrder);
    add(true, Action::ToggleAffected);
    add(true, Action::ToggleCounters);
    add(true, Action::Transpose);
    add(true, Action::PickGroup);
    add(true, Action::Help);
    add(true, Action::Leave);
    actions
}
