//! Screens are opened, moved in, searched and left.

use super::{lens, logs, motion};
use crate::app::action::Action;
use crate::app::cursor::CountColumn;
use crate::app::effect::Effect;
use crate::app::keymap::Context;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::page::EVENTS;
use crate::app::problems;
use crate::app::screen::{Open, Screen, Subject, daemon_set_ref, node_ref, pod_ref, subject};
use crate::domain::cause::CauseKey;
use crate::domain::id::ObjectRef;
use crate::domain::inquiry::{Answer, Inquiry};

/// Carries out what is done with screens.
pub(super) fn act(model: &mut Model, action: Action) {
    match action {
        Action::Open => enter(model),
        Action::OpenDaemonSet => open_daemon_set(model),
        Action::OpenNode => open_node(model),
        Action::OpenCount => open_count(model),
        Action::OpenYaml => open_yaml(model),
        Action::OpenEvents => open_events(model),
        Action::OpenHistory => open_history(model),
        Action::OpenJournal => open(model, Screen::Journal),
        Action::Search => begin_search(model),
        Action::NextMatch => next_match(model, true),
        Action::PreviousMatch => next_match(model, false),
        Action::ToggleWrap => toggle_wrap(model),
        Action::ToggleManagedFields => toggle_managed_fields(model),
        Action::Help => help(model),
        _ => {}
    }
}

/// Opens a screen; one that is open already is gone back to, so that the stack does not grow in circles.
pub(super) fn open(model: &mut Model, screen: Screen) {
    if let Some(at) = model.screens.iter().position(|open| open.screen == screen) {
        model.screens.truncate(at + 1);
        return;
    }
    problems::refresh_for(model, &screen);
    let open = Open::new(model, screen);
    model.screens.push(open);
}

/// Goes one screen back; the one below is brought up to date at once.
pub(super) fn leave(model: &mut Model) -> bool {
    let was_open = model.screens.pop().is_some();
    refresh(model);
    was_open
}

/// Makes the lines of the open screen anew; whether they changed.
pub(super) fn refresh(model: &mut Model) -> bool {
    let Some(mut open) = model.screens.pop() else { return false };
    problems::refresh_for(model, &open.screen);
    let changed = open.refresh(model);
    model.screens.push(open);
    changed
}

/// Moves in the open screen.
pub(super) fn moved(model: &mut Model, action: Action) {
    let room = model.room();
    if let Some(open) = model.screens.last_mut() {
        open.view.moved(action, &open.page.lines, room);
    }
}

/// What Enter opens: where the line leads, or what is selected in the grid.
fn enter(model: &mut Model) {
    if model.screens.is_empty() && motion::enter_group(model) {
        return;
    }
    if let Some(open) = model.screens.last() {
        if let Some(screen) = open.leads().cloned() {
            self::open(model, screen);
        }
        return;
    }
    let Subject { daemon_set, node, count, .. } = subject(model);
    let screen = match (daemon_set, node, count) {
        (Some(daemon_set), Some(node), _) => Screen::Cell { daemon_set, node },
        (Some(daemon_set), None, Some(count)) => Screen::Count { daemon_set, count },
        (Some(daemon_set), None, None) => Screen::DaemonSet(daemon_set),
        (None, Some(node), _) => Screen::Node(node),
        (None, None, _) => {
            say(model, "select a DaemonSet, a number or a node first");
            return;
        }
    };
    self::open(model, screen);
}

pub(super) fn say(model: &mut Model, words: &str) {
    model.notice = Some(Notice::said(words, model.now));
}

/// The page of the DaemonSet in question.
fn open_daemon_set(model: &mut Model) {
    match subject(model).daemon_set {
        Some(uid) => open(model, Screen::DaemonSet(uid)),
        None => say(model, "select a DaemonSet first"),
    }
}

/// The revisions of the DaemonSet in question.
fn open_history(model: &mut Model) {
    match subject(model).daemon_set {
        Some(uid) => open(model, Screen::History(uid)),
        None => say(model, "select a DaemonSet first"),
    }
}

/// The page of the node in question.
fn open_node(model: &mut Model) {
    match subject(model).node {
        Some(name) => open(model, Screen::Node(name)),
        None => say(model, "select a node first"),
    }
}

/// The nodes behind the number in question; where none is, those behind the desired count.
fn open_count(model: &mut Model) {
    match subject(model) {
        Subject { daemon_set: Some(daemon_set), count: Some(count), .. } => {
            open(model, Screen::Count { daemon_set, count });
        }
        Subject { daemon_set: Some(daemon_set), .. } => {
            open(model, Screen::Count { daemon_set, count: CountColumn::Desired });
        }
        _ => say(model, "select a DaemonSet first"),
    }
}

/// The events of what is in question.
fn open_events(model: &mut Model) {
    if model.screens.is_empty() {
        enter(model);
        if matches!(
            model.screens.last(),
            Some(Open { screen: Screen::Count { .. } | Screen::Nodes { .. }, .. })
        ) {
            open_daemon_set(model);
        }
    }
    let Some(open) = model.screens.last_mut() else { return };
    match open.page.lines.iter().position(|line| line.text == EVENTS) {
        // The newest is the last, and the first that is wanted.
        Some(at) => open.view.at = open.page.lines.len().saturating_sub(1).max(at),
        None => say(model, "there are no events here; e on a DaemonSet, a cell or a node"),
    }
}

