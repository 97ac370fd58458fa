//! The monitor's whole state. Its fields belong to `app`; everything else reads it by methods.

mod look;

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::answers::Answers;
use super::capabilities::Capabilities;
use super::cursor::{ColumnPlace, Cursor, Focus, RowPlace};
use super::dialog::{Dialog, Stage};
use super::digest::Digest;
use super::keymap::Context;
use super::labels::NodeLabels;
use super::layout::Layout;
use super::logs::LogView;
use super::marks::Marks;
use super::notice::Notice;
use super::palette::Palette;
use super::picker::Picker;
use super::problems::Problems;
use super::relabel::{Relabel, Stage as RelabelStage};
use super::replace::{Begin, Replacing};
use super::screen::{Open, Screen};
use super::writes::Writes;
use crate::domain::absence::{Everywhere, Sighting};
use crate::domain::alert::Alert;
use crate::domain::cause::CauseKey;
use crate::domain::event::{LinkState, WatchKind};
use crate::domain::expectation::{Bystander, Expectation};
use crate::domain::grid::{Grid, Group, Lens};
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::{Changed, ColumnSlot, Inventory, RowSlot};
use crate::domain::progress::Progress;
use crate::domain::relabel::batch::Batch;
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// What is known before anything is heard.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The kubeconfig context, or what stands for it.
    pub context: Text,
    /// The namespace that is watched; none for all.
    pub scope: Option<Text>,
    /// Only DaemonSets with these labels.
    pub selector: Selector,
    /// As whom the cluster is talked to, for the header; empty where no name is known.
    pub user: Text,
    /// Nothing may be changed.
    pub read_only: bool,
    /// What the terminal can show.
    pub capabilities: Capabilities,
    /// The DaemonSet to begin with, if there is one of this `namespace/name` or name.
    pub start_at: Option<Text>,
    /// The node label by which columns are grouped at first; none lets the monitor choose.
    pub group_by: Option<Text>,
    /// So many logs are read at once; none for the usual number.
    pub log_streams: Option<usize>,
    /// So many bytes of logs are held at most; none for the usual amount.
    pub log_memory: Option<usize>,
    /// The DaemonSets that have to be on every node.
    pub everywhere: Everywhere,
    /// What was wanted where at the last look at this context.
    pub last_look: Option<Sighting>,
    /// The alert that brought somebody here.
    pub alert: Option<Alert>,
    /// On which machine we are, for those who see what this dsgrid does.
    pub host: Text,
    /// In which times of day are typed; none for UTC.
    pub time_zone: Option<TimeZone>,
    /// A replacement to begin with, once everything is known.
    pub replacement: Option<Begin>,
}

/// Once the cursor has moved, orders that depend on states wait so long.
pub(super) const HOLD: SignedDuration = SignedDuration::from_secs(2);

/// How the nodes are grouped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Grouping {
    /// By zone where the nodes do not fit the width, else not.
    #[default]
    Automatic,
    /// As the user chose.
    Chosen(Option<Text>),
}

/// What is scrolled how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scroll {
    pub list: usize,
    pub cells: usize,
    pub map: usize,
}

