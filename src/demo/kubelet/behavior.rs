//! What a pod does: the annotation `dsgrid.dev/sim` of a pod template, as JSON.
//!
//! ```json
//! {"startSeconds": 2, "readySeconds": 3, "stopSeconds": 1,
//!  "logSeconds": 5, "firstLine": "agent 1.2 starting", "logLines": ["{time} GET / 200 {ms}ms"],
//!  "crash": {"exitCode": 1, "afterSeconds": 5, "reason": "Error", "pool": "batch", "every": 3,
//!            "lastLines": ["permission denied"]},
//!  "pullError": {"nodes": ["worker-1"]},
//!  "neverReady": {}}
//! ```
//! `crash`, `pullError` and `neverReady` happen on the nodes their condition names: `nodes` (by name), `pool` (the
//! label of that name) and `every` (every so manieth node, chosen by its name) must all hold; `{}` is everywhere.
//! An image whose tag is `broken` or contains `bad` cannot be pulled anywhere.

use serde::Deserialize;
use serde_json::Value;

use crate::demo::simulation::random::mix;
use crate::domain::object::Node;

/// The annotation that says what pods do.
pub const ANNOTATION: &str = "dsgrid.dev/sim";

/// What a pod does.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Behavior {
    /// From being seen by the kubelet to running.
    pub start_seconds: f64,
    /// From running to ready.
    pub ready_seconds: f64,
    /// From being told to stop to having stopped.
    pub stop_seconds: f64,
    /// Between two log lines; a thousandth is the least.
    pub log_seconds: f64,
    /// What a container says first.
    pub first_line: String,
    /// What the other lines say, in turns; `{n}`, `{ms}` and `{time}` are filled in.
    pub log_lines: Vec<String>,
    /// Ends again and again.
    pub crash: Option<Crash>,
    /// The image cannot be pulled.
    pub pull_error: Option<Where>,
    /// Runs, but never passes its readiness probe.
    pub never_ready: Option<Where>,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            start_seconds: 2.0,
            ready_seconds: 2.0,
            stop_seconds: 1.5,
            log_seconds: 4.0,
            first_line: String::new(),
            log_lines: Vec::new(),
            crash: None,
            pull_error: None,
            never_ready: None,
        }
    }
}

/// How and where a container ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Crash {
    /// Its exit code.
    pub exit_code: i32,
    /// How long it runs.
    pub after_seconds: f64,
    /// The reason in one word; `OOMKilled` for code 137 and `Error` otherwise, unless said.
    pub reason: String,
    /// What it says before it ends.
    pub last_lines: Vec<String>,
    /// Where.
    #[serde(flatten)]
    pub at: Where,
}

impl Default for Crash {
    fn default() -> Self {
        let (reason, last_lines) = (String::new(), Vec::new());
        Self { exit_code: 1, after_seconds: 5.0, reason, last_lines, at: Where::default() }
    }
}

impl Crash {
    /// The reason the kubelet reports.
    #[must_use]
    pub fn reason(&self) -> &str {
        match (self.reason.as_str(), self.exit_code) {
            ("", 137) => "OOMKilled",
            ("", _) => "Error",
            (reason, _) => reason,
        }
    }
}

/// On which nodes something happens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Where {
    /// Only on these, by name.
    pub nodes: Vec<String>,
    /// Only in this pool.
    pub pool: Option<String>,
    /// Only on every so manieth node.
    pub every: Option<u64>,
}

impl Where {
    /// Whether a node is meant.
    #[must_use]
    pub fn holds(&self, node: &Node) -> bool {
        let name = node.meta.key.name.as_str();
        (self.nodes.is_empty() || self.nodes.iter().any(|n| n == name))
            && self.pool.as_deref().is_none_or(|p| node.meta.labels.get("pool").is_some_and(|v| v == p))
            && self.every.is_none_or(|every| every > 0 && mix(0, name).is_multiple_of(every))
    }
}

impl Behavior {
    /// What a pod's annotations say; an unreadable annotation says nothing.
    #[must_use]
    pub fn of(pod: &Value) -> Self {
        let text = pod["metadata"]["annotations"][ANNOTATION].as_str().unwrap_or("{}");
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The crash that happens on a node.
    #[must_use]
    pub fn crash_on(&self, node: &Node) -> Option<&Crash> {
        self.crash.as_ref().filter(|crash| crash.at.holds(node))
    }

    /// Whether a node can pull an image.
    #[must_use]
    pub fn can_pull(&self, image: &str, node: &Node) -> bool {
        !is_broken(image) && !self.pull_error.as_ref().is_some_and(|at| at.holds(node))
    }

    /// Whether a container gets ready on a node.
    #[must_use]
    pub fn gets_ready(&self, node: &Node) -> bool {
        !self.never_ready.as_ref().is_some_and(|at| at.holds(node))
    }
}

/// Whether an image exists nowhere.
#[must_use]
pub fn is_broken(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    last.split_once(':').is_some_and(|(_, tag)| tag == "broken" || tag.contains("bad"))
}
