//! Logs are opened, read on, looked through and left.

mod compare;
mod keep;

use super::screen::{self, say};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::keymap::Context;
use crate::app::logs::{Compare, LogView, PRESETS, Reading, Step, StreamState, Subject};

use crate::app::marks::Mark;
use crate::app::model::Model;
use crate::app::picker::{Picker, PickerKind};
use crate::app::screen::{Screen, subject};
use crate::app::text_view::Room;
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::{ColumnSlot, RowSlot};
use crate::domain::log::{DEFAULT_STREAMS, Limits, LogNews, StreamId, containers};
use crate::domain::text::Text;
use jiff::SignedDuration;

/// New pods are looked for no more often.
const PATIENCE: SignedDuration = SignedDuration::from_secs(1);

/// Opens the logs of what a key is about.
fn open(model: &mut Model, previous: Option<bool>) -> Vec<Effect> {
    if model.screens.is_empty() && !model.marks.is_empty() {
        let subject = Subject::Cells(marked(model));
        return open_subject(model, subject, previous);
    }
    let on_cause = model.screens.last().and_then(|open| match (&open.screen, open.leads()) {
        (Screen::Cause(key), _) | (_, Some(Screen::Cause(key))) => model.problems.find(key),
        _ => None,
    });
    if let Some(cause) = on_cause.filter(|cause| !cause.cells.is_empty()) {
        let subject = Subject::Cells(named(model, &cause.cells));
        return open_subject(model, subject, previous);
    }
    let about = subject(model);
    let on_node = |model: &Model, node: &NodeName| -> Vec<(Uid, NodeName)> {
        let column = model.inventory.column_of(node);
        let has_pod = |row| {
            let view = column.and_then(|column| model.inventory.view(row, column));
            view.is_some_and(|view| !view.pods.is_empty())
        };
        let rows = model.inventory.rows().filter(|(row, _)| has_pod(*row));
        rows.map(|(_, row)| (row.daemon_set.meta.uid.clone(), node.clone())).collect()
    };
    let subject = match (about.daemon_set, about.node) {
        (Some(uid), Some(node)) => Subject::Cells(vec![(uid, node)]),
        (Some(uid), None) => Subject::DaemonSet(uid),
        (None, Some(node)) => Subject::Cells(on_node(model, &node)),
        (None, None) => {
            say(model, "select a DaemonSet, a cell or a node first");
            return Vec::new();
        }
    };
    open_subject(model, subject, previous)
}

/// The marked cells; of a marked node or DaemonSet all that have pods.
fn marked(model: &Model) -> Vec<(Uid, NodeName)> {
    let of_row = |uid: &Uid| named(model, &Subject::DaemonSet(uid.clone()).cells(&model.inventory));
    let of_node = |node: &NodeName| {
        let rows = model.inventory.rows().flat_map(|(_, row)| of_row(&row.daemon_set.meta.uid));
        rows.filter(|(_, other)| other == node).collect::<Vec<_>>()
    };
    let mut cells: Vec<(Uid, NodeName)> = Vec::new();
    for mark in model.marks.iter() {
        match mark {
            Mark::Cell(uid, node) => cells.push((uid.clone(), node.clone())),
            Mark::DaemonSet(uid) => cells.extend(of_row(uid)),
            Mark::Node(node) => cells.extend(of_node(node)),
        }
    }
    cells.sort();
    cells.dedup();
    cells
}

/// Cells by identity.
fn named(model: &Model, cells: &[(RowSlot, ColumnSlot)]) -> Vec<(Uid, NodeName)> {
    let name = |(row, column): &(RowSlot, ColumnSlot)| {
        let uid = model.inventory.row(*row)?.daemon_set.meta.uid.clone();
        Some((uid, model.inventory.column_at(*column)?.name.clone()))
    };
    cells.iter().filter_map(name).collect()
}

/// Opens the logs of a subject; of several cells with ended containers, the comparison first.
pub(super) fn open_subject(model: &mut Model, subject: Subject, previous: Option<bool>) -> Vec<Effect> {
    let (_, since, tail) = PRESETS[0];
    let several = matches!(&subject, Subject::Cells(cells) if cells.len() > 1);
    let most = model.settings.log_streams.unwrap_or(DEFAULT_STREAMS);
    let reading =
        Reading { subject: subject.clone(), container: None, previous, present: None, since, tail, most };
    screen::open(model, Screen::Logs(subject));
    let effects = read(model, reading, 0);
    if several && previous.is_none() {
        let mut effects = effects;
        effects.extend(compare::begin(model, true));
        return effects;
    }
    effects
}

/// Reads something in the open view; what was read before ends.
fn read(model: &mut Model, reading: Reading, preset: usize) -> Vec<Effect> {
    let mut effects = close_all(model);
    let limits = model.settings.log_memory.map(Limits::sharing).unwrap_or_default();
    let view = model.logs.get_or_insert_with(|| Box::new(LogView::new(reading.clone(), 0, limits)));
    if view.streams.reading().subject != reading.subject {
        (view.beside, view.behind) = (None, None);
    }
    view.restart(reading);
    view.preset = preset;
    view.compare = None;
    effects.extend(settle(model));
    effects
}

