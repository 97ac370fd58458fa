//! How an explanation reads: a line per node, or one node in full.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::table::Table;
use crate::domain::age::age;
use crate::domain::cell::{CellState, Knowledge};
use crate::domain::explanation::reasons;
use crate::domain::inventory::{CellView, Inventory};
use crate::domain::object::Pod;
use crate::domain::pod_status::PodStatus;
use crate::domain::reason::{Reason, Rule, Ruling};

/// The width that everybody has.
const WIDTH: usize = 80;
/// A reason cut shorter than this says nothing.
const LEAST: usize = 32;

/// A line per node: its state and the reason that tells most.
pub(super) fn every(inventory: &Inventory, views: &[CellView<'_>]) -> String {
    let mut table = Table::new(&["NODE", "STATE", "WHY"]);
    let longest = |width: &dyn Fn(&CellView<'_>) -> usize, head: usize| {
        views.iter().map(width).max().unwrap_or(0).max(head) + 3
    };
    let taken = longest(&|view| view.column.name.as_str().width(), 4)
        + longest(&|view| view.cell.state.name().width(), 5);
    let room = WIDTH.saturating_sub(taken).max(LEAST);
    for view in views {
        let why = shortened(&telling(inventory, view), room);
        table.push(vec![view.column.name.to_string(), view.cell.state.name().to_owned(), why]);
    }
    table.render()
}

/// The reason that tells most, in a few words.
fn telling(inventory: &Inventory, view: &CellView<'_>) -> String {
    let all = reasons(view, true);
    let first = |fits: &dyn Fn(&Reason) -> bool| all.iter().find(|reason| fits(reason));
    let of = |rules: &[Rule]| first(&|reason| rules.contains(&reason.rule) && reason.verdict == Ruling::Info);
    let refusing = || first(&|reason| matches!(reason.verdict, Ruling::Refuse | Ruling::Stop));
    let reason = match view.cell.state {
        CellState::Excluded | CellState::Misscheduled => refusing(),
        CellState::Failing => of(&[Rule::Container, Rule::Kubelet, Rule::Readiness]),
        CellState::Unschedulable => of(&[Rule::Scheduler]),
        CellState::Lost => first(&|reason| matches!(reason.rule, Rule::NoNode | Rule::Unreachable)),
        CellState::NotReady | CellState::Starting => of(&[Rule::Container, Rule::Readiness, Rule::Scheduler]),
        CellState::Unknown => of(&[Rule::Unknown]),
        CellState::Terminating => of(&[Rule::Kubelet]),
        CellState::Missing => return "wanted, and there is no pod".to_owned(),
        CellState::Surging => return format!("{} pods side by side", view.pods.len()),
        CellState::Outdated | CellState::Ready => None,
    };
    match (reason, view.pods.first()) {
        (Some(reason), pod) => {
            // The pod is named by its cell: in one line its name is in the way of what ails it.
            let prefix = pod.map(|pod| format!("pod {}", pod.meta.key.name)).unwrap_or_default();
            let detail = reason.detail.as_str();
            let short =
                detail.strip_prefix(&prefix).map_or(detail, |rest| rest.trim_start_matches([',', ' ', ':']));
            let taint = short.strip_prefix("taint ").and_then(|rest| rest.strip_suffix(" is not tolerated"));
            taint.map_or_else(|| short.to_owned(), |taint| format!("untolerated {taint}"))
        }
        (None, Some(pod)) => {
            let status = PodStatus::of(pod);
            let revision = revision(inventory, view, pod.revision.as_deref());
            format!("{} {} {}, revision {revision}", pod.meta.key.name, status.ready_text(), status.word)
        }
        (None, None) => String::new(),
    }
}

fn revision(inventory: &Inventory, view: &CellView<'_>, hash: Option<&str>) -> String {
    hash.map_or_else(
        || "unknown".to_owned(),
        |hash| inventory.revision_label(&view.row.daemon_set.meta.uid, hash),
    )
}

/// One node in full.
pub(super) fn one(inventory: &Inventory, view: &CellView<'_>) -> String {
    let known = view.knowledge == Knowledge::Complete;
    let yes = |fact: bool| match (known, fact) {
        (false, _) => "not known",
        (true, true) => "yes",
        (true, false) => "no",
    };
    let problem = if view.cell.problem { " (a problem)" } else { "" };
    let head = [
        ("DaemonSet", view.row.daemon_set.meta.key.to_string()),
        ("Node", view.column.name.to_string()),
        ("State", format!("{}{problem}", view.cell.state.name())),
        ("Should run", yes(view.cell.run).to_owned()),
        ("May stay", yes(view.cell.keep).to_owned()),
    ]
    .map(|(name, value)| format!("{:<12} {value}\n", format!("{name}:")));
    head.concat() + &reason_lines(&reasons(view, true)) + &pod_lines(inventory, view)
}

fn reason_lines(reasons: &[Reason]) -> String {
    if reasons.is_empty() {
        return "Reasons:     <none>\n".to_owned();
    }
    let words = |reason: &Reason| (name(&reason.verdict), name(&reason.rule));
    let rule_width = reasons.iter().map(|reason| words(reason).1.width()).max().unwrap_or(0);
    let indent = 2 + "refuse".len() + 2 + rule_width + 2;
    let line = |reason: &Reason| {
        let (verdict, rule) = words(reason);
        let detail = wrapped(&reason.detail, WIDTH.saturating_sub(indent).max(LEAST));
        let detail = detail.join(&format!("\n{}", " ".repeat(indent)));
        format!("  {verdict:<6}  {rule:<rule_width$}  {detail}\n")
    };
    format!("Reasons:\n{}", reasons.iter().map(line).collect::<String>())
}

/// The word of the JSON contract.
fn name(word: &impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn pod_lines(inventory: &Inventory, view: &CellView<'_>) -> String {
    if view.pods.is_empty() {
        return "Pods:        <none>\n".to_owned();
    }
    let line = |pod: &&Pod| {
        let status = PodStatus::of(pod);
        let current = if view.is_updated(pod) { "current" } else { "not the current one" };
        let told = format!(
            "{} {}, restarts {}, age {}, revision {} ({current})",
            status.ready_text(),
            status.word,
            status.restarts_text(view.now),
            age(pod.meta.created, view.now),
            revision(inventory, view, pod.revision.as_deref()),
        );
        format!("  {}\n    {}\n", pod.meta.key.name, wrapped(&told, WIDTH - 4).join("\n    "))
    };
    format!("Pods:\n{}", view.pods.iter().map(line).collect::<String>())
}

/// The text in so many columns, with a mark where something is cut off.
fn shortened(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut left = room.saturating_sub(3);
    for c in text.chars() {
        let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else { break };
        left = rest;
        short.push(c);
    }
    format!("{}...", short.trim_end())
}

/// The text in lines of so many columns, broken between words.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_with_a_mark_and_wrapped_between_words() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("a long reason", 10), "a long...");
        assert_eq!(shortened("日本語日本語", 9), "日本語...");
        assert_eq!(wrapped("a long reason with words", 9), ["a long", "reason", "with", "words"]);
        assert_eq!(wrapped("averylongword b", 5), ["averylongword", "b"]);
    }
}
