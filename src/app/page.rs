//! The page over the grid: help or details, as lines that fit its width.

use unicode_width::UnicodeWidthStr;

use super::detail::{DetailLine, LineKind};
use super::keymap::{BINDINGS, Context};
use super::lines::wrap;
use super::model::Model;
use super::overlay::Overlay;

/// A page is not made wider than this.
const WIDEST: u16 = 110;
/// The keys' column in the help.
const KEYS: usize = 22;

/// A page over the grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// All its lines.
    pub lines: Vec<DetailLine>,
    /// The first visible one.
    pub top: usize,
    /// How wide it is, frame included.
    pub width: u16,
    /// How many lines it has room for.
    pub visible: usize,
}

/// The open page, if one is open.
#[must_use]
pub fn page(model: &Model) -> Option<Page> {
    let width = model.size.0.saturating_sub(2).min(WIDEST);
    let room = usize::from(model.size.1.saturating_sub(4));
    let inner = usize::from(width.saturating_sub(4));
    let (title, lines, top) = match model.overlay.as_ref()? {
        Overlay::Help { top } => ("every key".to_owned(), help(inner), *top),
        Overlay::Detail { top, .. } => {
            let detail = model.digest.detail.clone().unwrap_or_default();
            (detail.title, detail.lines.iter().flat_map(|line| fold(line, inner)).collect(), *top)
        }
        Overlay::Picker(_) => return None,
    };
    let visible = room.min(lines.len());
    Some(Page { title, top: top.min(lines.len() - visible), lines, width, visible })
}

/// One line as several; what follows the first is indented.
fn fold(line: &DetailLine, width: usize) -> Vec<DetailLine> {
    let indent = usize::from(line.kind != LineKind::Heading) * 2;
    let mut folded = wrap(&line.text, width.saturating_sub(indent + 2)).into_iter();
    let first = folded.next().map(|text| format!("{:indent$}{text}", ""));
    let rest = folded.map(|text| format!("{:width$}{text}", "", width = indent + 2));
    let gap = (line.kind == LineKind::Heading).then(String::new);
    let texts = gap.into_iter().chain(first).chain(rest);
    texts.map(|text| DetailLine { kind: line.kind, text }).collect()
}

/// The table of keys.
fn help(width: usize) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        let heading = DetailLine { kind: LineKind::Heading, text: context.title().to_owned() };
        lines.extend(fold(&heading, width).into_iter().skip(usize::from(lines.is_empty())));
        for binding in BINDINGS.iter().filter(|binding| binding.context == context) {
            let keys = binding.key_names().join(" ");
            let pad = KEYS.saturating_sub(keys.width()).max(1);
            let words = wrap(binding.description, width.saturating_sub(KEYS + 2));
            for (at, text) in words.into_iter().enumerate() {
                let text = if at == 0 {
                    format!("  {keys}{:pad$}{text}", "")
                } else {
                    format!("  {:KEYS$}{text}", "")
                };
                lines.push(DetailLine { kind: LineKind::Fact, text });
            }
        }
    }
    lines
}
