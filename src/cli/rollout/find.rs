//! The one DaemonSet that a person names, as the server has it now.

use crate::cli::args::Global;
use crate::cli::failure::Failure;
use crate::cli::names::TypedName;
use crate::cluster::Connection;
use crate::domain::event::Scope;
use crate::domain::id::ObjectKey;
use crate::domain::raw::RawObject;

/// A DaemonSet read afresh.
pub(super) struct Found {
    pub(super) key: ObjectKey,
    pub(super) object: RawObject,
}

/// Reads the name, and refuses flags that contradict it.
pub(super) fn typed(global: &Global, raw: &str) -> Result<TypedName, Failure> {
    let name = TypedName::parse(raw).map_err(Failure::Usage)?;
    if global.selector.is_some() {
        let why = "-l chooses among DaemonSets, and one is changed at a time, by its name; leave -l out";
        return Err(Failure::Usage(why.to_owned()));
    }
    match (name.namespace(), &global.namespace) {
        (Some(typed), Some(flag)) if typed != flag.as_str() => {
            Err(Failure::Usage(format!("{raw} is in the namespace {typed}, but -n says {flag}")))
        }
        _ => Ok(name),
    }
}

/// Reads it.
pub(super) async fn one(
    global: &Global,
    connection: &Connection,
    name: &TypedName,
) -> Result<Found, Failure> {
    if name.namespace().is_none() && global.all_namespaces {
        return anywhere(connection, name).await;
    }
    let namespace = name.namespace().unwrap_or(&connection.namespace).clone();
    let key = name.key(&namespace);
    match connection.daemon_set_json(&key).await {
        Ok(object) => Ok(Found { key, object: RawObject::new(object) }),
        Err(error) if error.is_absent() => {
            // Where else it is helps; that it may not be asked is no reason to fail in another way.
            let known = connection.daemon_set_names().await.unwrap_or_default();
            Err(Failure::Usage(name.not_found(&Scope::Namespace(namespace), &known)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn anywhere(connection: &Connection, name: &TypedName) -> Result<Found, Failure> {
    let known = connection.daemon_set_names().await?;
    let named: Vec<&ObjectKey> = known.iter().filter(|key| name.means(key)).collect();
    match named.as_slice() {
        [] => Err(Failure::Usage(name.not_found(&Scope::Cluster, &known))),
        [key] => {
            let object = connection.daemon_set_json(key).await?;
            Ok(Found { key: (*key).clone(), object: RawObject::new(object) })
        }
        several => {
            let keys: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(Failure::Usage(format!("there are several of that name: {}; write one so", keys.join(", "))))
        }
    }
}
