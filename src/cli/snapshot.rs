//! The whole cluster read once into an inventory.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use crate::cluster::{Connection, FirstSync};
use crate::domain::counts::Counts;
use crate::domain::event::{ClusterEvent, LinkState, Scope, Watch, WatchKind};
use crate::domain::id::ObjectKey;
use crate::domain::inventory::Inventory;
use crate::domain::text::Text;

/// So long is waited for the first sync, unless `--request-timeout` says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was read.
pub(super) struct Snapshot {
    pub(super) inventory: Inventory,
    /// Whether everything that exists was read.
    pub(super) complete: bool,
    /// What could not be read, for people.
    pub(super) warnings: Vec<String>,
}

/// Reads the cluster; `timeout` is the flag's value, zero waits for ever.
pub(super) async fn take(
    connection: &Connection,
    scope: &Scope,
    timeout: Option<Duration>,
) -> Result<Snapshot, Failure> {
    let patience = timeout.unwrap_or(PATIENCE);
    if patience.is_zero() {
        return read(connection, scope).await;
    }
    tokio::time::timeout(patience, read(connection, scope)).await.map_err(|_| {
        Failure::Unread(format!(
            "{} was not read completely within {} s; give it longer with --request-timeout",
            connection.server,
            patience.as_secs_f64()
        ))
    })?
}

async fn read(connection: &Connection, scope: &Scope) -> Result<Snapshot, Failure> {
    let FirstSync { events, denied } = connection.first_sync(scope).await?;
    let ahead = events.iter().find_map(|event| match event {
        ClusterEvent::ClockRead(ahead) => Some(*ahead),
        _ => None,
    });
    let local = Timestamp::now();
    let now = local.checked_add(ahead.unwrap_or(SignedDuration::ZERO)).unwrap_or(local);
    let mut snapshot = Snapshot { inventory: Inventory::new(now), complete: true, warnings: Vec::new() };
    for (kind, error) in denied {
        let nowhere = *scope == Scope::Cluster && kind != WatchKind::Nodes;
        match kind {
            WatchKind::DaemonSets | WatchKind::Pods if nowhere => {
                let hint = "name a namespace that you may read with -n, or ask for a ClusterRole";
                return Err(Failure::Denied(format!("{error}; {hint}")));
            }
            WatchKind::DaemonSets => return Err(error.into()),
            WatchKind::Nodes | WatchKind::Pods | WatchKind::Revisions => {}
        }
        snapshot.complete = false;
        snapshot.warnings.push(error.to_string());
        let scope = if kind == WatchKind::Nodes { Scope::Cluster } else { scope.clone() };
        let state = LinkState::Denied { why: Text::new(&error.to_string()) };
        snapshot.inventory.apply(ClusterEvent::Link(Watch { kind, scope }, state));
    }
    for event in events {
        snapshot.inventory.apply(event);
    }
    snapshot.inventory.advance(now);
    find_adopted(connection, &mut snapshot).await;
    Ok(snapshot)
}

/// Adopted pods carry no hash label, so no watch selector sees them: where the controller counts others
/// than we do, the DaemonSet's own selector is asked.
async fn find_adopted(connection: &Connection, snapshot: &mut Snapshot) {
    let suspects: Vec<_> = snapshot
        .inventory
        .rows()
        .filter_map(|(slot, row)| {
            let daemon_set = &row.daemon_set;
            let computed = snapshot.inventory.computed(slot)?;
            let differs = Counts::from(&daemon_set.status).current != computed.current;
            (differs && daemon_set.is_observed() && !daemon_set.selector.is_empty()).then(|| {
                let meta = &daemon_set.meta;
                (meta.key.clone(), daemon_set.selector.to_string(), meta.uid.clone())
            })
        })
        .collect();
    for (key, selector, uid) in suspects {
        match connection.list_daemon_set_pods(&key, &selector, &uid).await {
            Ok(change) => {
                snapshot.inventory.apply(ClusterEvent::Pods(change));
            }
            Err(error) => {
                snapshot.complete = false;
                snapshot.warnings.push(format!("adopted pods of {key} may be missing: {error}"));
            }
        }
    }
}

/// The DaemonSets that exist, as far as they may be read, to say where a missing one is.
pub(super) async fn known_daemon_sets(
    connection: &Connection,
    scope: &Scope,
    snapshot: &Snapshot,
) -> Vec<ObjectKey> {
    let mut known: Vec<ObjectKey> =
        snapshot.inventory.rows().map(|(_, row)| row.daemon_set.meta.key.clone()).collect();
    if *scope != Scope::Cluster {
        // Where else it is helps; that it may not be asked is no reason to fail in another way.
        known.extend(connection.daemon_set_names().await.unwrap_or_default());
    }
    known.sort();
    known.dedup();
    known
}
