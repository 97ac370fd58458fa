//! The first line: where we are, how much there is, what is wrong, how the links stand.

use ratatui::style::Style;

use super::Canvas;
use super::line::width;
use super::theme::Role;
use crate::app::Replacing;
use crate::app::layout::Mode;
use crate::app::lines::thousands;
use crate::domain::replace::run::RunState;
use crate::domain::rights::hides_nodes;

/// On narrower screens only `READ-ONLY` is told, not that writes are possible.
const WRITE_LEAST: u16 = 100;

/// So much of how the links stand is left even where the room is short.
const LINK_LEAST: u16 = 8;

/// A piece of the line; pieces of higher rank are left out first where the room is short, those of rank 0 never.
struct Piece {
    text: String,
    style: Style,
    rank: u8,
}

/// Draws the line.
pub(super) fn draw(canvas: &mut Canvas) {
    let digest = canvas.model.digest();
    let live = if digest.is_live { Role::Good } else { Role::Warning };
    let link = format!("{} {}", canvas.theme.glyphs().link(digest.is_live), digest.link);
    let room = canvas.area.width;
    let (rights, rights_style) = rights(canvas);
    let rights_width = width(&rights).min(room / 3);
    canvas.put_right(room.saturating_sub(rights_width + 1), 0, rights_width, &rights, rights_style);
    let room = room.saturating_sub(rights_width + 2);
    let link_width = width(&link).min(room / 2);
    let mut pieces = pieces(canvas);
    let total = |pieces: &[Piece]| pieces.iter().map(|piece| width(&piece.text) + 2).sum::<u16>();
    while total(&pieces) + link_width > room.saturating_sub(1) {
        let can_go = (1..pieces.len()).filter(|at| pieces[*at].rank > 0);
        let Some(least) = can_go.max_by_key(|at| (pieces[*at].rank, *at)) else { break };
        pieces.remove(least);
    }
    // What goes on here is told before why the links are as they are: the line below the header has room for that.
    let mut is_short = total(&pieces) + link_width > room.saturating_sub(1);
    if let (true, Some(replacing)) = (is_short, canvas.model.replacement()) {
        pieces.truncate(1);
        pieces.push(replacement(canvas, replacing.short_title(), replacing));
        is_short = total(&pieces) + link_width > room.saturating_sub(1);
    }
    let link_width = if is_short {
        link_width.min(room.saturating_sub(1 + total(&pieces)).max(LINK_LEAST))
    } else {
        link_width
    };
    let mut x = 1;
    let end = room.saturating_sub(link_width + 2);
    for piece in pieces {
        x = canvas.put(x, 0, end.saturating_sub(x), &piece.text, piece.style) + 2;
    }
    let style = canvas.theme.style(live);
    canvas.put(room.saturating_sub(link_width + 1), 0, link_width, &link, style);
}

/// Whether anything can be changed from here, and as whom.
fn rights(canvas: &Canvas) -> (String, Style) {
    let (model, theme) = (canvas.model, canvas.theme);
    if model.is_read_only() {
        return ("READ-ONLY".to_owned(), theme.style(Role::Good));
    }
    let is_wide = canvas.area.width >= 100;
    let words = match model.user().as_str() {
        user if is_wide && !user.is_empty() => format!("WRITE as {user}"),
        // A letter of it would say nothing, and what is wrong needs the room more.
        _ if canvas.area.width < WRITE_LEAST => String::new(),
        _ => "WRITE".to_owned(),
    };
    (words, theme.style(Role::Warning))
}

fn pieces(canvas: &Canvas) -> Vec<Piece> {
    let (model, theme) = (canvas.model, canvas.theme);
    let totals = model.inventory().totals_in(model.lens().filter.namespace.as_ref());
    let is_wide = canvas.area.width >= 100;
    let plain = theme.style(Role::Text);
    let mut pieces =
        vec![Piece { text: model.context().to_string(), style: theme.style(Role::Title), rank: 0 }];
    if let Some(replacing) = model.replacement() {
        let title = if is_wide { replacing.title() } else { replacing.short_title() };
        pieces.push(replacement(canvas, title, replacing));
    }
    let mut add = |text: String, style: Style, rank: u8| pieces.push(Piece { text, style, rank });
    add(format!("ns {}", model.namespace().map_or("all", |namespace| namespace.as_str())), plain, 3);
    let unready = totals.nodes - totals.ready_nodes;
    let unreadable = hides_nodes(model.inventory());
    let nodes = |known: usize| match known {
        _ if unreadable => "nodes not readable".to_owned(),
        1 => "1 node".to_owned(),
        many => format!("{} nodes", thousands(many)),
    };
    if is_wide {
        let plural = if totals.daemon_sets == 1 { "" } else { "s" };
        add(format!("{} DaemonSet{plural}", thousands(totals.daemon_sets)), plain, 5);
        let ready =
            if unready > 0 { format!(" ({} Ready)", thousands(totals.ready_nodes)) } else { String::new() };
        add(format!("{}{ready}", nodes(totals.nodes)), plain, 4);
        add(format!("{} pods", thousands(totals.pods)), plain, 6);
    } else {
        add(format!("{} ds", thousands(totals.daemon_sets)), plain, 5);
        add(nodes(totals.nodes), plain, 4);
    }
    for (at, tag) in model.digest().tags.iter().enumerate() {
        let style = tag.state.map_or(theme.style(Role::Warning), |state| theme.cell(state));
        // The worst words stay longest.
        add(tag.text.clone(), style, 1 + u8::from(at > 2));
    }
    if !model.marks().is_empty() {
        add(format!("{} marked", model.marks().words()), theme.style(Role::Title), 1);
    }
    if model.lens().only_affected {
        add("only affected".to_owned(), theme.style(Role::Warning), 2);
    }
    add(lens(canvas), theme.style(Role::Faint), 7);
    pieces
}

/// What this dsgrid does itself: never left out.
fn replacement(canvas: &Canvas, text: String, replacing: &Replacing) -> Piece {
    let is_bad = matches!(replacing.run().state(), RunState::Halted(_) | RunState::Outdated(_));
    let role = if is_bad { Role::Alert } else { Role::Warning };
    Piece { text, style: canvas.theme.style(role), rank: 0 }
}

/// How the grid is looked at.
fn lens(canvas: &Canvas) -> String {
    let lens = canvas.model.lens();
    let mut words = Vec::new();
    if let Some(key) = &lens.group_by {
        let short = key.rsplit('/').next().unwrap_or(key);
        words.push(format!("by {short}"));
    }
    if canvas.model.layout().mode == Mode::Transposed {
        words.push("nodes as rows".to_owned());
    }
    words.push(lens.row_order.name().to_owned());
    words.join(", ")
}
