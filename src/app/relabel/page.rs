//! The change of nodes as lines that fit the terminal.

mod review;

use super::{EditLine, Editor, Relabel, Stage};
use crate::app::lines::wrap;
use crate::app::model::Model;
use crate::app::page::{Line, LineKind};
use crate::domain::id::{NodeName, ObjectKey};
use crate::domain::preview::NodeChange;
use crate::domain::preview::edit::edit_words;
use crate::domain::relabel::LabelLine;
use crate::domain::relabel::guard::{Guard, warnings};
use crate::domain::relabel::harm::{Harm, SetHarm};
use crate::domain::relabel::sight::unseen;
use review::{status, told};

/// A key is padded to at most so many columns.
const WIDEST_KEY: usize = 34;
/// So many names are listed.
const NAMES: usize = 6;
/// So many completions are offered at once.
const OFFERED: usize = 5;

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelabelPage {
    /// What is changed, and where.
    pub title: String,
    /// The lines above the rule.
    pub lines: Vec<Line>,
    /// The first visible one.
    pub top: usize,
    /// How many there is room for.
    pub visible: usize,
    /// The one with the cursor, if there is one.
    pub cursor: Option<usize>,
    /// The lines below the rule: what is typed, the impact, what can be pressed.
    pub below: Vec<Line>,
}

/// The change of nodes that is open, if one is.
#[must_use]
pub fn relabel_page(model: &Model) -> Option<RelabelPage> {
    let relabel = model.relabel.as_ref()?;
    let room = model.room();
    let title = title(model, relabel);
    let wide = room.width.saturating_sub(1).max(1);
    if let Stage::Editing(editor) = &relabel.stage {
        let lines: Vec<Line> = edit_lines(editor, &editor.pending());
        // What is typed and what it does matter more than the rest of the list.
        let most = (room.height * 3 / 5).max(4);
        let below = fold_all(&below_editor(model, relabel, editor), wide, most);
        let visible = room.height.saturating_sub(below.len() + 1).max(1).min(lines.len());
        let top = crate::app::viewport::follow(relabel.top, visible, lines.len(), editor.at);
        return Some(RelabelPage { title, lines, top, visible, cursor: Some(editor.at), below });
    }
    let lines: Vec<Line> = told(model, relabel).iter().flat_map(|line| fold(line, wide)).collect();
    let below = fold_all(&status(model, relabel), wide, room.height);
    let visible = room.height.saturating_sub(below.len() + 1).max(1).min(lines.len().max(1));
    let top = relabel.top.min(lines.len().saturating_sub(visible));
    Some(RelabelPage { title, lines, top, visible, cursor: None, below })
}

fn title(model: &Model, relabel: &Relabel) -> String {
    let context = &model.settings.context;
    let (names, what): (Vec<NodeName>, &str) = match &relabel.stage {
        Stage::Editing(editor) => (editor.nodes.clone(), "labels and taints of"),
        Stage::Reading { edits, .. } => (edits.iter().map(|edit| edit.shown.name()).collect(), "change"),
        Stage::Ready { batch, .. } | Stage::Sent { batch, .. } => {
            (batch.items().iter().map(crate::domain::relabel::batch::Item::node).collect(), "change")
        }
    };
    match names.as_slice() {
        [one] => format!("{what} node {one} in {context}"),
        many => {
            let of = relabel.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
            format!("{what} {} nodes{of} in {context}: {}", many.len(), short(many))
        }
    }
}

fn short(nodes: &[NodeName]) -> String {
    let mut names: Vec<&str> = nodes.iter().take(NAMES).map(NodeName::as_str).collect();
    let more = nodes.len().saturating_sub(NAMES);
    let more_words = format!("and {more} more");
    if more > 0 {
        names.push(&more_words);
    }
    names.join(", ")
}

fn faint(text: impl Into<String>) -> Line {
    Line { kind: LineKind::Faint, ..Line::fact(text) }
}