/// The monitor's whole state.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, none of which excludes another")]
pub struct Model {
    pub(super) settings: Settings,
    pub(super) inventory: Inventory,
    pub(super) lens: Lens,
    pub(super) grid: Grid,
    pub(super) labels: NodeLabels,
    pub(super) size: (u16, u16),
    pub(super) layout: Layout,
    pub(super) scroll: Scroll,
    pub(super) cursor: Cursor,
    /// The node that was selected last, for coming back to the map.
    pub(super) last_node: Option<NodeName>,
    /// Where the cursor was in the orders, for when what it names goes away.
    pub(super) last_place: (usize, usize),
    pub(super) focus: Focus,
    /// Whether the user has moved: before that the cursor stays on the worst row.
    pub(super) has_moved: bool,
    pub(super) last_move: Option<Timestamp>,
    /// What waits for the cursor to rest.
    pub(super) held: Changed,
    pub(super) grouping: Grouping,
    pub(super) transposed: bool,
    pub(super) map: Option<bool>,
    pub(super) counters: Option<bool>,
    /// The filter as typed.
    pub(super) filter: String,
    /// Whether the filter is being typed.
    pub(super) typing: bool,
    /// Where the cursor was when the filter was last begun.
    pub(super) before_filter: Option<Cursor>,
    pub(super) namespace: Option<Text>,
    /// The full screens over the grid; the last is the one that is seen.
    pub(super) screens: Vec<Open>,
    /// The logs that are looked at; one view at a time.
    pub(super) logs: Option<Box<LogView>>,
    /// When pods to read were looked for last; none where it is to be done at once.
    pub(super) logs_settled: Option<Timestamp>,
    /// How many logs were read to compare endings.
    pub(super) compared: u32,
    pub(super) picker: Option<Picker>,
    pub(super) notice: Option<Notice>,
    pub(super) clock_offset: SignedDuration,
    /// Whether the server's clock was read, or objects came without it: before that no age can be told.
    pub(super) clock_known: bool,
    /// The local clock.
    pub(super) local: Timestamp,
    pub(super) now: Timestamp,
    pub(super) digest: Digest,
    /// When the digest was made.
    pub(super) digested: Timestamp,
    /// Since when a DaemonSet's current count differs from ours, and whether its pods were asked for.
    pub(super) adoptions: HashMap<Uid, (Timestamp, bool)>,
    /// Answers to what was asked once.
    pub(super) answers: Answers,
    /// What is marked.
    pub(super) marks: Marks,
    /// Where a range of marks begins.
    pub(super) anchor: Option<Cursor>,
    /// The write that is being shown, confirmed or followed.
    pub(super) dialog: Option<Dialog>,
    /// The change of nodes that is being edited, confirmed or followed.
    pub(super) relabel: Option<Relabel>,
    /// The last change of nodes that was sent to its end, for taking it back.
    pub(super) last_change: Option<Batch>,
    /// What was foretold and has not come true yet.
    pub(super) expected: BTreeMap<(Uid, NodeName), Expectation>,
    /// Pods on changed nodes that are to stay, as nothing was foretold of them.
    pub(super) bystanders: BTreeMap<(Uid, NodeName), Bystander>,
    /// What the cluster did otherwise, and when that was clear.
    pub(super) otherwise: Vec<(Timestamp, String)>,
    /// Writes whose outcome is not known.
    pub(super) writes: Writes,
    /// The replacement that this dsgrid carries out, or has carried out.
    pub(super) replacement: Option<Replacing>,
    /// How the rollouts went since this monitor began.
    pub(super) progress: Progress,
    /// Since when somebody wants to leave, while answers are waited for.
    pub(super) leaving: Option<Timestamp>,
    /// The menu of actions, while it is open.
    pub(super) palette: Option<Palette>,
    /// The cause that the cursor was brought to last.
    pub(super) last_cause: Option<CauseKey>,
    /// What is wrong, as it was gathered last.
    pub(super) problems: Problems,
    /// When it was last noted what is wanted where; none before all is known.
    pub(super) remembered: Option<Timestamp>,
    pub(super) version: u64,
}

impl Model {
    /// A monitor that has heard nothing yet.
    #[must_use]
    pub fn new(settings: Settings, now: Timestamp) -> Self {
        let mut lens = Lens::default();
        lens.filter.selector = settings.selector.clone();
        let grouping =
            settings.group_by.clone().map_or_else(Grouping::default, |label| Grouping::Chosen(Some(label)));
        Self {
            settings,
            // Time in the inventory never goes back, and the local clock may be ahead of the server's.
            inventory: Inventory::new(Timestamp::UNIX_EPOCH),
            lens,
            grid: Grid::default(),
            labels: NodeLabels::default(),
            size: (80, 24),
            layout: Layout::default(),
            scroll: Scroll::default(),
            cursor: Cursor::default(),
            last_node: None,
            last_place: (0, 0),
            focus: Focus::List,
            has_moved: false,
            last_move: None,
            held: Changed::default(),
            grouping,
            transposed: false,
            map: None,
            counters: None,
            filter: String::new(),
            typing: false,
            before_filter: None,
            namespace: None,
            screens: Vec::new(),
            logs: None,
            logs_settled: None,
            compared: 0,
            picker: None,
            notice: None,
            clock_offset: SignedDuration::ZERO,
            clock_known: false,
            local: now,
            now,
            digest: Digest::default(),
            digested: now,
            adoptions: HashMap::new(),
            answers: Answers::default(),
            marks: Marks::default(),
            anchor: None,
            dialog: None,
            relabel: None,
            last_change: None,
            expected: BTreeMap::new(),
            bystanders: BTreeMap::new(),
            otherwise: Vec::new(),
            writes: Writes::default(),
            replacement: None,
            progress: Progress::default(),
            leaving: None,
            palette: None,
            last_cause: None,
            problems: Problems::default(),
            remembered: None,
            version: 0,
        }
    }

