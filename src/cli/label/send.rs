//! Reading nodes afresh, and sending to them: a few at a time, one attempt each.

use futures::stream::{FuturesUnordered, StreamExt, iter};

use crate::cli::failure::Failure;
use crate::cli::paths::Paths;
use crate::cli::print;
use crate::cluster::{Connection, Executed};
use crate::domain::command::Command;
use crate::domain::id::{NodeName, ObjectKind, ObjectRef};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::object::Node;
use crate::domain::raw::RawObject;
use crate::domain::relabel::batch::{Batch, NodeEdit, NodeResult};
use crate::domain::text::Text;

/// So many nodes are read at once.
const READS: usize = 8;

/// Reads the nodes as they are now.
pub(super) async fn read(
    connection: &Connection,
    edits: Vec<NodeEdit>,
) -> Result<Vec<(NodeEdit, Result<Option<RawObject>, Text>)>, Failure> {
    let one = async |edit: NodeEdit| {
        let fresh = fresh(connection, &edit.shown).await;
        (edit, fresh)
    };
    let read: Vec<_> = iter(edits.into_iter().map(one)).buffered(READS).collect().await;
    read.into_iter().map(|(edit, fresh)| Ok((edit, Ok(fresh?)))).collect()
}

/// Reads the nodes that are not as they were shown: that tells who changed them.
pub(super) async fn blame(connection: &Connection, batch: &mut Batch) {
    let changed: Vec<Node> = batch.conflicts().map(|item| item.edit.shown.clone()).take(READS).collect();
    for node in changed {
        if let Ok(Some(now)) = fresh(connection, &node).await {
            batch.blame(&node.name(), &now);
        }
    }
}

async fn fresh(connection: &Connection, node: &Node) -> Result<Option<RawObject>, Failure> {
    let key = node.meta.key.clone();
    let object = ObjectRef { kind: ObjectKind::Node, key, uid: node.meta.uid.clone() };
    match connection.answer(&Inquiry::Object(object)).await? {
        Answer::Object(found) => Ok(found),
        _ => Ok(None),
    }
}

/// Sends all of it; whether somebody interrupted it.
pub(super) async fn send(connection: &Connection, batch: &mut Batch) -> bool {
    let journal = Paths::journal();
    let one = async |(node, command): (NodeName, Command)| {
        let Executed { outcome, unjournalled } = connection.execute(&command, &journal).await;
        (node, outcome, unjournalled)
    };
    let mut under_way = FuturesUnordered::new();
    let mut was_interrupted = false;
    // One for all turns: between two of them a Ctrl-C would be missed.
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        while let Some(next) = batch.send_next() {
            under_way.push(one(next));
        }
        let ended = tokio::select! {
            ended = under_way.next() => ended,
            _ = &mut interrupted, if !was_interrupted => {
                was_interrupted = true;
                batch.stop();
                print::note("interrupted: nothing more is sent; waiting for what is under way");
                continue;
            }
        };
        let Some((node, outcome, unjournalled)) = ended else { return was_interrupted };
        if let Some(why) = unjournalled {
            print::note(&format!("warning: {why}"));
        }
        let Some(item) = batch.items().iter().find(|item| item.node() == node) else { continue };
        let edit = item.edit.clone();
        let result = match NodeResult::of(outcome, &edit.shown) {
            NodeResult::Unknown(why) if is_as_wanted(connection, &edit).await => {
                print::note(&format!("{node}: no answer came ({why}), but it is done: read back just now"));
                NodeResult::Done
            }
            result => result,
        };
        batch.ended(&node, result);
    }
}

/// Whether a write of which nothing was heard was done.
async fn is_as_wanted(connection: &Connection, edit: &NodeEdit) -> bool {
    let Ok(Some(now)) = fresh(connection, &edit.shown).await else { return false };
    let Ok(now) = now.decode::<Node>() else { return false };
    let wanted = edit.change.applied(&now);
    now.meta.labels == wanted.meta.labels
        && now.unschedulable == wanted.unschedulable
        && (edit.change.unschedulable.is_some() || now.taints == wanted.taints)
}

/// Lets the server check all of it; nothing is written.
pub(super) async fn rehearse(connection: &Connection, batch: &mut Batch) {
    let one = async |(node, command): (NodeName, Command)| (node, connection.rehearse(&command).await);
    let mut under_way = FuturesUnordered::new();
    loop {
        while let Some(next) = batch.send_next() {
            under_way.push(one(next));
        }
        let Some((node, outcome)) = under_way.next().await else { return };
        let Some(item) = batch.items().iter().find(|item| item.node() == node) else { continue };
        let result = NodeResult::of(outcome, &item.edit.shown);
        batch.ended(&node, result);
    }
}
