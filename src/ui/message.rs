//! What is said where there is nothing to draw: too small, nothing received yet, nothing there, nothing found.

use super::Canvas;
use super::line::width;
use super::theme::Role;
use crate::app::Model;
use crate::app::layout::LEAST;
use crate::app::lines::wrap;
use crate::domain::event::{LinkState, WatchKind};

/// Says how large the terminal has to be.
pub(super) fn too_small(canvas: &mut Canvas) {
    let (columns, lines) = LEAST;
    let here = format!("this terminal is {}x{}", canvas.area.width, canvas.area.height);
    // What cannot be seen cannot be confirmed.
    let way_out = if canvas.model.dialog().is_some() {
        "a question waits: Esc cancels it"
    } else {
        "make it larger, or q to quit"
    };
    let mut texts = vec![format!("dsgrid needs {columns}x{lines},"), here, way_out.to_owned()];
    // What goes on goes on, however small the terminal.
    let replacing = canvas.model.replacement().filter(|replacing| replacing.is_active());
    texts.extend(replacing.map(|replacing| {
        let stop = if replacing.run().state().needs_person() { "" } else { "; H holds it" };
        format!("{}{stop}", replacing.short_title())
    }));
    let style = canvas.theme.style(Role::Text);
    let top = canvas.area.height.saturating_sub(3) / 2;
    for (y, text) in (top..).zip(texts) {
        let x = canvas.area.width.saturating_sub(width(&text)) / 2;
        canvas.put(x, y, canvas.area.width, &text, style);
    }
}

/// Says why the list is empty, and what to do.
pub(super) fn nothing_to_show(canvas: &mut Canvas) {
    let words = words(canvas.model);
    let band = canvas.model.layout().list;
    // Rows without nodes stay; what is to be said stands below them.
    let rows = u16::try_from(canvas.model.grid().rows.len()).unwrap_or(u16::MAX);
    let top = band.top.saturating_add(rows).min(band.top + band.height.saturating_sub(1));
    let room = canvas.area.width.saturating_sub(6);
    for (y, line) in
        (top..band.top + band.height).zip(words.iter().flat_map(|words| wrap(words, usize::from(room))))
    {
        canvas.put(3, y, room, &line, canvas.theme.style(Role::Text));
    }
}

fn words(model: &Model) -> Vec<String> {
    let grid = model.grid();
    if !grid.rows.is_empty() && grid.columns.is_empty() && grid.hidden_columns > 0 {
        let (typed, _) = model.filter();
        let filter = if typed.is_empty() { "the filter".to_owned() } else { format!("/{typed}") };
        return vec![format!(
            "None of the {} nodes passes {filter}. Esc drops the filter.",
            grid.hidden_columns
        )];
    }
    let is_empty = if model.is_transposed() { grid.columns.is_empty() } else { grid.rows.is_empty() };
    if !is_empty {
        return Vec::new();
    }
    let denied = model.inventory().links().iter().find_map(|(watch, state)| match state {
        LinkState::Denied { why } if watch.kind == WatchKind::DaemonSets => Some((watch, why)),
        _ => None,
    });
    if let Some((watch, why)) = denied {
        return vec![
            format!("The server does not let you read {watch}: {why}"),
            "Ask for get, list and watch on them, or name a namespace you may read with -n NAMESPACE."
                .to_owned(),
        ];
    }
    if grid.hidden_rows > 0 || grid.hidden_columns > 0 {
        return vec![
            nothing_found(model),
            "Esc drops the filter, ! shows what is not affected too.".to_owned(),
        ];
    }
    if !model.is_synced() {
        return vec![format!("{}...", capitalised(&model.digest().link))];
    }
    match model.namespace() {
        Some(namespace) => vec![
            format!("There are no DaemonSets in the namespace {namespace}."),
            "Ctrl-n shows another namespace; started with -n, only that one is watched.".to_owned(),
        ],
        None => {
            vec!["There are no DaemonSets in this cluster. They appear here as soon as there are.".to_owned()]
        }
    }
}

fn nothing_found(model: &Model) -> String {
    let (typed, _) = model.filter();
    let hidden = model.grid().hidden_rows;
    if model.lens().only_affected && typed.is_empty() {
        "Nothing is wrong: no DaemonSet and no node has a problem.".to_owned()
    } else {
        let filter = if typed.is_empty() { "the filter".to_owned() } else { format!("/{typed}") };
        format!("None of the {} DaemonSets passes {filter}.", hidden + model.grid().rows.len())
    }
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
