//! The open dialog as lines that fit the terminal, with what it waits for below them.

use super::{Dialog, Stage};
use crate::app::intent::Intent;
use crate::app::lines::wrap;
use crate::app::model::Model;
use crate::app::page::{Line, LineKind};
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
    let lines: Vec<Line> = dialog.lines().iter().flat_map(|line| fold(line, inner)).collect();
    let status: Vec<Line> = status(model, dialog).iter().flat_map(|line| fold(line, inner)).collect();
    // Frame, the rule above the status, the header and the last line of the screen.
    let room = usize::from(model.size.1).saturating_sub(5 + status.len()).max(1);
    let visible = room.min(lines.len());
    let target = dialog.intent.target();
    let title = format!("{} {} in {}", dialog.intent.verb().name(), target, model.settings.context);
    Some(DialogPage { title, top: dialog.top.min(lines.len() - visible), lines, visible, status, width })
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
            for (at, field) in dialog.fields.iter().enumerate() {
                let (mark, cursor) = if at == dialog.field { (">", "_") } else { (" ", "") };
                lines.push(Line::fact(format!("{mark} {}: {}{cursor}", field.label, field.value)));
            }
            if let Err(why) = dialog.intent.filled(&dialog.fields) {
                lines.push(Line::problem(why));
            }
            lines.push(Line::fact("Enter goes on to what it would do, Tab to the next field, Esc cancels"));
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
            lines.push(Line::fact(format!("[Close] Enter or Esc{more}")));
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
        return vec![Line::fact(typed), Line::fact("[Cancel] Esc")];
    }
    let reason = match &dialog.intent {
        Intent::Pause { reason, .. } if reason.is_empty() => "    Tab say why".to_owned(),
        Intent::Pause { reason, .. } => format!("    Tab reason: {reason}"),
        _ => String::new(),
    };
    vec![Line::fact(format!("[Cancel] Enter or Esc    y {verb}{reason}"))]
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
