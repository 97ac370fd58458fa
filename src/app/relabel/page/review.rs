//! What is read before a change of nodes is sent, while it is, and after.

use super::{faint, sets};
use crate::app::model::Model;
use crate::app::page::Line;
use crate::app::relabel::{Relabel, Stage};
use crate::domain::age::age;
use crate::domain::gate::Gate;
use crate::domain::preview::edit::edit_words;
use crate::domain::preview::{Impact, NodeChange};
use crate::domain::relabel::batch::{Batch, NodeResult, OnError, Step};
use crate::domain::relabel::guard::{about_cordon, warnings};
use crate::domain::relabel::harm::Harm;

/// Everything that is to be read before and after it is sent.
pub(super) fn told(model: &Model, relabel: &Relabel) -> Vec<Line> {
    match &relabel.stage {
        Stage::Editing(_) => Vec::new(),
        Stage::Reading { edits, read, .. } => {
            vec![Line::fact(format!("reading the nodes as they are now: {} of {}", read.len(), edits.len()))]
        }
        Stage::Ready { batch, .. } => review(batch, &relabel.harm),
        Stage::Sent { batch, .. } => results(model, batch, &relabel.harm),
    }
}

fn review(batch: &Batch, harm: &Harm) -> Vec<Line> {
    let mut lines: Vec<Line> = harm.unseen.iter().map(Line::problem).collect();
    let mut last: Option<&NodeChange> = None;
    for item in batch.items() {
        let change = &item.edit.change;
        if last.replace(change) != Some(change) {
            lines.push(Line::heading(edit_words(change).join(" ")));
            lines.extend(about_cordon(change).iter().map(|words| Line::fact(*words)));
            let careful = warnings(change).into_iter();
            lines.extend(careful.map(|why| Line::problem(format!("careful: {why}"))));
        }
    }
    for (node, result) in batch.left_out() {
        lines.push(Line::problem(format!("left out: {node}: {}", result.words())));
    }
    let already = batch.items().iter().filter(|item| item.step == Step::Over(NodeResult::Already)).count();
    if already > 0 {
        lines.push(Line::fact(format!("as wanted already, nothing is sent: {already}")));
    }
    lines.push(Line::heading(harm.words()));
    lines.extend(sets(harm));
    if !harm.impacts.is_empty() {
        lines.push(Line::heading(format!("what happens where ({})", harm.impacts.len())));
        let before = std::iter::once(None).chain(harm.impacts.iter().map(Some));
        lines.extend(harm.impacts.iter().zip(before).map(|(impact, before)| {
            let is_same = before.is_some_and(|before| before.reason == impact.reason);
            let rule = if is_same { String::new() } else { format!("; {}", impact.reason) };
            Line::fact(format!("{}{rule}", where_words(impact)))
        }));
    }
    let ready: Vec<_> = batch.ready().collect();
    if let Some((_, command)) = ready.first() {
        let (http, media) = (command.method.http(), command.method.media_type());
        lines.push(Line::heading(format!("the requests ({}): {http} {media}", ready.len())));
    }
    for (item, command) in ready {
        lines.push(Line::fact(item.node().to_string()));
        lines.extend(command.lines().into_iter().map(|line| Line::fact(format!("  {line}"))));
    }
    lines
}

fn where_words(impact: &Impact) -> String {
    let pods: Vec<&str> = impact.pods.iter().map(AsRef::as_ref).collect();
    let what = format!("{} {} {}", impact.node, impact.outcome.name(), impact.daemon_set);
    if pods.is_empty() { what } else { format!("{what} {}", pods.join(", ")) }
}

