//! The JSON document of `replace`: what was done, what failed, what is left.

use jiff::Timestamp;
use serde::Serialize;

use super::{API_VERSION, whole_seconds};
use crate::domain::id::NodeName;
use crate::domain::inventory::Inventory;
use crate::domain::replace::plan::Plan;
use crate::domain::replace::run::Replacement;
use crate::domain::replace::work::Step;

/// What came of a replacement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ReplaceSummary {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    /// Whether every planned node is done.
    pub(in crate::cli) complete: bool,
    daemon_set: String,
    pub(in crate::cli) state: String,
    why: String,
    pub(in crate::cli) done: Vec<NodeName>,
    pub(in crate::cli) failed: Vec<NodeWhy>,
    pub(in crate::cli) skipped: Vec<NodeWhy>,
    pub(in crate::cli) remaining: Vec<NodeName>,
    set_apart: Vec<NodeWhy>,
    warnings: Vec<String>,
}

/// A node and a reason.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct NodeWhy {
    pub(in crate::cli) node: NodeName,
    pub(in crate::cli) why: String,
}

/// Where there is nothing to do.
pub(in crate::cli) fn nothing(
    context: &str,
    plan: &Plan,
    warnings: &[String],
    now: Timestamp,
) -> ReplaceSummary {
    let apart = plan.apart.iter();
    ReplaceSummary {
        api_version: API_VERSION,
        kind: "ReplaceSummary",
        context: context.to_owned(),
        taken_at: whole_seconds(now),
        complete: true,
        daemon_set: plan.daemon_set.key.to_string(),
        state: "done".to_owned(),
        why: String::new(),
        done: Vec::new(),
        failed: Vec::new(),
        skipped: Vec::new(),
        remaining: Vec::new(),
        set_apart: apart.map(|one| NodeWhy { node: one.node.clone(), why: one.why.clone() }).collect(),
        warnings: warnings.to_vec(),
    }
}

/// Makes the document.
pub(in crate::cli) fn replace(
    context: &str,
    run: &Replacement,
    inventory: &Inventory,
    warnings: &[String],
) -> ReplaceSummary {
    let now = inventory.now();
    let mut summary = nothing(context, run.plan(), warnings, now);
    // What somebody else replaced, or what went with its node, is not left to do.
    let left: Vec<&NodeName> = run.left(inventory).map(|work| &work.candidate.node).collect();
    for work in run.works() {
        let node = work.candidate.node.clone();
        match &work.step {
            Step::Done => summary.done.push(node),
            Step::Failed(why) => summary.failed.push(NodeWhy { node, why: why.clone() }),
            Step::Skipped(why) => {
                if left.contains(&&node) {
                    summary.remaining.push(node.clone());
                }
                summary.skipped.push(NodeWhy { node, why: why.clone() });
            }
            _ => summary.remaining.push(node),
        }
    }
    summary.complete = summary.failed.is_empty() && summary.remaining.is_empty();
    summary.state = run.state().name().to_lowercase();
    summary.why = run.state().why(now);
    summary
}
