//! What dsgrid changed or tried to change, a record for each write.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::Text;

/// The outcome of a write that was sent and of which nothing more was heard.
pub const SENT: &str = "sent";
/// The outcome of a write that dsgrid or the server refused before anything was written.
pub const REFUSED: &str = "refused";

/// What the journal tells of one write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// By which its two lines are one.
    pub id: Text,
    /// When it was sent; local clock.
    pub when: Timestamp,
    /// The kubeconfig's context.
    pub context: Text,
    /// The server's host and port.
    pub server: Text,
    /// The kubeconfig's user, and whom it acted as.
    pub user: Text,
    /// The account on this machine.
    pub by: Text,
    /// What was done, in one word (`Verb::name`).
    pub verb: Text,
    /// The object's kind.
    pub kind: Text,
    /// The object's namespace; empty for cluster-scoped kinds.
    #[serde(default)]
    pub namespace: Text,
    /// The object's name.
    pub name: Text,
    /// The object's uid.
    #[serde(default)]
    pub uid: Text,
    /// What was changed, from.
    #[serde(default)]
    pub from: Text,
    /// What was changed, to.
    #[serde(default)]
    pub to: Text,
    /// What came of it (`Outcome::name`); `sent` if dsgrid ended before it knew.
    pub outcome: Text,
    /// The words that came with the outcome.
    #[serde(default)]
    pub words: Text,
}

impl Record {
    /// Whether it is known what came of it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.outcome != SENT && self.outcome != "unknown"
    }

    /// Whether it did not come about, as far as is known.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.outcome != "done"
    }

    /// What was changed, like `from -> to`; empty where that is not told.
    #[must_use]
    pub fn change(&self) -> String {
        match (self.from.is_empty(), self.to.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!("-> {}", self.to),
            (false, _) => format!("{} -> {}", self.from, self.to),
        }
    }

    /// The commands that take a change of a node back; none where nothing was changed, or where it is no node's.
    #[must_use]
    pub fn back(&self) -> Vec<String> {
        if self.kind != "Node" || self.outcome != "done" {
            return Vec::new();
        }
        let words: Vec<&str> = self.from.split_whitespace().collect();
        let commands = node_commands(&words).into_iter();
        commands.map(|command| format!("dsgrid {command} node/{}", self.name)).collect()
    }

    /// The object, like `DaemonSet/agent -n logging`.
    #[must_use]
    pub fn object(&self) -> String {
        let namespace = &self.namespace;
        let place = if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") };
        format!("{}/{}{place}", self.kind, self.name)
    }

    /// What came of it, in words.
    #[must_use]
    pub fn result(&self) -> String {
        match (self.outcome.as_str(), self.words.as_str()) {
            (SENT, _) => "unknown: dsgrid ended before the answer came".to_owned(),
            (name, "") => in_words(name).to_owned(),
            (name, words) => format!("{}: {words}", in_words(name)),
        }
    }

    /// Which cluster, like `prod (10.0.0.1:6443)`: contexts are called alike on many machines.
    #[must_use]
    pub fn cluster(&self) -> String {
        match (self.context.as_str(), self.server.as_str()) {
            ("", server) => server.to_owned(),
            (context, "") => context.to_owned(),
            (context, server) => format!("{context} ({server})"),
        }
    }
}

/// The commands that bring nodes to a state, without their nodes: labels as `pool=m5` or `pool-`, taints with their
/// effect as `k=v:NoSchedule` or `k:NoSchedule-`, and `cordoned` or `schedulable`.
#[must_use]
pub fn node_commands(words: &[&str]) -> Vec<String> {
    let of = |verb: &str, is_meant: fn(&str) -> bool| {
        let meant: Vec<&str> = words.iter().copied().filter(|word| is_meant(word)).collect();
        (!meant.is_empty()).then(|| format!("{verb} --overwrite {}", meant.join(" ")))
    };
    let cordon = words.iter().find_map(|word| match *word {
        "cordoned" | "cordon" => Some("cordon".to_owned()),
        "schedulable" | "uncordon" => Some("uncordon".to_owned()),
        _ => None,
    });
    let label = of("label", |word| !word.contains(':') && (word.contains('=') || word.ends_with('-')));
    let taint = of("taint", |word| word.contains(':'));
    label.into_iter().chain(taint).chain(cordon).collect()
}

/// An outcome's name as people say it.
fn in_words(outcome: &str) -> &str {
    match outcome {
        "lostRace" => "lost race",
        "notSent" => "not sent",
        "budget" => "held back by a budget",
        other => other,
    }
}
