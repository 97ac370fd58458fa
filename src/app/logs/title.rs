//! What is read and how, in one line.

use super::beside::{Beside, Side};
use super::streams::{StreamState, Subject};
use super::view::{LogView, PRESETS};
use crate::app::model::Model;

/// The words over the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// Whose logs, of which container and run, and how many of how many.
    pub left: String,
    /// Following or not, how far back, which line of how many.
    pub right: String,
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
            _ => "logs".to_owned(),
        },
    };
    // Over the halves stands which node each is.
    if let Some(beside) = view.beside.as_ref().filter(|_| view.split().is_none()) {
        left = format!("{left}  {} beside {} (healthy)", beside.ill, beside.healthy);
    }
    let streams: Vec<_> = view.streams.iter().collect();
    if let Some((_, stream)) = streams.first().filter(|_| reading.container.is_some() || streams.len() == 1) {
        left = format!("{left}  {}", stream.container);
    }
    if let [(id, _)] = streams.as_slice() {
        let words = view.streams.run_words(*id, model.now);
        if !words.is_empty() {
            left = format!("{left}  {words}");
        }
    } else if view.streams.shown().of > 1 && view.beside.is_none() {
        match streams.iter().filter(|(_, stream)| stream.previous).count() {
            0 => {}
            1 => left.push_str("  1 previous run"),
            many => left = format!("{left}  {many} previous runs"),
        }
        left = format!("{left}  {}", view.streams.shown());
    } else if streams.is_empty() && view.compare.is_none() {
        left = format!("{left}  no pods");
    }
    let opening = streams.iter().filter(|(_, stream)| stream.state == StreamState::Opening).count();
    if opening > 0 {
        left = format!("{left}  opening {opening}..");
    }
    let ended = streams.iter().all(|(_, stream)| matches!(stream.state, StreamState::Ended(_)));
    let state = match (view.follows, ended) {
        (_, true) => "ended",
        (true, false) => "following",
        (false, false) => "not following",
    };
    let (at, all) = view.position();
    let found = match (view.found(), view.only_matches) {
        (0, false) => String::new(),
        (1, false) => "1 match  ".to_owned(),
        (found, false) => format!("{found} matches  "),
        (found, true) => format!("only {found} matches +-{}  ", view.context),
    };
    let dropped = view.buffer.dropped();
    Title {
        left,
        right: format!("{found}{state}  {}  {at}/{all}", PRESETS[view.preset].0),
        dropped: if dropped == 0 { String::new() } else { format!("{dropped} oldest dropped") },
    }
}
