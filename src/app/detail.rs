//! The facts behind what is selected, as lines.

use super::cursor::{ColumnPlace, CountColumn, Cursor, RowPlace};
use super::describe;
use super::digest::{row_line, state_word};
use super::model::Model;
use crate::domain::age::age;
use crate::domain::cell::Cell;
use crate::domain::explanation::{reasons, sentence};
use crate::domain::inventory::{CellView, Column, ColumnSlot, RowSlot};
use crate::domain::object::{ContainerState, Pod};
use crate::domain::pod_status::{PodStatus, ended_word};
use crate::domain::reason::Ruling;
use crate::domain::rollout::rollout;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A heading.
    Heading,
    /// A fact.
    Fact,
    /// A fact that is a problem.
    Problem,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailLine {
    /// What it is.
    pub kind: LineKind,
    /// The words.
    pub text: String,
}

impl DetailLine {
    /// A heading.
    #[must_use]
    pub fn heading(text: impl Into<String>) -> Self {
        Self { kind: LineKind::Heading, text: text.into() }
    }

    /// A fact.
    #[must_use]
    pub fn fact(text: impl Into<String>) -> Self {
        Self { kind: LineKind::Fact, text: text.into() }
    }

    /// A fact that is a problem.
    #[must_use]
    pub fn problem(text: impl Into<String>) -> Self {
        Self { kind: LineKind::Problem, text: text.into() }
    }
}

/// A page of facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Whose facts.
    pub title: String,
    /// The facts.
    pub lines: Vec<DetailLine>,
}

impl Detail {
    fn heading(&mut self, text: &str) {
        self.lines.push(DetailLine { kind: LineKind::Heading, text: text.to_owned() });
    }

    fn fact(&mut self, text: impl Into<String>) {
        self.lines.push(DetailLine { kind: LineKind::Fact, text: text.into() });
    }

    fn told(&mut self, is_problem: bool, text: impl Into<String>) {
        if is_problem {
            self.problem(text);
        } else {
            self.fact(text);
        }
    }

    fn problem(&mut self, text: impl Into<String>) {
        self.lines.push(DetailLine { kind: LineKind::Problem, text: text.into() });
    }
}

/// The facts behind a selection.
pub(super) fn detail(model: &Model, of: &Cursor) -> Detail {
    let inventory = &model.inventory;
    let row = match &of.row {
        RowPlace::DaemonSet(uid) => inventory.row_of(uid),
        RowPlace::Header => None,
    };
    let column = of.column.node().and_then(|name| inventory.column_of(name));
    match (row, column, &of.column) {
        (Some(row), Some(column), _) => cell(model, row, column),
        (Some(row), None, ColumnPlace::Name) => daemon_set(model, row),
        (Some(row), None, ColumnPlace::Count(count)) => counted(model, row, *count),
        (None, Some(column), _) if of.row == RowPlace::Header => {
            inventory.column_at(column).map(|column| node(model, column)).unwrap_or_default()
        }
        _ => {
            let mut detail = Detail { title: "gone".to_owned(), ..Detail::default() };
            detail.fact("What was selected is not there any more.");
            detail
        }
    }
}

fn cell(model: &Model, row: RowSlot, column: ColumnSlot) -> Detail {
    let Some(view) = model.inventory.view(row, column) else { return Detail::default() };
    let title = format!("{} on {}", view.row.daemon_set.meta.key, view.column.name);
    let mut detail = Detail { title, ..Detail::default() };
    let words = sentence(&model.inventory, row, column);
    detail.told(view.cell.problem, words);
    detail.fact(placement(&view));
    detail.heading("Why");
    for reason in reasons(&view, true) {
        let mark = match reason.verdict {
            Ruling::Allow => "allows",
            Ruling::Refuse => "refuses",
            Ruling::Stop => "stops",
            Ruling::Info => "note",
        };
        let text = format!("{mark:<8} {}", reason.detail);
        let is_problem = match reason.verdict {
            Ruling::Allow => false,
            Ruling::Refuse | Ruling::Stop => view.cell.run,
            Ruling::Info => view.cell.problem,
        };
        detail.told(is_problem, text);
    }
    for pod in &view.pods {
        pod_facts(model, &view, pod, &mut detail);
    }
    if view.pods.is_empty() {
        detail.heading("Pods");
        detail.fact("none here");
    }
    detail
}

