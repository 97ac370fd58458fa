//! Reads a recording of a real control plane as the events the model would have received.
#![allow(dead_code, reason = "each suite uses its own part of it")]

use std::io::{BufRead, BufReader};
use std::path::Path;

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// One line of a recording.
#[derive(Debug)]
pub enum Entry {
    /// What the server sent.
    Event(ClusterEvent),
    /// What was done to the cluster.
    Command(String),
    /// The cluster was quiet; what the server printed then.
    Mark(Mark),
}

/// A moment of quiet.
#[derive(Debug, Deserialize)]
pub struct Mark {
    /// What it is called.
    pub name: String,
    /// Whether every DaemonSet had been counted again.
    pub synced: bool,
    /// The server's own tables, by resource.
    pub tables: serde_json::Value,
}

/// A recording, with the wall clock of every line.
#[derive(Debug)]
pub struct Recording {
    /// The lines in the order they were received.
    pub entries: Vec<(Timestamp, Entry)>,
}

#[derive(Deserialize)]
struct Line<'a> {
    at: f64,
    #[serde(default)]
    resource: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct List<T> {
    items: Vec<T>,
}

impl Recording {
    /// Reads `tests/recordings/NAME.jsonl.gz`.
    pub fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{name}.jsonl.gz"));
        let file = std::fs::File::open(path).unwrap();
        let (mut start, mut entries) = (Timestamp::UNIX_EPOCH, Vec::new());
        for line in BufReader::new(flate2::read::GzDecoder::new(file)).lines() {
            let line = line.unwrap();
            let line: Line = serde_json::from_str(&line).unwrap();
            if line.kind == "START" {
                start = serde_json::from_str::<String>(line.object.get()).unwrap().parse().unwrap();
                continue;
            }
            let at = start + SignedDuration::from_secs_f64(line.at);
            if let Some(entry) = entry(&line) {
                entries.push((at, entry));
            }
        }
        Self { entries }
    }

    /// Only the events up to the first mark of a name and kind, and when it was.
    pub fn until(self, name: &str, synced: bool) -> (Timestamp, Vec<ClusterEvent>) {
        let mut events = Vec::new();
        for (at, entry) in self.entries {
            match entry {
                Entry::Mark(mark) if mark.name == name && mark.synced == synced => return (at, events),
                Entry::Event(event) => events.push(event),
                Entry::Mark(_) | Entry::Command(_) => {}
            }
        }
        panic!("the recording has no mark {name}");
    }
}

fn entry(line: &Line) -> Option<Entry> {
    let raw = line.object.get();
    Some(match (line.kind.as_str(), line.resource.as_str()) {
        ("COMMAND", _) => Entry::Command(serde_json::from_str(raw).unwrap()),
        ("MARK", _) => Entry::Mark(serde_json::from_str(raw).unwrap()),
        ("BOOKMARK", _) | (_, "events") => return None,
        (kind, "nodes") => Entry::Event(ClusterEvent::Nodes(change(kind, raw))),
        (kind, "daemonsets") => Entry::Event(ClusterEvent::DaemonSets(change(kind, raw))),
        (kind, "pods") => Entry::Event(ClusterEvent::Pods(change(kind, raw))),
        (kind, "controllerrevisions") => Entry::Event(ClusterEvent::Revisions(change(kind, raw))),
        (kind, resource) => panic!("a line of kind {kind} about {resource}"),
    })
}

fn change<T: DeserializeOwned>(kind: &str, raw: &str) -> Change<T> {
    match kind {
        "LIST" => Change::Replaced(Scope::Cluster, serde_json::from_str::<List<T>>(raw).unwrap().items),
        "ADDED" | "MODIFIED" => Change::Applied(serde_json::from_str(raw).unwrap()),
        "DELETED" => Change::Deleted(serde_json::from_str(raw).unwrap()),
        other => panic!("a change of kind {other}"),
    }
}

/// A text of the domain.
pub fn text(raw: &str) -> Text {
    Text::new(raw)
}
