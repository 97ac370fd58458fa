//! What a replacement reads: everything a deletion depends on, a node's pods, the last lines of what failed.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::app::Check;
use crate::cluster::{Connection, log_channel};
use crate::domain::id::{NodeName, ObjectRef};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::log::{LogEnd, LogNews, LogRequest, StreamId};
use crate::domain::object::Pod;
use crate::domain::raw::RawObject;
use crate::domain::replace::check::Fresh;
use crate::domain::replace::claim::Claim;
use crate::domain::replace::evidence::{Evidence, Search};

/// So long everything may take in all: what was read first must not be old when the last of it comes.
const WITHIN: Duration = Duration::from_secs(15);

/// Reads everything afresh; anything that cannot be read is a failure.
pub(super) async fn check(connection: &Connection, check: &Check) -> Result<Fresh, String> {
    // Four answers at once are a large future: it is moved as a pointer.
    let read = Box::pin(async {
        let pods =
            async { if check.with_pods { pods(connection, &check.node).await.map(Some) } else { Ok(None) } };
        let node = async {
            match &check.node_object {
                Some(node) => object(connection, node).await,
                None => Ok(None),
            }
        };
        let (daemon_set, node, pod, pods) =
            tokio::join!(raw(connection, &check.daemon_set), node, object(connection, &check.pod), pods);
        let daemon_set = daemon_set?;
        Ok(Fresh {
            claim: daemon_set.as_ref().and_then(Claim::read),
            daemon_set: decoded(daemon_set.as_ref(), &check.daemon_set)?,
            node: node?,
            pod: pod?,
            pods: pods?,
        })
    });
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
    decoded(raw(connection, object).await?.as_ref(), object)
}

fn decoded<T: DeserializeOwned>(found: Option<&RawObject>, object: &ObjectRef) -> Result<Option<T>, String> {
    let unread = |error| format!("the {object} cannot be read: {error}");
    found.map(|found| found.decode().map_err(unread)).transpose()
}

async fn raw(connection: &Connection, object: &ObjectRef) -> Result<Option<RawObject>, String> {
    match connection.answer(&Inquiry::Object(object.clone())).await {
        Ok(Answer::Object(found)) => Ok(found),
        Ok(_) => Err(format!("the {object} cannot be read: the answer is another kind")),
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

/// What is at hand of a node that failed.
pub(super) async fn evidence(connection: &Connection, search: Search) -> Evidence {
    let log = async {
        match search.log {
            Some(request) => last_lines(connection, request).await,
            None => Vec::new(),
        }
    };
    let inquiry = Inquiry::Events(search.object);
    let events = async {
        match tokio::time::timeout(WITHIN, connection.answer(&inquiry)).await {
            Ok(Ok(Answer::Events(events))) => Evidence::events(&events),
            Ok(Ok(_)) => Vec::new(),
            Ok(Err(error)) => vec![error.to_string()],
            Err(_) => vec![format!("the events were not read within {} s", WITHIN.as_secs())],
        }
    };
    let (log, events) = tokio::join!(log, events);
    Evidence { log, events }
}

/// The last lines of a log; why there are none, where that is so.
async fn last_lines(connection: &Connection, request: LogRequest) -> Vec<String> {
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
