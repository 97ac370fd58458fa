//! Full screens over the grid, one on another. Each names its subject by identity: what is selected may move or go.

mod alert;
mod cause;
mod cell;
mod count;
mod daemon_set;
mod events;
mod help;
mod history;
mod journal;
mod node;
mod nodes;
mod pod;
mod problems;
mod progress;
mod replacement;
mod rights;
mod yaml;

pub(super) use history::{entries, revision_refs, template_diff};

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::cursor::{ColumnPlace, CountColumn, RowPlace};
use super::model::Model;
use super::page::Page;
use super::text_view::TextView;
use crate::domain::alert::Alert;
use crate::domain::cause::CauseKey;
use crate::domain::id::{NodeName, ObjectKind, ObjectRef, Uid};
use crate::domain::inquiry::Inquiry;
use crate::domain::object::{DaemonSet, Node, Pod};
use crate::domain::text::Text;

pub(super) use rights::snippet as rights_snippet;

/// What a full screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Screen {
    /// Why a DaemonSet does on a node what it does.
    Cell {
        /// The DaemonSet.
        daemon_set: Uid,
        /// The node.
        node: NodeName,
    },
    /// A DaemonSet.
    DaemonSet(Uid),
    /// A node.
    Node(NodeName),
    /// The nodes behind a number.
    Count {
        /// The DaemonSet.
        daemon_set: Uid,
        /// The number.
        count: CountColumn,
    },
    /// The nodes behind a line of a DaemonSet's page.
    Nodes {
        /// The DaemonSet.
        daemon_set: Uid,
        /// Which nodes.
        of: NodesOf,
    },
    /// What may not be read, and the rule to ask for.
    Rights,
    /// An object as the server has it.
    Yaml(ObjectRef),
    /// Logs of these.
    Logs(super::logs::Subject),
    /// What is wrong, by cause.
    Problems,
    /// Taints that do what taints are for.
    Usual,
    /// One cause.
    Cause(CauseKey),
    /// What an alert says of a DaemonSet.
    Alert {
        /// The DaemonSet.
        daemon_set: Uid,
        /// The alert.
        alert: Alert,
    },
    /// The replacement that goes on.
    Replacement,
    /// The revisions of a DaemonSet.
    History(Uid),
    /// What differs between the templates of two revisions.
    Difference {
        /// The DaemonSet.
        daemon_set: Uid,
        /// The number of the one, usually the older.
        from: i64,
        /// The number of the other.
        to: i64,
    },
    /// What dsgrid changed.
    Journal,
    /// Every key.
    Help,
}

/// Which nodes of a DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NodesOf {
    /// Those with a pod of the revision of this hash.
    Revision(Text),
    /// Those that this rule leaves out, in words.
    LeftOut(String),
    /// Those whose changes made the controller's counters old.
    Stale,
}

/// What keys on a screen, or in the grid, are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    pub daemon_set: Option<Uid>,
    pub node: Option<NodeName>,
    pub count: Option<CountColumn>,
    pub object: Option<ObjectRef>,
}

impl Screen {
    /// Whether it shows text as it is, not facts in words.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Yaml(_))
    }

    /// What it is about.
    pub(super) fn subject(&self) -> Subject {
        let mut subject = Subject::default();
        match self {
            Self::Cell { daemon_set, node } => {
                subject.daemon_set = Some(daemon_set.clone());
                subject.node = Some(node.clone());
            }
            Self::DaemonSet(uid) | Self::Logs(super::logs::Subject::DaemonSet(uid)) => {
                subject.daemon_set = Some(uid.clone());
            }
            Self::Count { daemon_set, count } => {
                subject.daemon_set = Some(daemon_set.clone());
                subject.count = Some(*count);
            }
            Self::Node(name) => subject.node = Some(name.clone()),
            Self::Yaml(object) => {
                subject.object = Some(object.clone());
                match object.kind {
                    ObjectKind::DaemonSet => subject.daemon_set = Some(object.uid.clone()),
                    ObjectKind::Node => subject.node = Some(NodeName(object.key.name.clone())),
                    ObjectKind::Pod | ObjectKind::ControllerRevision => {}
                }
            }
            Self::Cause(key) => subject.daemon_set = key.daemon_set().cloned(),
            Self::Nodes { daemon_set, .. }
            | Self::Alert { daemon_set, .. }
            | Self::History(daemon_set)
            | Self::Difference { daemon_set, .. } => subject.daemon_set = Some(daemon_set.clone()),
            Self::Logs(super::logs::Subject::Cells(_))
            | Self::Problems
            | Self::Usual
            | Self::Rights
            | Self::Journal
            | Self::Replacement
            | Self::Help => {}
        }
        subject
    }

    /// What has to be asked to show it.
    pub(super) fn needed(&self, model: &Model) -> BTreeSet<Inquiry> {
        match self {
            Self::Cell { daemon_set, node } => cell::needed(model, daemon_set, node),
            Self::DaemonSet(uid) => daemon_set::needed(model, uid),
            Self::Node(name) => node::needed(model, name),
            Self::Yaml(object) => BTreeSet::from([Inquiry::Object(object.clone())]),
            Self::Cause(key) => cause::needed(model, key),
            Self::History(uid) | Self::Difference { daemon_set: uid, .. } => history::needed(model, uid),
            Self::Journal => BTreeSet::from([Inquiry::Journal]),
            Self::Count { .. }
            | Self::Nodes { .. }
            | Self::Rights
            | Self::Logs(_)
            | Self::Problems
            | Self::Usual
            | Self::Alert { .. }
            | Self::Replacement
            | Self::Help => BTreeSet::new(),
        }
    }

    /// Its lines; none when what it is about is not there.
    fn page(&self, model: &Model, with_managed_fields: bool) -> Option<Page> {
        match self {
            Self::Cell { daemon_set, node } => cell::page(model, daemon_set, node),
            Self::DaemonSet(uid) => daemon_set::page(model, uid),
            Self::Node(name) => node::page(model, name),
            Self::Count { daemon_set, count } => count::page(model, daemon_set, *count),
            Self::Nodes { daemon_set, of } => nodes::page(model, daemon_set, of),
            Self::Rights => Some(rights::page(model)),
            Self::Yaml(object) => yaml::page(model, object, with_managed_fields),
            // Their lines are no facts: see `app::logs`.
            Self::Logs(_) => Some(Page::default()),
            Self::Problems => Some(problems::page(model)),
            Self::Usual => Some(problems::usual(model)),
            Self::Cause(key) => cause::page(model, key),
            Self::Alert { daemon_set, alert } => alert::page(model, daemon_set, *alert),
            Self::Replacement => replacement::page(model),
            Self::History(uid) => history::page(model, uid),
            Self::Difference { daemon_set, from, to } => history::difference(model, daemon_set, (*from, *to)),
            Self::Journal => Some(journal::page(model)),
            Self::Help => Some(help::page()),
        }
    }
}

