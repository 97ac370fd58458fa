//! Which logs are open: chosen by what ails, taken up again after restarts, handed on when pods replace each other.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::domain::age::age;
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::{ColumnSlot, Inventory, RowSlot};
use crate::domain::log::{LogEnd, LogNews, LogRequest, Selection, Since, StreamId, Target, select};
use crate::domain::object::{Container, ContainerState, Pod, Termination};
use crate::domain::text::Text;

/// Whose logs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// All pods of a DaemonSet, also those to come.
    DaemonSet(Uid),
    /// The pods of these cells, also those to come.
    Cells(Vec<(Uid, NodeName)>),
}

impl Subject {
    /// Where it is in the inventory now.
    #[must_use]
    pub fn cells(&self, inventory: &Inventory) -> Vec<(RowSlot, ColumnSlot)> {
        match self {
            Self::DaemonSet(uid) => {
                let Some(row) = inventory.row_of(uid) else { return Vec::new() };
                let mut columns: Vec<ColumnSlot> =
                    inventory.pods_of(row).filter_map(|pod| inventory.column_of(pod.target()?)).collect();
                columns.sort();
                columns.dedup();
                columns.into_iter().map(|column| (row, column)).collect()
            }
            Self::Cells(cells) => cells
                .iter()
                .filter_map(|(uid, node)| Some((inventory.row_of(uid)?, inventory.column_of(node)?)))
                .collect(),
        }
    }
}

/// What is read, and how.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whose logs.
    pub subject: Subject,
    /// Which container; none for the one that is meant by default.
    pub container: Option<Text>,
    /// Whether of the run before; none for the run before where a container crashes again and again.
    pub previous: Option<bool>,
    /// Of this node the present run whatever is said of others.
    pub present: Option<NodeName>,
    /// How far back.
    pub since: Since,
    /// Of what lies back, only so many lines of each pod; none for all.
    pub tail: Option<u32>,
    /// At most so many streams.
    pub most: usize,
}

/// How a stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Nothing came yet.
    Opening,
    /// Lines came.
    Reading,
    /// It broke and is opened again.
    Broken(Text),
    /// Nothing more comes.
    Ended(LogEnd),
}

/// One container's log.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The pod.
    pub target: Target,
    /// The container.
    pub container: Text,
    /// Of the run before.
    pub previous: bool,
    /// How it stands.
    pub state: StreamState,
    /// How often the container had been started again when it was opened.
    restarts: u32,
    /// How the run ended that is read, where it is one before.
    ended: Option<Termination>,
    /// What is to be said before its first line.
    announced: Option<String>,
}

/// What is to be done about a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open it.
    Open(StreamId, Box<LogRequest>),
    /// Say this among its lines, as of this time; none for now.
    Note(StreamId, String, Option<Timestamp>),
}

/// The streams of one view.
#[derive(Clone, Debug)]
pub struct Streams {
    reading: Reading,
    all: BTreeMap<StreamId, Stream>,
    /// The pods that were taken up.
    known: HashSet<Uid>,
    next: u32,
    shown: Selection,
}

impl Streams {
    /// Begins with nothing open; `first` and what follows number the streams.
    #[must_use]
    pub fn new(reading: Reading, first: u32) -> Self {
        Self {
            reading,
            all: BTreeMap::new(),
            known: HashSet::new(),
            next: first,
            shown: Selection::default(),
        }
    }

    /// What is read, and how.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The number the next stream gets.
    #[must_use]
    pub fn next(&self) -> u32 {
        self.next
    }

    /// A stream, open or ended.
    #[must_use]
    pub fn get(&self, id: StreamId) -> Option<&Stream> {
        self.all.get(&id)
    }

    /// All streams, open and ended.
    pub fn iter(&self) -> impl Iterator<Item = (StreamId, &Stream)> {
        self.all.iter().map(|(id, stream)| (*id, stream))
    }

    /// How many nodes' logs are shown of how many.
    #[must_use]
    pub fn shown(&self) -> &Selection {
        &self.shown
    }