/// The object in question as the server has it.
fn open_yaml(model: &mut Model) {
    match object(model) {
        Some(object) => open(model, Screen::Yaml(object)),
        None => say(model, "select a DaemonSet, a cell or a node first"),
    }
}

/// The pod of a cell, else its DaemonSet; a DaemonSet; a node.
fn object(model: &Model) -> Option<ObjectRef> {
    let subject = subject(model);
    if subject.object.is_some() {
        return subject.object;
    }
    let inventory = &model.inventory;
    let row = subject.daemon_set.and_then(|uid| inventory.row_of(&uid));
    let column = subject.node.and_then(|name| inventory.column_of(&name));
    let pod = row.zip(column).and_then(|(row, column)| {
        let view = inventory.view(row, column)?;
        view.pods.first().map(|pod| pod_ref(pod))
    });
    let daemon_set = || row.and_then(|row| inventory.row(row)).map(|row| daemon_set_ref(&row.daemon_set));
    let node = || inventory.column_at(column?)?.node.as_ref().map(node_ref);
    pod.or_else(daemon_set).or_else(node)
}

/// Every key; from there, back.
fn help(model: &mut Model) {
    if matches!(model.screens.last(), Some(Open { screen: Screen::Help, .. })) {
        leave(model);
    } else {
        let here = model.context_of_screen();
        open(model, Screen::Help);
        // The keys of where one is; in the grid they are the first.
        if let Some(open) = model.screens.last_mut().filter(|_| here != Context::Grid) {
            let heading = open.page.lines.iter().position(|line| line.text == here.title());
            (open.view.at, open.view.top) = (heading.unwrap_or_default(), heading.unwrap_or_default());
        }
    }
}

/// Long lines go on in the next row, or out of sight.
fn toggle_wrap(model: &mut Model) {
    if let Some(open) = model.screens.last_mut() {
        open.view.wraps = !open.view.wraps;
        (open.view.left, open.view.skip) = (0, 0);
    }
}

/// With or without `managedFields`.
fn toggle_managed_fields(model: &mut Model) {
    if let Some(open) = model.screens.last_mut() {
        open.with_managed_fields = !open.with_managed_fields;
        let words = if open.with_managed_fields { "with managedFields" } else { "without managedFields" };
        say(model, words);
        refresh(model);
    }
}

/// What is wrong; from there, back to the grid with only what is affected.
pub(super) fn open_problems(model: &mut Model) {
    let here = model.screens.last().map(|open| &open.screen);
    if matches!(here, Some(Screen::Problems)) {
        model.screens.clear();
        if !model.lens.only_affected {
            lens::toggle_affected(model);
        }
    } else {
        open(model, Screen::Problems);
    }
}

/// The alert that brought somebody here, as soon as its DaemonSet is known; that it is not there, if it is not.
pub(super) fn open_alert(model: &mut Model) {
    if !model.is_synced() {
        return;
    }
    let Some(uid) = super::settle::asked(model) else {
        if let Some(name) = model.settings.start_at.take() {
            let words = format!("there is no DaemonSet {name}: deleted, renamed or in another namespace");
            model.notice = Some(Notice::failed(words, model.now));
        }
        return;
    };
    if let Some(alert) = model.settings.alert.take() {
        open(model, Screen::Alert { daemon_set: uid, alert });
    }
}

/// Takes what fell as seen: it is no problem any more.
pub(super) fn acknowledge(model: &mut Model) {
    let Some(open) = model.screens.last() else { return };
    let key = match (open.leads(), &open.screen) {
        (Some(Screen::Cause(key)), _) | (_, Screen::Cause(key)) => Some(key.clone()),
        _ => None,
    };
    let words = match key {
        Some(CauseKey::Fell(uid)) if model.inventory.acknowledge(&uid) => {
            if matches!(open.screen, Screen::Cause(_)) {
                leave(model);
            }
            lens::project(model);
            "seen: told again only if it falls further"
        }
        _ if open.screen == Screen::Problems && !model.otherwise.is_empty() => {
            model.otherwise.clear();
            "seen: what came otherwise than foretold is taken off the list"
        }
        Some(_) => "this lasts until it is mended; only what fell can be taken as seen",
        None => "select what fell first",
    };
    refresh(model);
    say(model, words);
}