/// Ends every stream.
fn close_all(model: &Model) -> Vec<Effect> {
    let Some(view) = &model.logs else { return Vec::new() };
    let running = view.streams.iter().filter(|(_, stream)| !matches!(stream.state, StreamState::Ended(_)));
    let behind = view.behind.iter().filter_map(|behind| behind.compare.as_ref());
    let compared = view.compare.iter().chain(behind).flat_map(Compare::ids);
    running.map(|(id, _)| id).chain(compared).map(Effect::CloseLog).collect()
}

/// Opens what is to be opened now that the cluster looks as it does.
fn settle(model: &mut Model) -> Vec<Effect> {
    model.logs_settled = Some(model.now);
    let Some(view) = &mut model.logs else { return Vec::new() };
    opened(view.settle(&model.inventory, model.now))
}

fn opened(steps: Vec<Step>) -> Vec<Effect> {
    let open = |step| match step {
        Step::Open(id, request) => Some(Effect::OpenLog(id, request)),
        Step::Note(..) => None,
    };
    steps.into_iter().filter_map(open).collect()
}

/// After every message: pods that came are taken up, and logs that nobody looks at any more are closed.
pub(super) fn pursue(model: &mut Model) -> Vec<Effect> {
    let is_open = model.screens.iter().any(|open| matches!(open.screen, Screen::Logs(_)));
    if model.logs.is_none() || is_open {
        let due = model.logs_settled.is_none_or(|at| model.now.duration_since(at) >= PATIENCE);
        return if model.logs.is_some() && due { settle(model) } else { Vec::new() };
    }
    let effects = close_all(model);
    model.logs = None;
    effects
}

/// Takes in news of a stream.
pub(super) fn heard(model: &mut Model, id: StreamId, news: LogNews) {
    let Some(view) = &mut model.logs else { return };
    let behind = view.behind.as_mut().and_then(|behind| behind.compare.as_mut());
    if view.compare.iter_mut().chain(behind).any(|compare| compare.heard(id, &news)) {
        return;
    }
    let open = model.screens.iter().rev().find(|open| matches!(open.screen, Screen::Logs(_)));
    let Some(open) = open else { return };
    if matches!(news, LogNews::Ended(_)) {
        // A slot is free, or a container runs again.
        model.logs_settled = None;
    }
    view.heard(id, news, &open.view.search, model.now);
}

/// The room of the lines.
fn room(model: &Model) -> Room {
    model.logs.as_ref().map_or_else(Room::default, |view| view.room(model.size))
}

/// Puts cursor and scroll of the view in order.
pub(super) fn arrange(model: &mut Model) {
    let (size, widest) = (model.size, usize::from(model.labels.width));
    let Some(view) = &mut model.logs else { return };
    let is_lost = view.loses_place();
    view.arrange(size, widest);
    if is_lost {
        say(model, "the line you read was dropped: these are the next ones that are left");
    }
}

/// Carries an action out that opens logs or is for the open ones; none where it is not theirs.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    match (model.context_of_keys(), action) {
        (Context::Logs, _) => act_open(model, action),
        (Context::Endings, _) => compare::act(model, action),
        (_, Action::OpenLogs) => Some(open(model, None)),
        (_, Action::PreviousLogs) => Some(open(model, Some(true))),
        _ => None,
    }
}

/// The same in the open logs.
fn act_open(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let room = room(model);
    let view = model.logs.as_mut()?;
    let page = isize::try_from(room.height.saturating_sub(1).max(1)).unwrap_or(1);
    match action {
        Action::MoveUp => view.move_by(-1, room),
        Action::MoveDown => view.move_by(1, room),
        Action::PageUp => view.move_by(-page, room),
        Action::PageDown => view.move_by(page, room),
        Action::HalfPageUp => view.move_by(-(page / 2).max(1), room),
        Action::HalfPageDown => view.move_by((page / 2).max(1), room),
        Action::GoToTop => view.go_to_end(false, room),
        Action::GoToBottom => view.go_to_end(true, room),
        Action::MoveLeft => view.move_sideways(false),
        Action::MoveRight => view.move_sideways(true),
        Action::ToggleFollow => view.follows = !view.follows,
        Action::ToggleWrap => view.toggle_wrap(),
        Action::ToggleTimes => view.has_times = !view.has_times,
        Action::ToggleFullScreen => view.is_full_screen = !view.is_full_screen,
        Action::CycleJson => {
            view.json = view.json.next();
            // Lines match as they are shown.
            if let Some(open) = model.screens.last() {
                view.look_for(&open.view.search);
            }
            let words = view.json.words();
            say(model, words);
        }
        Action::MarkLine => {
            view.toggle_mark();
        }
        Action::MoreContext => view.context = (view.context + 1).min(50),
        Action::LessContext => view.context = view.context.saturating_sub(1),
        Action::ToggleOnlyMatches => only_matches(model),
        Action::NextMatch => next_match(model, true),
        Action::PreviousMatch => next_match(model, false),
        Action::ReadSince(preset) => return Some(read_since(model, usize::from(preset))),
        Action::PreviousLogs => return Some(toggle_previous(model)),
        Action::PickContainer => pick_container(model),
        Action::CompareEndings => return Some(compare::begin(model, false)),
        Action::SwitchFocus => view.switch_side(room),
        Action::Leave if view.behind.is_some() => return Some(compare::return_to(model)),
        // What is searched is dropped first.
        Action::Back if view.behind.is_some() && model.typed().0.is_empty() => {
            return Some(compare::return_to(model));
        }
        Action::Open => go_to_cell(model),
        Action::Copy => return Some(keep::copy(model)),
        Action::Save => return Some(keep::save(model)),
        _ => return None,
    }
    Some(Vec::new())
}

