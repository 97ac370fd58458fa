//! Logs: whose they are, their lines with node, time and colours, or how containers ended.

use ratatui::style::{Modifier, Style};

use super::Canvas;
use super::line::{cut_end, cut_start, width};
use super::theme::Role;
use crate::app::logs::{Compare, Halves, LogRow, LogView, NOTE_MARGIN, Side, heads, title};
use crate::domain::log::{self, Level, StreamId};

/// Draws the open logs.
pub(super) fn draw(canvas: &mut Canvas) {
    let Some(view) = canvas.model.logs() else { return };
    let top = if view.is_full_screen { 0 } else { 2 };
    if !view.is_full_screen {
        words(canvas, view);
    }
    if let Some(compare) = &view.compare {
        endings(canvas, compare, top);
        return;
    }
    let (width, height) = (canvas.area.width, canvas.area.height);
    let room = view.room((width, height));
    let Some((beside, halves)) = view.split() else {
        let whole = Pane { from: 0, until: width, top, has_cursor: true };
        lines(canvas, view, whole, &view.visible(room));
        return;
    };
    let middle = (width - 1) / 2;
    let below = top + u16::try_from(room.height).unwrap_or_default() + 1;
    let places = match halves {
        Halves::Columns => [(0, middle, top), (middle + 1, 2 * middle + 1, top)],
        Halves::Rows => [(0, width, top), (0, width, below)],
    };
    let heads = heads(canvas.model, view, beside);
    for ((side, head), (from, until, top)) in [Side::Ill, Side::Healthy].into_iter().zip(&heads).zip(places) {
        let pane = Pane { from, until, top: top + 1, has_cursor: beside.side == side };
        let role = if pane.has_cursor { Role::Heading } else { Role::Faint };
        canvas.put(from + 1, top, until - from - 1, head, canvas.theme.style(role));
        let rows = if pane.has_cursor { view.visible(room) } else { view.visible_beside(room) };
        lines(canvas, view, pane, &rows);
    }
    if halves == Halves::Columns {
        for y in top..height - 1 {
            canvas.put(middle, y, 1, canvas.theme.glyphs().wall(), canvas.theme.style(Role::Frame));
        }
    }
}

/// A part of the screen with lines in it.
#[derive(Clone, Copy)]
struct Pane {
    from: u16,
    until: u16,
    top: u16,
    /// Whether keys are for these lines.
    has_cursor: bool,
}

fn lines(canvas: &mut Canvas, view: &LogView, pane: Pane, rows: &[LogRow]) {
    if rows.is_empty() {
        let words = if view.only_matches { "no line matches yet" } else { "no lines yet" };
        let room = pane.until.saturating_sub(pane.from + 2);
        canvas.put(pane.from + 2, pane.top, room, words, canvas.theme.style(Role::Faint));
    }
    for (y, row) in (pane.top..).zip(rows) {
        line(canvas, view, pane, y, row);
    }
}

/// So much of a name is seen at least, where there is room.
const NAME: u16 = 12;
/// Less of the rest says nothing.
const MORE: u16 = 6;

/// The title.
fn words(canvas: &mut Canvas, view: &LogView) {
    let title = title(canvas.model, view);
    // How much of all is seen must not be lost to a long name, nor to anything else.
    let shown = if title.shown.is_empty() { String::new() } else { format!("  {}", title.shown) };
    let mut words = title.right.clone();
    let taken = |words: &[String]| {
        let dropped = if title.dropped.is_empty() { 0 } else { width(&title.dropped) + 2 };
        width(&words.join("  ")) + dropped
    };
    let whole = canvas.area.width;
    let is_narrow = |words: &[String]| whole.saturating_sub(taken(words) + 6) < NAME + width(&shown);
    while words.len() > 2 && is_narrow(&words) {
        words.pop();
    }
    let (right, words) = (taken(&words), words.join("  "));
    let room = whole.saturating_sub(right + 6);
    let ellipsis = canvas.theme.glyphs().ellipsis();
    let name = cut_end(&title.left, room.saturating_sub(width(&shown)).max(NAME.min(room)), ellipsis);
    let mut left = cut_end(&format!("{name}{shown}"), room, ellipsis);
    let rest = room - width(&left).min(room);
    if rest > MORE || rest >= width(&title.more) {
        left.push_str(&cut_end(&title.more, rest, ellipsis));
    }
    canvas.rule(1);
    canvas.put(1, 1, room + 2, &format!(" {left} "), canvas.theme.style(Role::Heading));
    let mut x = canvas.area.width.saturating_sub(right + 3);
    if !title.dropped.is_empty() {
        x = canvas.put(x, 1, right, &format!(" {} ", title.dropped), canvas.theme.style(Role::Warning));
    }
    if !words.is_empty() {
        canvas.put(x, 1, right + 2, &format!(" {words} "), canvas.theme.style(Role::Frame));
    }
}

/// Where nothing but the lines is shown: what the title would say at its right, at the end of the last line; its width.
pub(super) fn foot(canvas: &mut Canvas, y: u16) -> u16 {
    let view = canvas.model.logs().filter(|view| view.is_full_screen && canvas.model.shows_logs());
    let Some(view) = view else { return 0 };
    let title = title(canvas.model, view);
    let gap = if title.dropped.is_empty() { "" } else { "  " };
    let words = format!("{}{gap}{}", title.dropped, title.right.join("  "));
    let words = cut_start(&words, canvas.area.width / 2, canvas.theme.glyphs().ellipsis());
    let room = width(&words) + 2;
    canvas.put(canvas.area.width - room + 1, y, room, &words, canvas.theme.style(Role::Frame));
    room
}