fn edit_lines(editor: &Editor, pending: &NodeChange) -> Vec<Line> {
    let keys = editor.lines.iter().filter_map(|line| match line {
        EditLine::Label(line) => Some(line.key.chars().count()),
        EditLine::Taint(taint, _) => Some(taint.to_string().chars().count()),
        _ => None,
    });
    let width = keys.max().unwrap_or_default().min(WIDEST_KEY);
    let nodes = editor.nodes.len();
    let line = |line: &EditLine| match line {
        EditLine::Label(label) => label_line(label, pending, width),
        EditLine::NewLabel => Line::fact("+ label: Enter, then key=value"),
        EditLine::Taint(taint, on) => {
            let words = if *on == nodes { "on all".to_owned() } else { format!("on {on} of {nodes}") };
            let is_added =
                pending.add_taints.iter().find(|new| new.key == taint.key && new.effect == taint.effect);
            let is_removed = pending.remove_taints.iter().any(|(key, effect)| {
                *key == taint.key && effect.as_ref().is_none_or(|effect| *effect == taint.effect)
            });
            let fate = match (is_added, is_removed) {
                (Some(new), _) => format!(" -> {new} on all"),
                (None, true) => " -> removed".to_owned(),
                (None, false) => String::new(),
            };
            changed(!fate.is_empty(), format!("taint {:<width$} {words}{fate}", taint.to_string()))
        }
        EditLine::NewTaint => Line::fact("+ taint: Enter, then key=value:NoSchedule, or :NoExecute"),
        EditLine::Review => Line::fact("review what would be sent (Enter, or Ctrl-s anywhere)"),
    };
    editor.lines.iter().map(line).collect()
}

/// What changes stands out.
fn changed(is_changed: bool, text: String) -> Line {
    if is_changed { Line { hang: 0, ..Line::heading(text) } } else { Line::fact(text) }
}

fn label_line(label: &LabelLine, pending: &NodeChange, width: usize) -> Line {
    let fate = match pending.labels.get(&label.key) {
        Some(Some(value)) => format!(" -> {}", if value.is_empty() { "\"\"" } else { value }),
        Some(None) => " -> removed".to_owned(),
        None => String::new(),
    };
    let users = match label.used_by.as_slice() {
        [] => String::new(),
        sets => format!("   used by {}", users(sets)),
    };
    let care = match label.guard {
        Guard::Free => String::new(),
        Guard::Warn(why) => format!("   careful: {why}"),
        Guard::Refuse(why) => format!("   refused: {why}"),
    };
    let text = format!("{:<width$} {}{fate}{users}{care}", label.key.as_str(), label.words());
    let line = changed(!fate.is_empty(), text);
    if matches!(label.guard, Guard::Refuse(_)) { Line { kind: LineKind::Faint, ..line } } else { line }
}

