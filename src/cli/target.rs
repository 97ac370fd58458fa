//! The one DaemonSet that a command is about, with the cluster around it.

use super::args::Global;
use super::failure::Failure;
use super::names::TypedName;
use super::snapshot::{self, Snapshot, known_daemon_sets};
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::domain::inventory::RowSlot;

/// A DaemonSet by its name, read once.
pub(super) struct Target {
    pub(super) connection: Connection,
    /// Where was looked.
    pub(super) scope: Scope,
    pub(super) snapshot: Snapshot,
    pub(super) row: RowSlot,
}

/// Connects, reads everything in the DaemonSet's namespace, and finds it: without a namespace in the context's.
pub(super) async fn find(global: &Global, command: &str, typed: &str) -> Result<Target, Failure> {
    let name = TypedName::parse(typed).map_err(Failure::Usage)?;
    if global.selector.is_some() {
        let why = format!("-l chooses among DaemonSets, and {command} takes one by its name; leave -l out");
        return Err(Failure::Usage(why));
    }
    if let (Some(typed_namespace), Some(flag)) = (name.namespace(), &global.namespace)
        && typed_namespace != flag.as_str()
    {
        let why = format!("{typed} is in the namespace {typed_namespace}, but -n says {flag}");
        return Err(Failure::Usage(why));
    }
    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    let scope = match name.namespace() {
        Some(namespace) => Scope::Namespace(namespace.clone()),
        None if global.all_namespaces => Scope::Cluster,
        None => Scope::Namespace(connection.namespace.clone()),
    };
    let snapshot = snapshot::take(&connection, &scope, global.request_timeout).await?;
    let row = named(&connection, &scope, &snapshot, &name).await?;
    Ok(Target { connection, scope, snapshot, row })
}

/// The one DaemonSet of that name.
async fn named(
    connection: &Connection,
    scope: &Scope,
    snapshot: &Snapshot,
    name: &TypedName,
) -> Result<RowSlot, Failure> {
    let named: Vec<_> =
        snapshot.inventory.rows().filter(|(_, row)| name.means(&row.daemon_set.meta.key)).collect();
    match named.as_slice() {
        [(row, _)] => Ok(*row),
        [] => {
            let known = known_daemon_sets(connection, scope, snapshot).await;
            Err(Failure::Usage(name.not_found(scope, &known)))
        }
        several => {
            let mut keys: Vec<String> =
                several.iter().map(|(_, row)| row.daemon_set.meta.key.to_string()).collect();
            keys.sort();
            Err(Failure::Usage(format!("there are several of that name: {}; write one so", keys.join(", "))))
        }
    }
}