/// A row: `>` or `*`, the node, the time, the text.
fn line(canvas: &mut Canvas, view: &LogView, pane: Pane, y: u16, row: &LogRow) {
    let (names, times) = view.margins();
    let (names, times) = (u16::try_from(names).unwrap_or(u16::MAX), u16::try_from(times).unwrap_or(u16::MAX));
    let mark = match (row.is_cursor, row.is_marked) {
        (true, _) if pane.has_cursor => ">",
        (true, _) => "-",
        (false, true) => "*",
        (false, false) if row.is_after_gap => canvas.theme.glyphs().rule(),
        (false, false) => " ",
    };
    canvas.put(pane.from, y, 1, mark, canvas.theme.style(Role::Beside));
    let mut x = pane.from + 1;
    if names > 0 {
        if row.is_first && !row.is_note {
            let (name, style) = name(canvas, view, row.stream);
            let name = cut_start(&name, names, canvas.theme.glyphs().ellipsis());
            canvas.put(x, y, names, &name, style);
        }
        x += names + 1;
    }
    if !row.time.is_empty() {
        canvas.put(x, y, times, &row.time, canvas.theme.style(Role::Faint));
    }
    x += times;
    let start = x;
    if row.is_note {
        let margin = u16::try_from(NOTE_MARGIN).unwrap_or_default();
        if row.is_first {
            let rule = canvas.theme.glyphs().rule().repeat(NOTE_MARGIN - 1);
            canvas.put(x, y, margin, &rule, canvas.theme.style(Role::Frame));
        }
        x += margin;
    }
    let base = base(canvas, row);
    let mut text = String::new();
    let begin = x;
    for (part, style) in &row.parts {
        let room = pane.until.saturating_sub(x);
        x = canvas.put(x, y, room, part, styled(canvas, base, *style));
        text.push_str(part);
    }
    if let Some(open) = canvas.model.screen() {
        for place in open.view.search.places(&text) {
            let from = begin + width(&text[..place.start]);
            canvas.tint(from, y, width(&text[place]), canvas.theme.style(Role::Found));
        }
    }
    if row.is_cursor && pane.has_cursor && !view.follows {
        let room = pane.until.saturating_sub(start);
        canvas.tint(start, y, room, canvas.theme.style(Role::Cursor));
    }
}

/// How a line is shown as a whole.
fn base(canvas: &Canvas, row: &LogRow) -> Style {
    let theme = canvas.theme;
    match row.level {
        _ if row.is_note => theme.style(Role::Heading),
        Some(Level::Fatal | Level::Error) => theme.style(Role::Alert),
        Some(Level::Warn) => theme.style(Role::Warning),
        Some(Level::Debug | Level::Trace) => theme.style(Role::Faint),
        Some(Level::Info) | None => theme.style(Role::Text),
    }
}

/// What the container itself says about a part wins.
fn styled(canvas: &Canvas, base: Style, style: log::Style) -> Style {
    let mut shown = if style.hue.is_some() { canvas.theme.hue(style.hue) } else { base };
    for (is_set, modifier) in [
        (style.bold, Modifier::BOLD),
        (style.italic, Modifier::ITALIC),
        (style.underline, Modifier::UNDERLINED),
        (style.reverse, Modifier::REVERSED),
    ] {
        if is_set {
            shown = shown.add_modifier(modifier);
        }
    }
    shown
}

/// What a stream is called, and its colour.
fn name(canvas: &Canvas, view: &LogView, id: StreamId) -> (String, Style) {
    let Some((shown, key)) = view.label(id, |node| canvas.model.node_labels().short(node)) else {
        return (String::new(), Style::new());
    };
    let tint = view.tint(key);
    let style = canvas.theme.hue(Some(tint.hue));
    let is_bold = tint.is_bold && style.fg.is_some();
    (shown, if is_bold { style.add_modifier(Modifier::BOLD) } else { style })
}

/// The groups of endings.
fn endings(canvas: &mut Canvas, compare: &Compare, top: u16) {
    let (known, all) = compare.progress();
    let heading = if known < all {
        format!("Last words before the end: {known} of {all} nodes read")
    } else {
        format!("Last words before the end, {all} node{}", if all == 1 { "" } else { "s" })
    };
    canvas.put(1, top, canvas.area.width, &heading, canvas.theme.style(Role::Heading));
    let height = usize::from(canvas.area.height.saturating_sub(top + 2));
    let skipped = (compare.at + 1).saturating_sub(height);
    for (y, row) in (top + 1..).zip(compare.rows().into_iter().skip(skipped).take(height)) {
        let room = canvas.area.width.saturating_sub(3);
        canvas.put(2, y, room, &row.text, canvas.theme.style(Role::Text));
        if row.is_cursor {
            canvas.put(0, y, 1, ">", canvas.theme.style(Role::Beside));
            canvas.tint(2, y, room, canvas.theme.style(Role::Cursor));
        }
    }
}
