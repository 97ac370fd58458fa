//! What a replacement reads: everything a deletion depends on, a node's pods, the last lines of what failed.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::app::Check;
use crate::cluster::{Connection, log_channel};
use crate::domain::id::{NodeName, ObjectRef};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::log::{LogEnd, LogNews, LogRequest, StreamId};
use crate::domain::object::Pod;
use crate::domain::replace::check::Fresh;

/// So long everything may take in all: what was read first must not be old when the last of it comes.
const WITHIN: Duration = Duration::from_secs(15);

/// Reads everything afresh; anything that cannot be read is a failure.
pub(super) async fn check(connection: &Connection, check: &Check) -> Result<Fresh, String> {
    let read = async {
        let pods =
            async { if check.with_pods { pods(connection, &check.node).await.map(Some) } else { Ok(None) } };
        let node = async {
            match &check.node_object {
                Some(node) => object(connection, node).await,
                None => Ok(None),
            }
        };
        let (daemon_set, node, pod, pods) =
            tokio::join!(object(connection, &check.daemon_set), node, object(connection, &check.pod), pods);
        Ok(Fresh { daemon_set: daemon_set?, node: node?, pod: pod?, pods: pods? })
    };
    within(read).await
}

/// All pods of a node.
pub(super) async fn neighbours(connection: &Connection, node: &NodeName) -> Result<Vec<Pod>, String> {
    within(pods(connection, node)).await
}

async fn within<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| format!("no answer within {} s", WITHIN.as_secs());
    tokio::time::timeout(WITHIN, work).await.map_err(late)?
}

async fn object<T: DeserializeOwned>(
    connection: &Connection,
    object: &ObjectRef,
) -> Result<Option<T>, String> {
    let inquiry = Inquiry::Object(object.clone());
    let unread = |why: &dyn std::fmt::Display| format!("the {object} cannot be read: {why}");
    match connection.answer(&inquiry).await {
        Ok(Answer::Object(Some(found))) => found.decode().map(Some).map_err(|error| unread(&error)),
        Ok(Answer::Object(None)) => Ok(None),
        Ok(_) => Err(unread(&"the answer is another kind")),
        Err(error) => Err(error.to_string()),
    }
}

async fn pods(connection: &Connection, node: &NodeName) -> Result<Vec<Pod>, String> {
    match connection.answer(&Inquiry::PodsOnNode(node.clone())).await {
        Ok(Answer::Pods(pods)) => Ok(pods),
        Ok(_) => Err(format!("the pods of {node} cannot be read")),
        Err(error) => Err(error.to_string()),
    }
}

/// The last lines of a log; why there are none, where that is so.
pub(super) async fn last_lines(connection: &Connection, request: LogRequest) -> Vec<String> {
    let (sink, mut news) = log_channel();
    let mut logs = connection.logs(sink, 1);
    logs.open(StreamId(0), request);
    let mut lines = Vec::new();
    let read = async {
        while let Some((_, news)) = news.recv().await {
            match news {
                LogNews::Lines(more) => lines.extend(more.iter().map(|line| line.text.to_string())),
                LogNews::Ended(LogEnd::Complete) => return,
                LogNews::Ended(end) => {
                    lines.push(end.to_string());
                    return;
                }
                LogNews::Lost(_) | LogNews::Broken(_) => {}
            }
        }
    };
    if tokio::time::timeout(WITHIN, read).await.is_err() {
        lines.push(format!("the log was not read within {} s", WITHIN.as_secs()));
    }
    lines
}