/// What `c` copies: the name where the line leads, else the line.
pub(super) fn copyable(model: &Model) -> Option<String> {
    let open = model.screens.last()?;
    if open.screen == Screen::Rights {
        return Some(crate::app::screen::rights_snippet(model)).filter(|text| !text.is_empty());
    }
    let line = open.page.lines.get(open.view.at)?;
    let name = line.leads.as_ref().and_then(|screen| {
        let subject = screen.subject();
        let daemon_set = || {
            let row = model.inventory.row(model.inventory.row_of(&subject.daemon_set?)?)?;
            Some(row.daemon_set.meta.key.to_string())
        };
        match screen {
            Screen::Cell { node, .. } if matches!(open.screen, Screen::Node(_)) => {
                daemon_set().or_else(|| Some(node.to_string()))
            }
            Screen::Cell { node, .. } | Screen::Node(node) => Some(node.to_string()),
            Screen::Yaml(object) => Some(object.key.name.to_string()),
            Screen::DaemonSet(_) | Screen::Alert { .. } | Screen::History(_) | Screen::Difference { .. } => {
                daemon_set()
            }
            Screen::Count { .. }
            | Screen::Nodes { .. }
            | Screen::Rights
            | Screen::Logs(_)
            | Screen::Problems
            | Screen::Usual
            | Screen::Cause(_)
            | Screen::Replacement
            | Screen::Journal
            | Screen::Help => None,
        }
    });
    name.or_else(|| Some(line.text.trim().to_owned())).filter(|text| !text.is_empty())
}

/// Begins to type a search.
fn begin_search(model: &mut Model) {
    if let Some(open) = model.screens.last_mut() {
        open.view.search.begin(open.view.at, &open.page.lines);
    }
}

/// Whether a search is being typed.
pub(super) fn is_searching(model: &Model) -> bool {
    model.screens.last().is_some_and(|open| open.view.search.is_typing)
}

/// The line of the search was edited: the cursor goes to the first match from where it began. What is no regular
/// expression, perhaps not yet, leaves it where it is and is told why.
pub(super) fn edit_search(model: &mut Model, edit: impl FnOnce(&mut String)) {
    let Some(open) = model.screens.last_mut() else { return };
    let search = &mut open.view.search;
    edit(&mut search.typed);
    match search.read(&open.page.lines) {
        Ok(()) => {
            open.view.at = search.from(search.began).unwrap_or(search.began);
            model.notice = None;
        }
        Err(why) => model.notice = Some(Notice::failed(why, model.now)),
    }
}

/// Ends the typing; without a match it says so.
pub(super) fn keep_search(model: &mut Model) {
    let Some(open) = model.screens.last_mut() else { return };
    let kept = open.view.search.keep(&open.page.lines);
    let (typed, finds) = (open.view.search.typed.clone(), !open.view.search.found.is_empty());
    let is_log = matches!(open.screen, Screen::Logs(_));
    if is_log {
        logs::searched(model);
    }
    match kept {
        Err(why) => {
            let still =
                if typed.is_empty() { String::new() } else { format!("; still searching for /{typed}") };
            model.notice = Some(Notice::failed(format!("{why}{still}"), model.now));
        }
        Ok(()) if !is_log && !finds && !typed.is_empty() => {
            say(model, &format!("nothing here matches /{typed}"));
        }
        Ok(()) => {}
    }
}

/// Drops the search; the cursor goes back only if it was still being typed.
pub(super) fn drop_search(model: &mut Model) -> bool {
    let Some(open) = model.screens.last_mut() else { return false };
    let search = &mut open.view.search;
    if search.typed.is_empty() && !search.is_typing {
        return false;
    }
    if search.is_typing {
        open.view.at = search.began;
    }
    search.is_typing = false;
    search.forget(&open.page.lines);
    logs::searched(model);
    true
}

/// To the next match or the previous one.
fn next_match(model: &mut Model, forward: bool) {
    let Some(open) = model.screens.last_mut() else { return };
    let search = &open.view.search;
    match search.next(open.view.at, forward) {
        Some(at) => {
            let place = search.found.iter().position(|found| *found == at).unwrap_or_default() + 1;
            let words = format!("match {place} of {}", search.found.len());
            open.view.at = at;
            say(model, &words);
        }
        None if search.typed.is_empty() => say(model, "/ searches first"),
        None => {
            let words = format!("nothing here matches /{}", search.typed);
            say(model, &words);
        }
    }
}

/// Asks for an object to be saved to a file as its YAML is shown.
pub(super) fn save(model: &mut Model) -> Vec<Effect> {
    let Some(Open { screen: Screen::Yaml(object), with_managed_fields, .. }) = model.screens.last() else {
        return Vec::new();
    };
    let Some(Answer::Object(Some(raw))) = model.answers.get(&Inquiry::Object(object.clone())) else {
        say(model, "there is nothing to save yet");
        return Vec::new();
    };
    let text = raw.yaml(*with_managed_fields).join("\n") + "\n";
    let whole = format!("{}-{}", object.kind.to_string().to_lowercase(), object.key);
    // A name from the server must not lead to another directory.
    let name = whole.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'), "-");
    vec![Effect::SaveFile { name: format!("{name}.yaml"), text }]
}

/// A file was saved, or could not be.
pub(super) fn saved(model: &mut Model, outcome: Result<String, String>) {
    model.notice = Some(match outcome {
        Ok(path) => Notice::said(format!("saved to {path}"), model.now),
        Err(words) => Notice::failed(words, model.now),
    });
}
