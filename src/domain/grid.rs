//! The grid as it is looked at: which rows and columns, in which order, in which groups.
//!
//! The projection holds orders, not cells: cells are read from the inventory where they are drawn,
//! so a changed pod costs nothing here unless the order itself depends on it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cell::CellState;
use super::id::Uid;
use super::inventory::{Changed, Column, ColumnSlot, Inventory, Row, RowSlot};
use super::selector::Selector;
use super::text::Text;

/// By what rows or columns are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Worst first.
    Problems,
    /// By name; DaemonSets by namespace first.
    #[default]
    Name,
    /// Newest first.
    Age,
    /// By the value of the grouping label; DaemonSets by namespace.
    Label,
}

impl Order {
    /// The next one, in a circle.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Problems => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Label,
            Self::Label => Self::Problems,
        }
    }

    /// The order in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Problems => "worst first",
            Self::Name => "by name",
            Self::Age => "newest first",
            Self::Label => "by label",
        }
    }
}

/// What to look at, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// Which rows and columns.
    pub filter: Filter,
    /// The order of DaemonSets.
    pub row_order: Order,
    /// The order of nodes, within their groups.
    pub column_order: Order,
    /// The node label by which columns are grouped.
    pub group_by: Option<Text>,
    /// Only rows and columns with a problem.
    pub only_affected: bool,
    /// The DaemonSets whose rollouts are stuck: the first of those ordered worst first. Judging them takes more than
    /// looking at a row, so whoever looks keeps the verdicts here.
    pub stuck: BTreeSet<Uid>,
}

impl Default for Lens {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            row_order: Order::Problems,
            column_order: Order::Name,
            group_by: None,
            only_affected: false,
            stuck: BTreeSet::new(),
        }
    }
}

/// Which rows and columns to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only DaemonSets of this namespace.
    pub namespace: Option<Text>,
    /// Only DaemonSets with these labels.
    pub selector: Selector,
    /// Words a DaemonSet's `namespace/name` must contain, in any case; `!word` must not.
    pub daemon_sets: Vec<String>,
    /// Words a node's name or one of its labels (`key=value`) must contain; `!word` must not.
    pub nodes: Vec<String>,
}

impl Filter {
    /// Reads what somebody types after `/`: words for DaemonSets, `@word` for nodes, `-l SELECTOR` for labels.
    ///
    /// # Errors
    /// Says which part of a selector cannot be read.
    pub fn parse(typed: &str, namespace: Option<Text>) -> Result<Self, super::selector::SelectorError> {
        let (words, selector) = match typed
            .split_once("-l ")
            .filter(|(before, _)| before.trim_end() == *before || before.ends_with(' '))
        {
            Some((words, selector)) => (words, Selector::parse(selector.trim())?),
            None => (typed, Selector::default()),
        };
        let mut filter = Self { namespace, selector, ..Self::default() };
        for word in words.split_whitespace().map(str::to_lowercase) {
            match (word.strip_prefix('@'), word.strip_prefix("!@")) {
                (Some(node), _) => filter.nodes.push(node.to_owned()),
                (None, Some(unwanted)) => filter.nodes.push(format!("!{unwanted}")),
                (None, None) => filter.daemon_sets.push(word),
            }
        }
        Ok(filter)
    }

    fn shows_row(&self, row: &Row) -> bool {
        let meta = &row.daemon_set.meta;
        self.namespace.as_ref().is_none_or(|namespace| meta.key.namespace == *namespace)
            && self.selector.matches(&meta.labels)
            && passes(&self.daemon_sets, |word| meta.key.to_string().to_lowercase().contains(word))
    }

    fn shows_column(&self, column: &Column) -> bool {
        let labels = column.node.as_ref().map(|node| &node.meta.labels);
        passes(&self.nodes, |word| {
            column.name.as_str().to_lowercase().contains(word)
                || labels.is_some_and(|labels| {
                    labels.iter().any(|(key, value)| format!("{key}={value}").to_lowercase().contains(word))
                })
        })
    }
}

