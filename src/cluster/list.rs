//! Lists in pages: gathered completely, because half a list looks like a cluster with half its pods.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::error::Error;
use super::resource::{Resource, path};
use super::wire::{Ask, Wire, encode, nullable};
use crate::domain::event::Scope;

/// Objects on one page.
pub(super) const PAGE: u32 = 500;
/// How long the head of a page may take.
pub(super) const WITHIN: Duration = Duration::from_secs(30);
/// How often a list that outlived its snapshot (410) is begun again.
const RESTARTS: u32 = 3;

/// How far a list has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Objects received so far, also those not passed on.
    pub(super) received: u32,
    /// Those still to come, where the server says.
    pub(super) remaining: Option<u32>,
}

/// A complete list.
#[derive(Debug)]
pub(super) struct Listed<K> {
    pub(super) objects: Vec<K>,
    /// Where a watch goes on.
    pub(super) version: String,
    /// The server's clock less ours.
    pub(super) ahead: Option<SignedDuration>,
}

/// The question for one page.
pub(super) fn ask<K: Resource>(scope: &Scope, selector: &str, limit: u32, token: &str) -> Ask {
    let mut path = format!("{}?limit={limit}", path::<K>(scope));
    if !selector.is_empty() {
        path = format!("{path}&labelSelector={}", encode(selector));
    }
    if !token.is_empty() {
        path = format!("{path}&continue={}", encode(token));
    }
    Ask { path, doing: doing::<K>("list", scope), within: WITHIN }
}

/// `list pods in all namespaces`.
pub(super) fn doing<K: Resource>(verb: &str, scope: &Scope) -> String {
    let resource = K::KIND.resource();
    match scope {
        Scope::Namespace(namespace) => format!("{verb} {resource} in the namespace {namespace}"),
        _ if resource == "nodes" => format!("{verb} nodes"),
        _ => format!("{verb} {resource} in all namespaces"),
    }
}

/// Lists all objects of a kind in a scope.
pub(super) async fn list<K: Resource>(
    wire: &Wire,
    scope: &Scope,
    selector: &str,
    progress: impl FnMut(Progress),
) -> Result<Listed<K>, Error> {
    gather(wire, |token| ask::<K>(scope, selector, PAGE, token), K::is_wanted, progress).await
}

/// Gathers all pages of a list; `ask` makes the question for the page at a token.
pub(super) async fn gather<T: DeserializeOwned>(
    wire: &Wire,
    ask: impl Fn(&str) -> Ask,
    is_wanted: impl Fn(&T) -> bool,
    mut progress: impl FnMut(Progress),
) -> Result<Listed<T>, Error> {
    let mut restarts = 0;
    let mut listed = Listed { objects: Vec::new(), version: String::new(), ahead: None };
    let (mut token, mut received) = (String::new(), 0_u32);
    loop {
        let ask = ask(&token);
        let (body, ahead) = match wire.read(&ask).await {
            Err(error) if error.is_expired() && !token.is_empty() && restarts < RESTARTS => {
                restarts += 1;
                (token, received) = (String::new(), 0);
                listed.objects.clear();
                continue;
            }
            answer => answer?,
        };
        let page: Page<T> = decode(&body).map_err(|error| wire.unreadable(&ask, &error))?;
        received = received.saturating_add(u32::try_from(page.items.len()).unwrap_or(u32::MAX));
        listed.objects.extend(page.items.into_iter().filter(&is_wanted));
        listed.ahead = ahead.or(listed.ahead);
        progress(Progress { received, remaining: page.metadata.remaining_item_count });
        if page.metadata.token.is_empty() {
            listed.version = page.metadata.resource_version;
            return Ok(listed);
        }
        token = page.metadata.token;
    }
}

/// Reads one page and no more: what may be cut off.
pub(super) async fn first_page<T: DeserializeOwned>(wire: &Wire, ask: &Ask) -> Result<Vec<T>, Error> {
    let (body, _) = wire.read(ask).await?;
    let page: Page<T> = decode(&body).map_err(|error| wire.unreadable(ask, &error))?;
    Ok(page.items)
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default, deserialize_with = "nullable")]
    metadata: ListMeta,
    // It has to be there: an answer without it is no list, least of all an empty one.
    #[serde(deserialize_with = "nullable", bound(deserialize = "T: Deserialize<'de>"))]
    items: Vec<T>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta {
    #[serde(deserialize_with = "nullable")]
    resource_version: String,
    #[serde(rename = "continue", deserialize_with = "nullable")]
    token: String,
    remaining_item_count: Option<u32>,
}

/// Decodes a page; one object that makes no sense does not hide the others.
fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<Page<T>, serde_json::Error> {
    if let Ok(page) = serde_json::from_slice(body) {
        return Ok(page);
    }
    let raw: Page<&RawValue> = serde_json::from_slice(body)?;
    let items = raw.items.into_iter().filter_map(|item| match serde_json::from_str(item.get()) {
        Ok(object) => Some(object),
        Err(error) => {
            tracing::warn!(%error, "an object of a list cannot be read and is left out");
            None
        }
    });
    Ok(Page { items: items.collect(), metadata: raw.metadata })
}
