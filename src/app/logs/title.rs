//! What is read and how, in one line.

use super::beside::{Beside, Side};
use super::streams::{StreamState, Subject};
use super::view::{LogView, PRESETS};
use crate::app::model::Model;

/// The words over the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// Whose logs.
    pub left: String,
    /// How many of how many nodes or pods; empty where it is one.
    pub shown: String,
    /// Of which container and run, and what else there is to say, the most important first; begins with what parts it from the rest.
    pub more: String,
    /// How many lines match, following or not, how far back, which line of how many; where there is little room, what
    /// comes later is left out first.
    pub right: Vec<String>,
    /// Lines that are lost; empty where there are none.
    pub dropped: String,
}

/// The words over the halves of a view of two nodes: left the ill one.
#[must_use]
pub fn heads(model: &Model, view: &LogView, beside: &Beside) -> [String; 2] {
    let run = |side| {
        let streams = beside.streams(side).iter().rev();
        let words = streams.map(|id| view.streams.run_words(*id, model.now)).find(|words| !words.is_empty());
        words.map(|words| format!("  {words}")).unwrap_or_default()
    };
    let state = beside.streams(Side::Ill).last().and_then(|id| view.streams.get(*id));
    let state = state.map(|stream| format!("  {}", stream.target.state.name())).unwrap_or_default();
    [
        format!("{}{state}{}", beside.ill, run(Side::Ill)),
        format!("{}  healthy{}", beside.healthy, run(Side::Healthy)),
    ]
}

/// The words over the lines of a view.
#[must_use]
pub fn title(model: &Model, view: &LogView) -> Title {
    let reading = view.streams.reading();
    let name = |uid| {
        let row = model.inventory.row_of(uid).and_then(|row| model.inventory.row(row));
        row.map_or_else(|| "a DaemonSet that is gone".to_owned(), |row| row.daemon_set.meta.key.to_string())
    };
    let mut left = match &reading.subject {
        Subject::DaemonSet(uid) => format!("logs {}", name(uid)),
        Subject::Cells(cells) => match cells.as_slice() {
            [(uid, node)] => format!("logs {} on {node}", name(uid)),
            [(first, _), rest @ ..] if rest.iter().all(|(uid, _)| uid == first) => {
                format!("logs {}", name(first))
            }
            [(_, first), rest @ ..] if rest.iter().all(|(_, node)| node == first) => {
                format!("logs of node {first}")
            }
            _ => "logs".to_owned(),
        },
    };
    // Over the halves stands which node each is.
    if let Some(beside) = view.beside.as_ref().filter(|_| view.split().is_none()) {
        left = format!("{left}  {} beside {} (healthy)", beside.ill, beside.healthy);
    }
    let streams: Vec<_> = view.streams.iter().collect();
    if view.compare.is_some() {
        let more = "  how containers ended".to_owned();
        return Title { left, more, ..Title::default() };
    }
    let selection = view.streams.shown();
    let is_many = streams.len() > 1 && selection.of > 1 && view.beside.is_none();
    let shown = if is_many { selection.to_string() } else { String::new() };
    let (at, all) = view.position();
    let found = match (view.found(), view.only_matches) {
        (0, false) => None,
        (1, false) => Some("1 match".to_owned()),
        (found, false) => Some(format!("{found} matches")),
        (1, true) => Some(format!("only 1 match +-{}", view.context)),
        (found, true) => Some(format!("only {found} matches +-{}", view.context)),
    };
    let others = [state(view).to_owned(), format!("{at}/{all}"), PRESETS[view.preset].0.to_owned()];
    let dropped = view.buffer.dropped();
    Title {
        left,
        shown,
        more: more(model, view, is_many),
        right: found.into_iter().chain(others).collect(),
        dropped: if dropped == 0 { String::new() } else { format!("{dropped} oldest dropped") },
    }
}

/// Of which container and run, which come first, and what is not open yet.
fn more(model: &Model, view: &LogView, is_many: bool) -> String {
    let streams: Vec<_> = view.streams.iter().collect();
    let mut more = String::new();
    let mut add = |words: &str| {
        if !words.is_empty() {
            more.push_str("  ");
            more.push_str(words);
        }
    };
    if let Some((_, stream)) = streams.first().filter(|_| is_container_told(view)) {
        add(&stream.container);
    }
    if let [(id, _)] = streams.as_slice() {
        add(&view.streams.run_words(*id, model.now));
    } else if is_many {
        match streams.iter().filter(|(_, stream)| stream.previous).count() {
            0 => {}
            1 => add("1 previous run"),
            many => add(&format!("{many} previous runs")),
        }
    } else if streams.is_empty() {
        add("no pods");
    }
    if let Some(order) = view.streams.shown().order().filter(|_| is_many) {
        // Behind the number it belongs to, where nothing is between.
        let mark = if more.is_empty() { ": " } else { "  " };
        more = format!("{more}{mark}{order}");
    }
    let opening = streams.iter().filter(|(_, stream)| stream.state == StreamState::Opening).count();
    if opening > 0 {
        more = format!("{more}  opening {opening}..");
    }
    more
}

fn is_container_told(view: &LogView) -> bool {
    view.streams.reading().container.is_some() || view.streams.iter().count() == 1
}

/// Whether what the keys are for follows the newest line.
fn state(view: &LogView) -> &'static str {
    let has_ended = match view.split() {
        Some((beside, _)) => view.has_ended(beside.streams(beside.side)),
        None => view.streams.iter().all(|(_, stream)| matches!(stream.state, StreamState::Ended(_))),
    };
    match (view.follows, has_ended) {
        (_, true) => "ended",
        (true, false) => "following",
        (false, false) => "not following",
    }
}