fn only_matches(model: &mut Model) {
    let typed = model.typed().0.to_owned();
    let Some(view) = &mut model.logs else { return };
    if typed.is_empty() && !view.only_matches {
        say(model, "/ searches first");
        return;
    }
    view.only_matches = !view.only_matches;
    if view.only_matches && view.found() == 0 {
        say(model, &format!("waiting for lines that match /{typed}"));
    }
}

fn next_match(model: &mut Model, forward: bool) {
    let typed = model.typed().0.to_owned();
    let Some(view) = &mut model.logs else { return };
    let found = view.found();
    let words = match view.next_match(forward) {
        Some(at) => format!("match {at} of {found}"),
        None if typed.is_empty() => "/ searches first".to_owned(),
        None => format!("nothing here matches /{typed}"),
    };
    say(model, &words);
}

/// The search was ended or dropped.
pub(super) fn searched(model: &mut Model) {
    let Some(open) = model.screens.last().filter(|open| matches!(open.screen, Screen::Logs(_))) else {
        return;
    };
    let Some(view) = &mut model.logs else { return };
    view.look_for(&open.view.search);
    if open.view.search.is_active() {
        let (found, typed) = (view.found(), open.view.search.typed.clone());
        view.nearest_match();
        let words = if found == 0 {
            format!("nothing here matches /{typed}; & waits for lines that do")
        } else {
            format!("{found} lines match; n N steps, & shows only these")
        };
        say(model, &words);
    }
}

fn read_since(model: &mut Model, preset: usize) -> Vec<Effect> {
    let Some((_, since, tail)) = PRESETS.get(preset).copied() else { return Vec::new() };
    let Some(view) = &model.logs else { return Vec::new() };
    let reading = Reading { since, tail, ..view.streams.reading().clone() };
    read(model, reading, preset)
}

fn toggle_previous(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &model.logs else { return Vec::new() };
    if view.beside.is_some() {
        say(model, "two nodes side by side keep their runs: Esc goes back, then p");
        return Vec::new();
    }
    let is_previous = view.streams.iter().any(|(_, stream)| stream.previous);
    let reading = Reading { previous: Some(!is_previous), ..view.streams.reading().clone() };
    let preset = view.preset;
    let effects = read(model, reading, preset);
    say(model, if is_previous { "the present run" } else { "the run before the last restart" });
    effects
}

/// Offers the containers of the pods that are read.
fn pick_container(model: &mut Model) {
    let Some(view) = &model.logs else { return };
    let mut entries: Vec<(Option<Text>, String)> = Vec::new();
    for (_, stream) in view.streams.iter() {
        let Some(pod) = model.inventory.pod(&stream.target.pod.uid) else { continue };
        let row = pod.meta.owner.as_ref().and_then(|owner| model.inventory.row_of(&owner.uid));
        let template = row.and_then(|row| model.inventory.row(row)).map(|row| &row.daemon_set.template);
        for (name, kind) in template.map(|template| containers(pod, template)).unwrap_or_default() {
            if !entries.iter().any(|(known, _)| known.as_ref() == Some(&name)) {
                entries.push((Some(name), kind.word().to_owned()));
            }
        }
    }
    if entries.is_empty() {
        say(model, "no pod is read");
        return;
    }
    let now = view.streams.iter().next().map(|(_, stream)| stream.container.clone());
    let at = entries.iter().position(|(name, _)| *name == now).unwrap_or_default();
    model.picker = Some(Picker { kind: PickerKind::Container, entries, at });
}

/// Reads this container.
pub(super) fn choose_container(model: &mut Model, container: Option<Text>) -> Vec<Effect> {
    let Some(view) = &model.logs else { return Vec::new() };
    let reading = Reading { container, ..view.streams.reading().clone() };
    let preset = view.preset;
    read(model, reading, preset)
}

/// The cell that the line with the cursor comes from.
fn go_to_cell(model: &mut Model) {
    let cell = model.logs.as_ref().and_then(|view| {
        let target = &view.streams.get(view.current()?.stream)?.target;
        let mut rows = model.inventory.rows().map(|(_, row)| &row.daemon_set.meta);
        let daemon_set = rows.find(|meta| meta.key == target.daemon_set)?.uid.clone();
        Some(Screen::Cell { daemon_set, node: target.node.clone() })
    });
    match cell {
        Some(cell) => screen::open(model, cell),
        None => say(model, "there is no line here, or its DaemonSet is gone"),
    }
}