fn results(model: &Model, batch: &Batch, harm: &Harm) -> Vec<Line> {
    let mut lines = Vec::new();
    // What went wrong is read first.
    let rank = |step: &Step| match step {
        Step::Over(result) if !result.is_good() && *result != NodeResult::LeftOut => 0,
        Step::Sent(_) => 1,
        Step::Waiting(_) | Step::Over(_) => 2,
    };
    let mut items: Vec<_> = batch.items().iter().collect();
    items.sort_by_key(|item| rank(&item.step));
    for item in items {
        let node = item.node();
        lines.push(match &item.step {
            Step::Waiting(_) => faint(format!("{node}  waits")),
            Step::Sent(_) => Line::fact(format!("{node}  sent, no answer yet")),
            Step::Over(result) if result.is_good() => Line::fact(format!("{node}  {}", result.words())),
            Step::Over(result) => Line::problem(format!("{node}  {}", result.words())),
        });
    }
    let waiting = model.expected.len();
    if waiting > 0 {
        let cells = if waiting == 1 { "cell" } else { "cells" };
        lines
            .push(Line::heading(format!("foretold and not true yet: {waiting} {cells}, marked in the grid")));
    } else if batch.is_over() && !harm.impacts.is_empty() && batch.done().next().is_some() {
        let words = match (model.otherwise.is_empty(), harm.stuck()) {
            (false, _) => "not as foretold:".to_owned(),
            (true, 0) => "the cluster has done what was foretold".to_owned(),
            (true, stuck) => format!(
                "the cluster has done what was foretold: {stuck} of the pods cannot end while the node is NotReady"
            ),
        };
        lines.push(Line::heading(words));
    }
    lines.extend(model.otherwise.iter().map(|(_, words)| Line::problem(words.clone())));
    lines
}

/// How it stands and what can be pressed.
pub(super) fn status(model: &Model, relabel: &Relabel) -> Vec<Line> {
    let mut lines = Vec::new();
    match &relabel.stage {
        Stage::Editing(_) => {}
        Stage::Reading { since, .. } => {
            let since = age(Some(*since), model.now);
            lines.push(Line::fact(format!("reading each node afresh ({since}); Esc cancels")));
        }
        Stage::Ready { batch, gate, typed } => {
            if let Some((_, words)) = &relabel.changed {
                lines.push(Line::problem(format!("changed while you looked: {words}")));
            }
            ready(&mut lines, batch, gate, typed);
        }
        Stage::Sent { batch, .. } if batch.is_over() => {
            lines.push(Line::heading(batch.words()));
            let back = if batch.done().next().is_some() { "    u shows what takes it back" } else { "" };
            let again = match batch.not_done().len() {
                0 => String::new(),
                left => format!("    r reads afresh and shows it again for the {left} not done"),
            };
            lines.push(Line::fact(format!("[Close] Enter or Esc{again}{back}")));
        }
        Stage::Sent { batch, .. } => {
            lines.push(Line::heading(batch.words()));
            lines.push(Line::fact("Esc sends nothing more; what is under way still ends"));
        }
    }
    if !relabel.hint.is_empty() {
        lines.push(Line::problem(&relabel.hint));
    }
    lines
}

fn ready(lines: &mut Vec<Line>, batch: &Batch, gate: &Gate, typed: &str) {
    let count = batch.ready().count();
    let again = if batch.left_out().next().is_some() { "    r reads afresh and shows it again" } else { "" };
    if count == 0 {
        lines.push(Line::fact("there is nothing to send"));
        lines.push(Line::fact(format!("[Close] Enter or Esc{again}")));
        return;
    }
    if batch.items().len() > 1 {
        let on_error = match batch.on_error() {
            OnError::Stop => "at the first error nothing more is sent",
            OnError::Continue => "errors do not stop the others",
        };
        lines.push(Line::fact(format!("{on_error} (Tab changes it); 4 at once, each is tried once")));
    }
    match gate {
        Gate::TypedName { why } => {
            lines.push(Line::problem(format!("{why}: a word has to be typed")));
            lines.push(Line::fact(format!("to send it, type {} and Enter: {typed}_", batch.word())));
            lines.push(Line::fact("[Cancel] Esc"));
        }
        Gate::Yes => lines.push(Line::fact(format!("[Cancel] Enter or Esc    y sends {count}{again}"))),
    }
}