/// Whether every word is contained, and every `!word` is not.
fn passes(words: &[String], contains: impl Fn(&str) -> bool) -> bool {
    words.iter().all(|word| match word.strip_prefix('!') {
        Some("") => true,
        Some(unwanted) => !contains(unwanted),
        None => contains(word),
    })
}

/// Columns that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The label's value; none where the nodes do not have the label, or nothing is grouped.
    pub label: Option<Text>,
    /// The first of its columns in [`Grid::columns`].
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

impl Group {
    /// What it is called: the label's value.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.label.as_deref() {
            None => "without",
            Some("") => "\"\"",
            Some(value) => value,
        }
    }

    /// How many nodes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// The rows and columns to draw, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// The DaemonSets.
    pub rows: Vec<RowSlot>,
    /// The nodes; those of a group are together.
    pub columns: Vec<ColumnSlot>,
    /// The groups, in order; one without a label where nothing is grouped.
    pub groups: Vec<Group>,
    /// How many DaemonSets the lens hides.
    pub hidden_rows: usize,
    /// How many nodes the lens hides.
    pub hidden_columns: usize,
}

impl Grid {
    /// Projects everything.
    #[must_use]
    pub fn project(inventory: &Inventory, lens: &Lens) -> Self {
        let mut grid = Self::default();
        grid.project_rows(inventory, lens);
        grid.project_columns(inventory, lens);
        grid
    }

    /// Projects again what a change can have moved. With `hold`, orders that depend on states are left as they are,
    /// so that nothing moves under a moving cursor.
    pub fn refresh(&mut self, inventory: &Inventory, lens: &Lens, changed: Changed, hold: bool) {
        let by_state = changed.cells && !hold;
        if changed.rows || (by_state && (lens.row_order == Order::Problems || lens.only_affected)) {
            self.project_rows(inventory, lens);
        }
        if changed.columns || (by_state && (lens.column_order == Order::Problems || lens.only_affected)) {
            self.project_columns(inventory, lens);
        }
    }

    fn project_rows(&mut self, inventory: &Inventory, lens: &Lens) {
        let fell = |row: &Row| inventory.falls().of(&row.daemon_set.meta.uid).is_some();
        let stuck = |row: &Row| lens.stuck.contains(&row.daemon_set.meta.uid);
        let affected = |row: &Row| row.tally.problems > 0 || fell(row) || stuck(row);
        let shown = |row: &Row| lens.filter.shows_row(row) && (!lens.only_affected || affected(row));
        let mut rows: Vec<(RowSlot, &Row)> = inventory.rows().filter(|(_, row)| shown(row)).collect();
        let key = |row: &Row| row.daemon_set.meta.key.clone();
        match lens.row_order {
            Order::Problems => {
                rows.sort_by_cached_key(|(_, row)| (!stuck(row), row_badness(row, fell(row)), key(row)));
            }
            Order::Name | Order::Label => rows.sort_by_cached_key(|(_, row)| key(row)),
            Order::Age => {
                rows.sort_by_cached_key(|(_, row)| {
                    (std::cmp::Reverse(row.daemon_set.meta.created), key(row))
                });
            }
        }
        self.hidden_rows = inventory.totals().daemon_sets - rows.len();
        self.rows = rows.into_iter().map(|(slot, _)| slot).collect();
    }

    fn project_columns(&mut self, inventory: &Inventory, lens: &Lens) {
        let shown = |column: &Column| {
            let affected = || column.problems > 0 || inventory.falls().name(&column.name);
            lens.filter.shows_column(column) && (!lens.only_affected || affected())
        };
        let all = inventory.columns().count();
        let mut columns: Vec<(ColumnSlot, &Column)> = inventory.columns().filter(|(_, c)| shown(c)).collect();
        let by = lens.group_by.as_ref();
        // Nodes without the label come last.
        let place = |label: Option<&Text>| (label.is_none(), label.cloned());
        let created = |column: &Column| column.node.as_ref().and_then(|node| node.meta.created);
        columns.sort_by(|(_, a), (_, b)| {
            let order = match lens.column_order {
                Order::Problems => b.problems.cmp(&a.problems),
                Order::Age => created(b).cmp(&created(a)),
                Order::Name | Order::Label => std::cmp::Ordering::Equal,
            };
            let groups = place(label_of(a, by)).cmp(&place(label_of(b, by)));
            groups.then(order).then_with(|| a.name.cmp(&b.name))
        });
        self.groups.clear();
        for (at, (_, column)) in columns.iter().enumerate() {
            let label = label_of(column, by).cloned();
            match self.groups.last_mut().filter(|last| last.label == label) {
                Some(last) => last.end = at + 1,
                None => self.groups.push(Group { label, start: at, end: at + 1 }),
            }
        }
        self.hidden_columns = all - columns.len();
        self.columns = columns.into_iter().map(|(slot, _)| slot).collect();
    }