    /// Takes in how a stream stands.
    pub fn heard(&mut self, id: StreamId, news: &LogNews) {
        let Some(stream) = self.all.get_mut(&id) else { return };
        stream.state = match news {
            LogNews::Lines(_) => StreamState::Reading,
            LogNews::Broken(why) => StreamState::Broken(why.clone()),
            LogNews::Ended(end) => StreamState::Ended(end.clone()),
            LogNews::Lost(_) => return,
        };
    }

    /// What is to be done now that the cluster looks like this.
    pub fn settle(&mut self, inventory: &Inventory) -> Vec<Step> {
        let mut steps = self.restarted(inventory);
        let cells = self.reading.subject.cells(inventory);
        let mut all = select(inventory, &cells, usize::MAX);
        if self.reading.previous == Some(true) {
            // Most pods have no run before: those that have one come first.
            all.open.sort_by_key(|target| !self.has_previous(target, inventory));
        }
        let mut free = self.reading.most.saturating_sub(self.taken(inventory));
        for target in &all.open {
            if free == 0 {
                break;
            }
            if self.known.insert(target.pod.uid.clone()) {
                free -= 1;
                steps.push(self.open(target.clone(), inventory));
            }
        }
        let read: HashSet<&Uid> = self.all.values().map(|stream| &stream.target.pod.uid).collect();
        let open = all.open.into_iter().filter(|target| read.contains(&target.pod.uid)).collect();
        self.shown = Selection { open, ..all };
        steps
    }

    fn has_previous(&self, target: &Target, inventory: &Inventory) -> bool {
        let container = self.reading.container.as_ref().unwrap_or(&target.container);
        let status = inventory.pod(&target.pod.uid).and_then(|pod| status(pod, container));
        status.is_some_and(|status| status.last.is_some())
    }

    /// Streams that take a slot: one keeps it as long as its pod is there, or the rest would crowd in one after another.
    fn taken(&self, inventory: &Inventory) -> usize {
        let keeps = |stream: &&Stream| match &stream.state {
            StreamState::Ended(LogEnd::Gone) => false,
            StreamState::Ended(_) => inventory.pod(&stream.target.pod.uid).is_some(),
            _ => true,
        };
        self.all.values().filter(keeps).count()
    }

    fn open(&mut self, target: Target, inventory: &Inventory) -> Step {
        let container = self.reading.container.clone().unwrap_or_else(|| target.container.clone());
        let id = StreamId(self.next);
        self.next += 1;
        let pod = inventory.pod(&target.pod.uid);
        let status = pod.and_then(|pod| status(pod, &container));
        let crashing = target.crashing && container == target.container;
        let is_present = self.reading.present.as_ref() == Some(&target.node);
        let previous = !is_present && self.reading.previous.unwrap_or(crashing);
        let same_cell = |stream: &&Stream| {
            stream.target.node == target.node && stream.target.daemon_set == target.daemon_set
        };
        let replaced =
            self.all.values().rev().find(same_cell).map(|stream| stream.target.pod.key.name.clone());
        // What a pod printed that came after another one is wanted whole.
        let (since, tail) =
            if replaced.is_some() { (Since::All, None) } else { (self.reading.since, self.reading.tail) };
        let announced = replaced.map(|old| {
            let revision = pod.and_then(|pod| {
                Some(inventory.revision_label(&pod.meta.owner.as_ref()?.uid, pod.revision.as_ref()?))
            });
            let revision = revision.map(|label| format!(" of revision {label}")).unwrap_or_default();
            format!("{}: pod {}{revision} replaces {old}", target.node, target.pod.key.name)
        });
        let restarts = status.map_or(0, |status| status.restarts);
        let ended = status.and_then(|status| status.last.clone()).filter(|_| previous);
        let state = StreamState::Opening;
        let stream = Stream { target, container, previous, state, restarts, ended, announced };
        let step = stream.opened(id, since, tail);
        self.all.insert(id, stream);
        step
    }

    /// What is to be said before the first line of a stream, once; as of the time of that line, if it is there: the pod
    /// was made before the one that it replaces had said its last words.
    pub fn announce(&mut self, id: StreamId, news: &LogNews) -> Option<(String, Option<Timestamp>)> {
        let words = self.all.get_mut(&id)?.announced.take()?;
        let at = match news {
            LogNews::Lines(lines) => lines.first().and_then(|line| line.at),
            LogNews::Lost(_) | LogNews::Broken(_) | LogNews::Ended(_) => None,
        };
        Some((words, at))
    }

