//! The open dialog as lines that fit the terminal, with what it waits for below them.

use super::{Dialog, Stage};
use crate::app::intent::Intent;
use crate::app::lines::wrap;
use crate::app::model::Model;
use crate::app::page::{Line, LineKind};
use crate::app::replace;
use crate::domain::age::age;

/// A dialog is not made wider than this.
const WIDEST: u16 = 100;

/// The open dialog, ready to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialogPage {
    /// What, on which object, in which context.
    pub title: String,
    /// All its lines.
    pub lines: Vec<DialogLine>,
    /// The first visible one.
    pub top: usize,
    /// How many there is room for.
    pub visible: usize,
    /// How it stands, below the lines.
    pub status: Vec<DialogLine>,
    /// How wide it is, frame included.
    pub width: u16,
}

/// A line as it is drawn.
pub type DialogLine = Line;

/// The open dialog, if one is open.
#[must_use]
pub fn dialog_page(model: &Model) -> Option<DialogPage> {
    let dialog = model.dialog.as_ref()?;
    let width = model.size.0.saturating_sub(2).min(WIDEST);
    let inner = usize::from(width.saturating_sub(4));
    let lines = unmeant(model, dialog).into_iter().chain(dialog.lines());
    let mut lines: Vec<Line> = lines.flat_map(|line| fold(&line, inner)).collect();
    let (form, at) = form(model, dialog, inner);
    let at = at.map(|at| lines.len() + at);
    lines.extend(form);
    let status: Vec<Line> = status(model, dialog).iter().flat_map(|line| fold(line, inner)).collect();
    // Frame, the rule above the status, the header and the last line of the screen.
    let room = usize::from(model.size.1).saturating_sub(5 + status.len()).max(1);
    let visible = room.min(lines.len());
    let target = dialog.intent.target();
    let title = format!("{} {} in {}", dialog.intent.verb().name(), target, model.settings.context);
    // The value that takes the keys stays in sight.
    let top = at.map_or(dialog.top, |at| (at + 1).saturating_sub(visible));
    Some(DialogPage { title, top: top.min(lines.len() - visible), lines, visible, status, width })
}

/// The values to type, and which line takes the keys.
fn form(model: &Model, dialog: &Dialog, width: usize) -> (Vec<Line>, Option<usize>) {
    if !matches!(dialog.stage, Stage::Filling) {
        return (Vec::new(), None);
    }
    let (mut lines, mut at) = (Vec::new(), None);
    if let Intent::Replace { daemon_set, options } = &dialog.intent {
        let about = replace::about(model, daemon_set, options);
        lines.extend(about.iter().flat_map(|line| fold(line, width)));
        lines.push(Line::fact(String::new()));
    }
    let labels = dialog.fields.iter().map(|field| field.label.len()).max().unwrap_or_default();
    for (here, field) in dialog.fields.iter().enumerate() {
        let is_here = here == dialog.field;
        let (mark, hint) = if is_here { (">", field.hint) } else { (" ", "") };
        let value = match (is_here, field.is_choice, dialog.is_fresh) {
            _ if field.value.is_empty() && !field.empty.is_empty() => {
                let cursor = if is_here { "_ " } else { "" };
                format!("{cursor}({})", field.empty)
            }
            (false, ..) => field.value.clone(),
            (true, true, _) => format!("[{}]", field.value),
            // What is in brackets goes with the first letter.
            (true, false, true) if !field.value.is_empty() => format!("[{}]", field.value),
            (true, false, _) => format!("{}_", field.value),
        };
        let gap = if hint.is_empty() { "" } else { "   " };
        let text = format!("{mark} {:<labels$}  {value}{gap}{hint}", field.label);
        lines.extend(fold(&Line::fact(text), width));
        if is_here {
            at = Some(lines.len() - 1);
        }
    }
    (lines, at)
}

/// Marks are for changes of nodes: somebody who marked rows learns that only one is meant.
fn unmeant(model: &Model, dialog: &Dialog) -> Option<Line> {
    let marked = match model.marks.len() {
        // A replacement is of what is marked, and says so.
        _ if matches!(dialog.intent, Intent::Replace { .. }) => return None,
        0 => return None,
        1 => "the 1 mark is".to_owned(),
        many => format!("the {many} marks are"),
    };
    Some(Line::problem(format!("only {}; {marked} not meant", dialog.intent.target().key)))
}