fn users(sets: &[ObjectKey]) -> String {
    let shown: Vec<String> = sets.iter().take(3).map(ToString::to_string).collect();
    let more = sets.len().saturating_sub(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// What is typed, what it would do, what can be pressed.
fn below_editor(model: &Model, relabel: &Relabel, editor: &Editor) -> Vec<Line> {
    let hint = Some(&relabel.hint).filter(|hint| !hint.is_empty()).cloned();
    // The answer to the last key comes before everything else.
    let mut lines: Vec<Line> = hint.into_iter().chain(unseen(&model.inventory)).map(Line::problem).collect();
    match &editor.entry {
        Some(entry) => {
            let what = if entry.is_taint { "taint" } else { "label" };
            lines.push(Line::heading(format!("{what}: {}_", entry.text)));
            // Nothing typed is nothing wrong.
            if let (false, Err(why)) = (entry.text.is_empty(), entry.read()) {
                lines.push(Line::problem(why));
            }
            let offered = entry.completions(&model.inventory);
            if !offered.is_empty() {
                let shown: Vec<&str> = offered.iter().take(OFFERED).map(String::as_str).collect();
                let more = offered.len().saturating_sub(OFFERED);
                let more = if more > 0 { format!("  and {more} more") } else { String::new() };
                lines.push(faint(format!("Tab: {}{more}", shown.join("  "))));
            }
            lines.push(faint(if entry.is_taint {
                "key=value:Effect adds, key:Effect- removes"
            } else {
                "key=value sets, key- removes"
            }));
        }
        None => lines.extend(about_line(editor)),
    }
    let pending = editor.pending();
    if pending == NodeChange::default() {
        lines.push(faint("what a change would do to daemon pods is told here before anything is sent"));
        return lines;
    }
    lines.push(Line::heading(format!("{}: {}", edit_words(&pending).join(" "), relabel.harm.words())));
    lines.extend(warnings(&pending).into_iter().map(|why| Line::problem(format!("careful: {why}"))));
    lines.extend(sets(&relabel.harm));
    lines
}

/// The whole of what may be cut in the line with the cursor.
fn about_line(editor: &Editor) -> Vec<Line> {
    let Some(EditLine::Label(label)) = editor.lines.get(editor.at) else { return Vec::new() };
    let mut lines = Vec::new();
    if label.common().is_none() {
        lines.push(Line::fact(format!("{}: {}", label.key, label.words())));
    }
    if !label.used_by.is_empty() {
        let sets: Vec<String> = label.used_by.iter().map(ToString::to_string).collect();
        lines.push(Line::fact(format!("{} decides where these run: {}", label.key, sets.join(", "))));
    }
    match label.guard {
        Guard::Free => {}
        Guard::Warn(why) => lines.push(Line::problem(format!("careful with {}: {why}", label.key))),
        Guard::Refuse(why) => lines.push(Line::problem(format!("{} is refused: {why}", label.key))),
    }
    lines
}

/// A line for each DaemonSet, critical ones that lose pods first.
fn sets(harm: &Harm) -> Vec<Line> {
    harm.sets.iter().map(|set| set_line(harm, set)).collect()
}

fn set_line(harm: &Harm, set: &SetHarm) -> Line {
    let mut parts = Vec::new();
    if set.stops > 0 {
        parts.push(format!("{} of {} stop", set.stops, set.running));
    }
    if set.starts > 0 {
        parts.push(format!("{} start", set.starts));
    }
    if set.kept > 0 {
        parts.push(format!("{} stay misscheduled", set.kept));
    }
    let of_set = || harm.impacts.iter().filter(|impact| impact.daemon_set_uid == set.uid);
    let rule = of_set().next().map(|impact| format!("{}: {}", impact.node, impact.reason));
    let critical = match set.critical.filter(|_| set.stops > 0) {
        Some(why) => format!(" CRITICAL, {why}:"),
        None => ":".to_owned(),
    };
    let text = format!("{}{critical} {}; {}", set.daemon_set, parts.join(", "), rule.unwrap_or_default());
    if critical.len() > 1 { Line::problem(text) } else { Line::fact(text) }
}

fn fold_all(lines: &[Line], width: usize, most: usize) -> Vec<Line> {
    let mut folded: Vec<Line> = lines.iter().flat_map(|line| fold(line, width)).collect();
    if folded.len() > most {
        let more = folded.len() - most + 1;
        folded.truncate(most.saturating_sub(1));
        folded.push(faint(format!("and {more} lines more; Ctrl-s shows all")));
    }
    folded
}

/// One line as several.
fn fold(line: &Line, width: usize) -> Vec<Line> {
    let indent = line.text.len() - line.text.trim_start_matches(' ').len();
    let mut folded = wrap(&line.text, width.saturating_sub(indent + 2)).into_iter();
    let first = folded.next();
    let rest: Vec<String> = folded.map(|text| format!("{:indent$}  {}", "", text.trim_start())).collect();
    first.into_iter().chain(rest).map(|text| Line { text, ..line.clone() }).collect()
}