    /// Containers that run again go on in the same stream, after a line that says so; so do runs before that are
    /// followed by another one which has ended, too.
    fn restarted(&mut self, inventory: &Inventory) -> Vec<Step> {
        let mut steps = Vec::new();
        for (id, stream) in &mut self.all {
            let StreamState::Ended(LogEnd::Complete | LogEnd::NoPrevious) = stream.state else { continue };
            let pod = inventory.pod(&stream.target.pod.uid);
            let Some(status) = pod.and_then(|pod| status(pod, &stream.container)) else { continue };
            let again = if stream.previous { stream.ended_again(status) } else { stream.runs_again(status) };
            let Some((words, at, since)) = again else { continue };
            let note = format!("{}: container {} {words}", stream.target.node, stream.container);
            steps.push(Step::Note(*id, note, at));
            stream.state = StreamState::Opening;
            stream.restarts = status.restarts;
            // A new run has a file of its own: nothing of the old one comes again.
            steps.push(stream.opened(*id, since, None));
        }
        steps
    }

    /// What is read of a stream, for a title: `previous run, exit 1, 40s ago`; empty for the present run.
    #[must_use]
    pub fn run_words(&self, id: StreamId, now: Timestamp) -> String {
        let Some(stream) = self.get(id).filter(|stream| stream.previous) else { return String::new() };
        match &stream.ended {
            Some(end) => format!("previous run, {}, {} ago", ended_words(end), age(end.finished, now)),
            None => "previous run".to_owned(),
        }
    }
}

impl Stream {
    fn opened(&self, id: StreamId, since: Since, tail: Option<u32>) -> Step {
        let request = LogRequest {
            pod: self.target.pod.clone(),
            container: self.container.clone(),
            previous: self.previous,
            follow: !self.previous,
            since,
            tail,
            bytes: None,
            restarts: self.restarts,
        };
        Step::Open(id, Box::new(request))
    }

    /// The run after the one that was read: words, since when, and from when on it is read.
    fn runs_again(&self, status: &Container) -> Option<(String, Option<Timestamp>, Since)> {
        let ContainerState::Running { since } = status.state else { return None };
        if status.restarts <= self.restarts {
            return None;
        }
        let at = since.map(|at| format!(" at {}", clock(at))).unwrap_or_default();
        let why = status.last.as_ref().map(|end| format!(" after {}", ended_at(end))).unwrap_or_default();
        Some((format!("restarted{at}{why}"), since, since.map_or(Since::All, Since::Time)))
    }

    /// The next run that has ended: the same.
    fn ended_again(&mut self, status: &Container) -> Option<(String, Option<Timestamp>, Since)> {
        let end = status.last.as_ref()?;
        let before = self.ended.as_ref().and_then(|ended| ended.finished);
        if end.finished <= before {
            return None;
        }
        self.ended = Some(end.clone());
        // Its lines come after those of the run that was read.
        Some((format!("ran again, until {}", ended_at(end)), before, Since::All))
    }
}

/// `exit 1 at 03:04:05Z`.
fn ended_at(end: &Termination) -> String {
    let at = end.finished.map(|at| format!(" at {}", clock(at))).unwrap_or_default();
    format!("{}{at}", ended_words(end))
}

/// The time of day, as the server says it.
fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// The status of a container of any kind.
fn status<'a>(pod: &'a Pod, name: &str) -> Option<&'a Container> {
    pod.containers.iter().chain(&pod.init_containers).find(|container| container.name == *name)
}

/// `exit 1`, `exit 137 OOMKilled`, `signal 9`.
pub(super) fn ended_words(end: &Termination) -> String {
    let how =
        if end.signal == 0 { format!("exit {}", end.exit_code) } else { format!("signal {}", end.signal) };
    // These two words say nothing that the number does not.
    if end.reason.is_empty() || end.reason == "Error" || end.reason == "Completed" {
        how
    } else {
        format!("{how} {}", end.reason)
    }
}
