//! How containers ended, compared across nodes: the last words of each, grouped.

use std::collections::BTreeMap;

use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::Inventory;
use crate::domain::log::{
    Ending, LastWords, Line, LogEnd, LogNews, LogRequest, Since, StreamId, Target, group, last_line, select,
};
use crate::domain::object::{ContainerState, Pod, Termination};
use crate::domain::text::Text;

use super::streams::{Reading, Step, ended_words};

/// So many of the last lines are asked for, of at most so many bytes.
const LAST_LINES: u32 = 20;
const LAST_BYTES: u32 = 64 * 1024;
/// So many characters of a line are compared.
const LONGEST_WORDS: usize = 1_000;

/// Endings as they come in.
#[derive(Debug)]
pub struct Compare {
    asked: BTreeMap<StreamId, Asked>,
    /// The group with the cursor.
    pub at: usize,
    groups: Vec<LastWords>,
}

#[derive(Debug)]
struct Asked {
    target: Target,
    container: Text,
    is_previous: bool,
    /// How it ended, in words.
    exit: String,
    lines: Vec<Line>,
    words: Option<String>,
}

/// One group, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareRow {
    /// How many nodes, what they said, and some of their names.
    pub text: String,
    /// Whether the cursor is on it.
    pub is_cursor: bool,
}

impl Compare {
    /// Asks for the last lines of every pod of the subject that ended or is failing.
    #[must_use]
    pub fn begin(inventory: &Inventory, reading: &Reading, first: u32) -> (Self, Vec<Step>) {
        let cells = reading.subject.cells(inventory);
        let all = select(inventory, &cells, usize::MAX).open;
        let mut compare = Self { asked: BTreeMap::new(), at: 0, groups: Vec::new() };
        let mut steps = Vec::new();
        for target in all {
            let Some(end) = last_end(inventory, &target, reading) else { continue };
            let id = StreamId(first + u32::try_from(compare.asked.len()).unwrap_or(u32::MAX));
            // The kernel's kill leaves no words in the log.
            let killed = end.termination.reason == "OOMKilled";
            let words = killed.then(|| "out of memory (OOMKilled)".to_owned());
            if words.is_none() {
                let request = LogRequest {
                    pod: target.pod.clone(),
                    container: end.container.clone(),
                    previous: end.is_previous,
                    follow: false,
                    since: Since::All,
                    tail: Some(LAST_LINES),
                    bytes: Some(LAST_BYTES),
                    restarts: 0,
                };
                steps.push(Step::Open(id, Box::new(request)));
            }
            let End { container, is_previous, termination } = end;
            let exit = ended_words(&termination);
            let asked = Asked { target, container, is_previous, exit, lines: Vec::new(), words };
            compare.asked.insert(id, asked);
        }
        compare.regroup();
        (compare, steps)
    }

    /// The number of streams it took, so that the next ones get other numbers.
    pub fn ids(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.asked.keys().copied()
    }

    /// Takes in what came; whether it was asked for here.
    pub(in crate::app) fn heard(&mut self, id: StreamId, news: &LogNews) -> bool {
        let Some(asked) = self.asked.get_mut(&id) else { return false };
        match news {
            LogNews::Lines(lines) => asked.lines.extend(lines.iter().cloned()),
            LogNews::Ended(end) => {
                // What is compared is short: the endings of a thousand nodes take little.
                let said = last_line(asked.lines.iter())
                    .map(|line| line.text.chars().take(LONGEST_WORDS).collect::<String>());
                asked.words = Some(match (said, end) {
                    (Some(said), _) => said,
                    (None, LogEnd::Complete) => "it said nothing".to_owned(),
                    // The server's words name the pod and who asks: the same for all.
                    (None, LogEnd::Denied(_)) => "logs not readable: not allowed".to_owned(),
                    (None, end) => format!("logs not readable: {end}"),
                });
                let pod = &asked.target.pod.key.name;
                asked.words = asked.words.take().map(|words| words.replace(pod.as_str(), "<pod>"));
                asked.lines = Vec::new();
                self.regroup();
            }
            LogNews::Broken(_) | LogNews::Lost(_) => {}
        }
        true
    }

    fn regroup(&mut self) {
        let endings: Vec<Ending> = self
            .asked
            .values()
            .filter_map(|asked| Some(Ending { node: asked.target.node.clone(), words: asked.words.clone()? }))
            .collect();
        self.groups = group(&endings);
        self.at = self.at.min(self.groups.len().saturating_sub(1));
    }