    /// Where keys go.
    #[must_use]
    pub fn context_of_keys(&self) -> Context {
        if let Some(dialog) = &self.dialog {
            return match &dialog.stage {
                Stage::Choosing { .. } => Context::Picker,
                _ if dialog.takes_text() => Context::Word,
                _ => Context::Dialog,
            };
        }
        if let Some(relabel) = &self.relabel {
            return match &relabel.stage {
                RelabelStage::Editing(editor) if editor.entry.is_some() => Context::Entry,
                RelabelStage::Editing(_) => Context::Editor,
                _ if relabel.wants_word() => Context::Word,
                _ => Context::Dialog,
            };
        }
        if self.palette.is_some() {
            return Context::Palette;
        }
        match (&self.picker, self.screens.last()) {
            (Some(_), _) => Context::Picker,
            (None, Some(open)) if open.view.search.is_typing => Context::Filter,
            (None, None) if self.typing => Context::Filter,
            (None, _) => self.context_of_screen(),
        }
    }

    /// What keys are for on the screen that is open, whatever lies over it.
    #[must_use]
    pub fn context_of_screen(&self) -> Context {
        match self.screens.last().map(|open| &open.screen) {
            Some(Screen::Logs(_)) => self.logs.as_ref().map_or(Context::Logs, |view| view.keys()),
            Some(screen) if screen.is_text() => Context::Text,
            Some(Screen::Replacement) => Context::Replacement,
            Some(_) => Context::Page,
            None => Context::Grid,
        }
    }

    /// The selected DaemonSet's row.
    #[must_use]
    pub fn selected_row(&self) -> Option<RowSlot> {
        match &self.cursor.row {
            RowPlace::DaemonSet(uid) => self.inventory.row_of(uid),
            RowPlace::Header => None,
        }
    }

    /// The selected node's column.
    #[must_use]
    pub fn selected_column(&self) -> Option<ColumnSlot> {
        self.cursor.column.node().and_then(|name| self.inventory.column_of(name))
    }

    /// The selected group of nodes.
    #[must_use]
    pub fn selected_group(&self) -> Option<&Group> {
        let ColumnPlace::Group(label) = &self.cursor.column else { return None };
        self.grid.groups.iter().find(|group| group.label == *label)
    }

    /// The DaemonSet whose map is shown: the selected one, or the first.
    #[must_use]
    pub fn map_row(&self) -> Option<RowSlot> {
        self.selected_row().or_else(|| self.grid.rows.first().copied())
    }

    /// Whether nodes are rows.
    #[must_use]
    pub fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// Whether what is on screen may be old: a watch that was live is not.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let broken = |state: &LinkState| matches!(state, LinkState::Retrying { .. });
        self.inventory
            .links()
            .iter()
            .any(|(watch, state)| watch.kind != WatchKind::Revisions && broken(state))
    }

    /// Whether everything was received at least once, as far as it may be read.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        let links = self.inventory.links();
        !links.is_empty()
            && links.iter().all(|(watch, state)| {
                self.inventory.is_complete(watch) || matches!(state, LinkState::Denied { .. })
            })
    }

    /// The next instant at which the screen changes by time alone; server time.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let held = self.held.any().then_some(self.last_move).flatten().map(|moved| moved + HOLD);
        let notice = self.notice.as_ref().map(|notice| notice.until);
        let ages = self.digest.cadence.map(|cadence| self.digested + cadence);
        let waiting = self.adoptions.values().filter(|(_, asked)| !asked);
        let adoption = waiting.map(|(since, _)| *since + super::update::ADOPTION_DELAY).min();
        let leaving = self.leaving.map(|since| since + super::update::PATIENCE);
        let foretold = self.expected.values().map(Expectation::until).min();
        let guarded = self.bystanders.values().map(Bystander::until).min();
        let foretelling = self.relabel.as_ref().and_then(Relabel::next_look);
        let asked = self.answers.next_wake();
        let silence = super::digest::silence_due(self);
        let replacement = self.replacement.as_ref().and_then(|replacing| replacing.next_wake(self.now));
        [
            self.inventory.next_due(),
            held,
            notice,
            ages,
            adoption,
            foretold,
            guarded,
            foretelling,
            asked,
            silence,
            leaving,
            replacement,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether a node is selected.
    pub(super) fn has_node(&self) -> bool {
        matches!(self.cursor.column, ColumnPlace::Node(_))
    }
}