/// One line as several; what follows the first is indented as far as that, and a little more.
fn fold(line: &Line, width: usize) -> Vec<Line> {
    let indent = line.text.len() - line.text.trim_start_matches(' ').len();
    // What follows the first row is indented, and nothing of the request may be cut.
    let room = width.saturating_sub(indent + 2);
    let mut folded = wrap(&line.text, room).into_iter();
    let first = folded.next();
    let rest: Vec<String> = folded.map(|text| format!("{:indent$}  {}", "", text.trim_start())).collect();
    let gap = (line.kind == LineKind::Heading).then(String::new);
    let texts = gap.into_iter().chain(first).chain(rest);
    texts.map(|text| Line { text, ..line.clone() }).collect()
}

/// How the dialog stands and what can be pressed.
pub(in crate::app) fn status(model: &Model, dialog: &Dialog) -> Vec<Line> {
    let mut lines = Vec::new();
    match &dialog.stage {
        Stage::Choosing { .. } => {
            lines.push(Line::fact("Enter takes the marked one and shows what it would do, Esc cancels"));
        }
        Stage::Filling => {
            lines.extend(match (dialog.intent.filled(&dialog.fields, model), &dialog.intent) {
                (Err(why), _) => vec![Line::problem(why)],
                (Ok(Intent::Replace { daemon_set, options }), _) => {
                    replace::outlook(model, &daemon_set, &options)
                }
                (Ok(_), _) => Vec::new(),
            });
            let others = if dialog.fields.len() > 1 { "Tab to the next value, " } else { "" };
            lines.push(Line::fact(format!("Enter goes on to what it would do, {others}Esc cancels")));
        }
        Stage::Reading { since } => lines.push(Line::fact(format!(
            "reading {} as it is now ({}); Esc cancels",
            dialog.intent.target(),
            age(Some(*since), model.now)
        ))),
        Stage::Rehearsing { since, .. } => lines.push(Line::fact(format!(
            "the server checks it without writing it ({}); Esc cancels",
            age(Some(*since), model.now)
        ))),
        Stage::Ready { .. } => lines.extend(ready(dialog)),
        Stage::Sent { ticket } => lines.push(sent(model, *ticket)),
        Stage::Ended { again, .. } => {
            let more = if *again { "    r reads it afresh and tries again" } else { "" };
            lines.push(Line::fact(format!("[Close] Enter or Esc{more}{}", form_key(dialog))));
        }
    }
    if !dialog.hint.is_empty() {
        lines.push(Line::problem(&dialog.hint));
    }
    lines
}

/// What confirms it, and what does not.
fn ready(dialog: &Dialog) -> Vec<Line> {
    let verb = dialog.intent.verb().name();
    if let Some(word) = dialog.word() {
        let typed = format!("to {verb}, type {word} and Enter: {}_", dialog.typed);
        return vec![Line::fact(typed), Line::fact(format!("[Cancel] Esc{}", form_key(dialog)))];
    }
    let reason = match &dialog.intent {
        Intent::Pause { reason, .. } if reason.is_empty() => "    Tab say why".to_owned(),
        Intent::Pause { reason, .. } => format!("    Tab reason: {reason}"),
        _ => form_key(dialog).to_owned(),
    };
    vec![Line::fact(format!("[Cancel] Enter or Esc    y {verb}{reason}"))]
}

/// The way back to how it is to go.
fn form_key(dialog: &Dialog) -> &'static str {
    if dialog.has_form() { "    Tab changes how" } else { "" }
}

fn sent(model: &Model, ticket: crate::domain::command::Ticket) -> Line {
    let Some(write) = model.writes.get(ticket) else { return Line::fact("sent") };
    let since = age(Some(write.sent), model.now);
    match &write.lost {
        None => Line::fact(format!("sent {since} ago; waiting for the answer. Esc leaves it to the header")),
        Some(why) => Line::problem(format!(
            "sent {since} ago, outcome unknown until read back: {why}. Esc leaves it to the header"
        )),
    }
}