    /// How many nodes' last words are known, of how many.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.asked.values().filter(|asked| asked.words.is_some()).count(), self.asked.len())
    }

    /// The number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether nothing has ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// The cells of the group with the cursor, only the first of them if `one`.
    #[must_use]
    pub fn cells(&self, inventory: &Inventory, one: bool) -> Vec<(Uid, NodeName)> {
        let Some(group) = self.groups.get(self.at) else { return Vec::new() };
        let of_group = self.asked.values().filter(|asked| group.nodes.contains(&asked.target.node));
        let cells = of_group.filter_map(|asked| {
            let owner = inventory.pod(&asked.target.pod.uid)?.meta.owner.as_ref()?;
            Some((owner.uid.clone(), asked.target.node.clone()))
        });
        cells.take(if one { 1 } else { usize::MAX }).collect()
    }

    /// Which container of the first of the group with the cursor ended, and whether before its present run.
    #[must_use]
    pub fn run(&self) -> Option<(Text, bool)> {
        let group = self.groups.get(self.at)?;
        let asked = self.asked.values().find(|asked| group.nodes.contains(&asked.target.node))?;
        Some((asked.container.clone(), asked.is_previous))
    }

    /// The groups as lines: `11 nodes: permission denied /var/log  (exit 1; node-1, node-2, ..)`.
    #[must_use]
    pub fn rows(&self) -> Vec<CompareRow> {
        let named = |group: &LastWords| {
            let names: Vec<&str> = group.nodes.iter().take(3).map(NodeName::as_str).collect();
            let more = if group.nodes.len() > names.len() { ", .." } else { "" };
            let of_group = self.asked.values().filter(|asked| group.nodes.contains(&asked.target.node));
            let mut exits: Vec<&str> = of_group.map(|asked| asked.exit.as_str()).collect();
            exits.sort_unstable();
            exits.dedup();
            let more_exits = if exits.len() > 2 { ", .." } else { "" };
            exits.truncate(2);
            format!("{}{more_exits}; {}{more}", exits.join(", "), names.join(", "))
        };
        let many = |count: usize| if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") };
        self.groups
            .iter()
            .enumerate()
            .map(|(at, group)| CompareRow {
                text: format!("{}: {}  ({})", many(group.nodes.len()), group.words, named(group)),
                is_cursor: at == self.at,
            })
            .collect()
    }
}

/// How a container ended, and where its log is.
struct End {
    container: Text,
    is_previous: bool,
    termination: Termination,
}

/// The container that ended last, if any did: of the run before, or of this one.
fn last_end(inventory: &Inventory, target: &Target, reading: &Reading) -> Option<End> {
    let pod = inventory.pod(&target.pod.uid)?;
    let wanted = reading.container.as_ref();
    let all = pod.containers.iter().chain(&pod.init_containers);
    let ends =
        all.filter(|container| wanted.is_none_or(|name| *name == container.name)).filter_map(|container| {
            let name = container.name.clone();
            match (&container.state, &container.last) {
                (ContainerState::Terminated(end), _) if end.exit_code != 0 => {
                    Some(End { container: name, is_previous: false, termination: end.clone() })
                }
                (_, Some(last)) => {
                    Some(End { container: name, is_previous: true, termination: last.clone() })
                }
                _ => None,
            }
        });
    ends.max_by_key(|end| end.termination.finished)
}

/// The node beside which another one of a DaemonSet is set: its pod is ready and never ended; one of the same revision
/// before others, then by name.
#[must_use]
pub fn healthy(inventory: &Inventory, uid: &Uid, ill: &NodeName) -> Option<NodeName> {
    let row = inventory.row_of(uid)?;
    let revision = inventory.pods_of(row).find(|pod| pod.target() == Some(ill)).map(|pod| &pod.revision);
    let is_well = |pod: &&Pod| {
        let never_ended = pod.containers.iter().all(|container| container.last.is_none());
        pod.ready && !pod.is_deleting() && never_ended && pod.target().is_some_and(|node| node != ill)
    };
    let pods = inventory.pods_of(row).filter(is_well);
    pods.min_by_key(|pod| (Some(&pod.revision) != revision, pod.target()))
        .and_then(|pod| pod.target().cloned())
}