    /// The columns of a group.
    #[must_use]
    pub fn columns_of(&self, group: &Group) -> &[ColumnSlot] {
        self.columns.get(group.start..group.end).unwrap_or_default()
    }

    /// The states of a row in a group, counted.
    #[must_use]
    pub fn histogram(&self, inventory: &Inventory, row: RowSlot, group: &Group) -> Histogram {
        let mut histogram = Histogram::default();
        let Some(row) = inventory.row(row) else { return histogram };
        for cell in self.columns_of(group).iter().filter_map(|column| row.cell(*column)) {
            histogram.0[cell.state.severity()] += 1;
        }
        histogram
    }
}

/// The value of the grouping label.
fn label_of<'a>(column: &'a Column, group_by: Option<&Text>) -> Option<&'a Text> {
    column.node.as_ref()?.meta.labels.get(group_by?)
}

/// Worst first: the worst state in the row, then how many are bad. A desired count that fell is as bad as pods that
/// cannot be scheduled: nodes that were covered are not.
fn row_badness(row: &Row, fell: bool) -> (usize, std::cmp::Reverse<u32>) {
    let worst = CellState::ALL.into_iter().find(|state| state.is_problem() && row.tally.of(*state) > 0);
    let fell = fell.then_some(CellState::Unschedulable);
    let worst = worst.into_iter().chain(fell).min();
    (worst.map_or(usize::MAX, CellState::severity), std::cmp::Reverse(row.tally.problems))
}

/// How many cells are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram(pub [u32; 13]);

impl Histogram {
    /// All cells.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The cells in a state.
    #[must_use]
    pub fn of(&self, state: CellState) -> u32 {
        self.0[state.severity()]
    }

    /// The exact numbers of what is bad, worst first.
    pub fn bad(&self) -> impl Iterator<Item = (CellState, u32)> + '_ {
        CellState::ALL
            .into_iter()
            .filter(|state| state.is_problem())
            .map(|s| (s, self.of(s)))
            .filter(|(_, n)| *n > 0)
    }

    /// A sorted bar of `width` characters, from good to bad: each stands for an equal share of the cells; a state that
    /// is there at all gets at least one character, taken from the largest.
    #[must_use]
    pub fn bar(&self, width: usize) -> Vec<CellState> {
        let total = self.total() as usize;
        let counts: Vec<usize> = self.0.iter().map(|count| *count as usize).collect();
        if total <= width {
            return arrange(&counts);
        }
        let mut shares: Vec<usize> =
            counts.iter().map(|count| (count * width / total).max(usize::from(*count > 0))).collect();
        // Rounding down leaves some over: the largest gets them. The floor of one takes some: the largest pay.
        let mut sum: usize = shares.iter().sum();
        while sum != width {
            let largest = (0..shares.len()).max_by_key(|at| (shares[*at], counts[*at])).unwrap_or_default();
            if sum < width {
                shares[largest] += width - sum;
                break;
            }
            if shares[largest] == 0 {
                break;
            }
            shares[largest] -= 1;
            sum -= 1;
        }
        arrange(&shares)
    }
}

/// From good to bad, what is not wanted last; each state as often as its share says.
fn arrange(shares: &[usize]) -> Vec<CellState> {
    let mut order = CellState::ALL;
    order.reverse();
    // Reversed, `excluded` comes first; it belongs behind everything that was wanted.
    order.rotate_left(1);
    order.into_iter().flat_map(|state| std::iter::repeat_n(state, shares[state.severity()])).collect()
}