fn placement(view: &CellView<'_>) -> String {
    let word = |yes| if yes { "yes" } else { "no" };
    if view.column.node.is_none() {
        return "Whether it should run here is not known without the Node object.".to_owned();
    }
    format!(
        "Should run here: {}. A pod that is here may stay: {}.",
        word(view.cell.run),
        word(view.cell.keep)
    )
}

fn pod_facts(model: &Model, view: &CellView<'_>, pod: &Pod, detail: &mut Detail) {
    let status = PodStatus::of(pod);
    detail.heading(&format!("Pod {}", pod.meta.key.name));
    let word = |yes: bool, word: &str| if yes { word.to_owned() } else { format!("not {word}") };
    detail.fact(format!(
        "{}  ready {}  restarts {}  age {}",
        status.word,
        status.ready_text(),
        status.restarts_text(model.now),
        age(pod.meta.created, model.now)
    ));
    let uid = &view.row.daemon_set.meta.uid;
    let revision = pod.revision.as_ref().map_or("revision not known".to_owned(), |hash| {
        format!("revision {}", model.inventory.revision_label(uid, hash))
    });
    detail.fact(format!(
        "{revision}, {}, {}",
        word(view.is_updated(pod), "current"),
        word(view.is_available(pod), "available")
    ));
    for container in pod.init_containers.iter().chain(&pod.containers) {
        let state = match &container.state {
            ContainerState::Waiting { reason, message } => format!("waiting {reason} {message}"),
            ContainerState::Running { since } => format!("running since {}", age(*since, model.now)),
            ContainerState::Terminated(end) => format!("ended {} exit {}", ended_word(end), end.exit_code),
        };
        let last = container.last.as_ref().map_or_else(String::new, |end| {
            format!(
                "; before: {} exit {} {} ago",
                ended_word(end),
                end.exit_code,
                age(end.finished, model.now)
            )
        });
        detail.fact(format!("container {}: {}{last}", container.name, state.trim_end()));
    }
}

fn daemon_set(model: &Model, slot: RowSlot) -> Detail {
    let Some(row) = model.inventory.row(slot) else { return Detail::default() };
    let object = &row.daemon_set;
    let mut detail = Detail { title: object.meta.key.to_string(), ..Detail::default() };
    let line = row_line(model, slot).map(|line| line.words).unwrap_or_default();
    detail.told(row.tally.problems > 0, line);
    detail.fact(format!(
        "{}, minReadySeconds {}, age {}",
        describe::strategy(object),
        object.min_ready_seconds,
        age(object.meta.created, model.now)
    ));
    detail.heading("Counts");
    for column in CountColumn::FULL.into_iter().chain([CountColumn::Bad]) {
        let number = describe::number(&model.inventory, slot, column);
        let number = number.map_or("?".to_owned(), |number| number.to_string());
        detail.fact(format!("{number:>6}  {}", column.meaning()));
    }
    detail.heading("Revisions");
    for revision in sorted_revisions(model, slot) {
        let of_it = |pod: &&Pod| pod.revision.as_ref() == Some(&revision.hash) && !pod.is_gone();
        let pods = model.inventory.pods_of(slot).filter(of_it).count();
        let label = model.inventory.revision_label(&object.meta.uid, &revision.hash);
        detail.fact(format!("{pods:>6}  pods on {label}, hash {}", revision.hash));
    }
    let blockers = rollout(&model.inventory, slot).map(|rollout| rollout.blockers).unwrap_or_default();
    if !blockers.is_empty() {
        detail.heading("What holds up the rollout");
        for blocker in blockers {
            detail.problem(blocker.why);
        }
    }
    detail
}