/// What a key is about: the line with the cursor, else the screen; in the grid, what is selected.
pub(super) fn subject(model: &Model) -> Subject {
    match model.screens.last() {
        Some(open) => {
            let (line, own) = (open.leads().map(Screen::subject).unwrap_or_default(), open.screen.subject());
            // That of a replacement is about its DaemonSet, whatever line the cursor is on.
            let replaced = model.replacement.as_ref().filter(|_| open.screen == Screen::Replacement);
            let replaced = replaced.map(|replacing| replacing.run().plan().daemon_set.uid.clone());
            Subject {
                daemon_set: line.daemon_set.or(own.daemon_set).or(replaced),
                node: line.node.or(own.node),
                count: line.count.or(own.count),
                object: line.object.or(own.object),
            }
        }
        None => Subject {
            daemon_set: match &model.cursor.row {
                RowPlace::DaemonSet(uid) => Some(uid.clone()),
                RowPlace::Header => None,
            },
            node: model.cursor.column.node().cloned(),
            count: match model.cursor.column {
                ColumnPlace::Count(count) => Some(count),
                ColumnPlace::Name | ColumnPlace::Node(_) | ColumnPlace::Group(_) => None,
            },
            object: None,
        },
    }
}

/// A screen that is open.
#[derive(Clone, Debug)]
pub struct Open {
    /// What it shows.
    pub screen: Screen,
    /// Its lines, as of the last frame.
    pub page: Page,
    /// Where the person is in them.
    pub view: TextView,
    /// Whether YAML has `managedFields`.
    pub with_managed_fields: bool,
    /// From which answer, with or without `managedFields`, the lines of a text were made.
    made_from: Option<(Option<Timestamp>, bool)>,
}

impl Open {
    /// Opens a screen at its beginning.
    pub(super) fn new(model: &Model, screen: Screen) -> Self {
        let view = TextView::new(!screen.is_text());
        let mut open =
            Self { screen, page: Page::default(), view, with_managed_fields: false, made_from: None };
        open.refresh(model);
        // The heading of the list is not what one came for.
        if open.screen == Screen::Problems {
            open.view.at = open.page.lines.iter().position(|line| line.leads.is_some()).unwrap_or_default();
        }
        open
    }

    /// Makes the lines anew; whether they changed. The cursor stays on its line, wherever that goes.
    pub(super) fn refresh(&mut self, model: &Model) -> bool {
        if let Screen::Yaml(object) = &self.screen {
            // Long, and only changed by answers.
            let answered = model.answers.answered_at(&Inquiry::Object(object.clone()));
            let from = Some((answered, self.with_managed_fields));
            if std::mem::replace(&mut self.made_from, from) == from {
                return false;
            }
        }
        let old = self.page.clone();
        match self.screen.page(model, self.with_managed_fields) {
            Some(page) => self.page = page,
            None => self.page.gone(),
        }
        if self.page == old {
            return false;
        }
        if let Some(line) = old.lines.get(self.view.at) {
            self.view.at = self.find(line, self.view.at);
        }
        self.view.search.look(&self.page.lines);
        true
    }

    /// The line nearest to `at` that leads where `line` led, or says what it said.
    fn find(&self, line: &super::page::Line, at: usize) -> usize {
        let same = |other: &super::page::Line| {
            if line.leads.is_some() { other.leads == line.leads } else { other.text == line.text }
        };
        let places = self.page.lines.iter().enumerate().filter(|(_, other)| same(other)).map(|(at, _)| at);
        places.min_by_key(|place| place.abs_diff(at)).unwrap_or(at)
    }

    /// Where the line with the cursor leads.
    #[must_use]
    pub fn leads(&self) -> Option<&Screen> {
        self.page.lines.get(self.view.at)?.leads.as_ref()
    }
}

/// The name of a DaemonSet as the server knows it.
pub(super) fn daemon_set_ref(object: &DaemonSet) -> ObjectRef {
    ObjectRef { kind: ObjectKind::DaemonSet, key: object.meta.key.clone(), uid: object.meta.uid.clone() }
}

/// The name of a pod as the server knows it.
pub(super) fn pod_ref(pod: &Pod) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Pod, key: pod.meta.key.clone(), uid: pod.meta.uid.clone() }
}

/// The name of a node as the server knows it.
pub(super) fn node_ref(node: &Node) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Node, key: node.meta.key.clone(), uid: node.meta.uid.clone() }
}

/// The nodes' names, and how many more there are.
fn names(nodes: &[NodeName]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<&str> = nodes.iter().take(SHOWN).map(NodeName::as_str).collect();
    let more = nodes.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