fn sorted_revisions(model: &Model, slot: RowSlot) -> Vec<&crate::domain::object::ControllerRevision> {
    let Some(row) = model.inventory.row(slot) else { return Vec::new() };
    let mut revisions: Vec<_> = model.inventory.revisions(&row.daemon_set.meta.uid).iter().collect();
    revisions.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    revisions
}

/// The nodes behind a number.
fn counted(model: &Model, slot: RowSlot, count: CountColumn) -> Detail {
    let Some(row) = model.inventory.row(slot) else { return Detail::default() };
    let wanted = |cell: Cell| cell.node_exists && cell.run;
    let counts = |cell: Cell| match count {
        CountColumn::Desired => wanted(cell),
        CountColumn::Current => wanted(cell) && cell.occupied,
        CountColumn::Ready => wanted(cell) && cell.ready,
        CountColumn::UpToDate | CountColumn::UpdatedShare => wanted(cell) && cell.updated,
        CountColumn::Available => wanted(cell) && cell.available,
        CountColumn::Misscheduled => cell.node_exists && !cell.run && cell.occupied,
        CountColumn::Bad => cell.problem,
    };
    let title = format!("{} {}", row.daemon_set.meta.key, count.heading());
    let mut detail = Detail { title, ..Detail::default() };
    let cells = || model.inventory.columns().filter_map(|(slot, column)| Some((column, row.cell(slot)?)));
    let mut behind: Vec<_> = cells().filter(|(_, cell)| counts(*cell)).collect();
    // The others are what one looks for, where most are counted.
    let mut missing: Vec<_> = cells().filter(|(_, cell)| wanted(*cell) && !counts(*cell)).collect();
    let by = |(column, cell): &(&Column, Cell)| (cell.state, column.name.clone());
    behind.sort_by_key(by);
    missing.sort_by_key(by);
    detail.fact(format!("{} ({})", count.meaning(), behind.len()));
    let list = |detail: &mut Detail, title: &str, cells: &[(&Column, Cell)]| {
        if !cells.is_empty() {
            detail.heading(title);
        }
        for (column, cell) in cells {
            let text = format!("{:<14} {}", state_word(cell.state), column.name);
            detail.told(cell.problem, text);
        }
    };
    if !matches!(count, CountColumn::Bad | CountColumn::Misscheduled) {
        list(&mut detail, "Wanted, but not counted", &missing);
    }
    list(&mut detail, "Counted", &behind);
    detail
}

fn node(model: &Model, column: &Column) -> Detail {
    let mut detail = Detail { title: column.name.to_string(), ..Detail::default() };
    detail.fact(describe::node(model, column));
    let Some(object) = &column.node else { return detail };
    detail.fact(format!(
        "kubelet {}, kernel {}, {}",
        object.kubelet_version, object.kernel_version, object.os_image
    ));
    detail.heading("Taints");
    if object.taints.is_empty() {
        detail.fact("none");
    }
    for taint in &object.taints {
        detail.fact(taint.to_string());
    }
    detail.heading("DaemonSets");
    let slot = model.inventory.column_of(&column.name);
    let mut cells: Vec<_> = model
        .inventory
        .rows()
        .filter_map(|(_, row)| Some((row.cell(slot?)?, row.daemon_set.meta.key.clone())))
        .collect();
    cells.sort_by(|a, b| (a.0.state, &a.1).cmp(&(b.0.state, &b.1)));
    for (cell, key) in cells {
        let text = format!("{:<14} {key}", state_word(cell.state));
        detail.told(cell.problem, text);
    }
    detail.heading("Labels");
    for (key, value) in object.meta.labels.iter() {
        detail.fact(format!("{key}={value}"));
    }
    detail
}
