//! Follows one watch request from its head to its end.

use std::time::Duration;

use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::backoff::between;
use crate::cluster::error::Error;
use crate::cluster::frames::Frames;
use crate::cluster::list::doing;
use crate::cluster::resource::{Resource, path};
use crate::cluster::wire::{Answer, Ask, Status, Wire, encode, nullable};
use crate::domain::event::{Change, Scope};

/// How long the head of a watch's answer may take.
const HEAD: Duration = Duration::from_secs(10);
/// The longest silence: bookmarks come every minute.
pub(super) const SILENCE: Duration = Duration::from_secs(75);

/// How a watch ended without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server ended it, as it does after its time is up.
    Closed,
    /// Nothing came for too long.
    Silent,
    /// A read that was sent then, after all that came here, has had no answer.
    Doubted(Instant),
    /// Somebody asks for a fresh list.
    Nudged,
}

/// What a watch says while it runs.
pub(super) enum Said<K> {
    /// The server has taken the watch.
    Opened(Answer),
    /// An object changed.
    Changed(Change<K>),
}

/// The question for a watch from `version` on.
fn ask<K: Resource>(scope: &Scope, version: &str) -> Ask {
    // Spread, so that the watches of many clients do not all end together.
    let seconds = between(Duration::from_secs(300), Duration::from_secs(600)).as_secs();
    let mut path = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={}",
        path::<K>(scope),
        encode(version)
    );
    if !K::SELECTOR.is_empty() {
        path = format!("{path}&labelSelector={}", encode(K::SELECTOR));
    }
    Ask { path, doing: doing::<K>("watch", scope), within: HEAD }
}

/// Watches from `version` on, which is moved along with every event.
pub(super) async fn follow<K: Resource>(
    wire: &Wire,
    scope: &Scope,
    version: &mut String,
    nudges: &mut watch::Receiver<u64>,
    mut tell: impl FnMut(Said<K>),
) -> Result<End, Error> {
    let ask = ask::<K>(scope, version);
    let Answer { mut body, ahead, .. } = wire.open(&ask).await?;
    tell(Said::Opened(Answer { body: kube::client::Body::empty(), ahead, code: 200 }));
    let mut frames = Frames::default();
    let (mut doubts, mut heard) = (wire.doubts(), Instant::now());
    loop {
        let frame = tokio::select! {
            frame = timeout(SILENCE, body.frame()) => frame,
            changed = nudges.changed() => match changed {
                Ok(()) => return Ok(End::Nudged),
                // Nobody can ask any more: the task is about to be ended.
                Err(_) => std::future::pending().await,
            },
            sent = doubts.after(heard) => return Ok(End::Doubted(sent)),
        };
        let chunk = match frame {
            Err(_) => return Ok(End::Silent),
            Ok(None) if frames.is_cut() => return Err(wire.broken(&ask, "it was cut off within an event")),
            Ok(None) => return Ok(End::Closed),
            Ok(Some(Err(error))) => return Err(wire.failure(&ask, &error)),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        heard = Instant::now();
        frames.push(&chunk);
        while let Some(line) =
            frames.next().map_err(|_| wire.broken(&ask, "an event is larger than anything the API stores"))?
        {
            if let Some(change) = decode(wire, &ask, &line, version)? {
                tell(Said::Changed(change));
            }
        }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned {
    #[serde(default, deserialize_with = "nullable")]
    metadata: Version,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Version {
    #[serde(rename = "resourceVersion", deserialize_with = "nullable")]
    version: String,
}

/// Decodes one event and moves `version` along.
fn decode<K: Resource>(
    wire: &Wire,
    ask: &Ask,
    line: &[u8],
    version: &mut String,
) -> Result<Option<Change<K>>, Error> {
    let event: Event = serde_json::from_slice(line).map_err(|error| wire.unreadable(ask, &error))?;
    match event.kind {
        "BOOKMARK" => {
            let marked: Versioned =
                serde_json::from_str(event.object.get()).map_err(|error| wire.unreadable(ask, &error))?;
            if !marked.metadata.version.is_empty() {
                *version = marked.metadata.version;
            }
            return Ok(None);
        }
        "ERROR" => {
            let status: Status =
                serde_json::from_str(event.object.get()).map_err(|error| wire.unreadable(ask, &error))?;
            return Err(wire.status(ask, &status));
        }
        "ADDED" | "MODIFIED" | "DELETED" => {}
        other => {
            tracing::warn!(kind = other, "a watch event of an unknown kind is left out");
            return Ok(None);
        }
    }
    let object: K = match serde_json::from_str(event.object.get()) {
        Ok(object) => object,
        // One object that makes no sense must not stop the others.
        Err(error) => {
            tracing::warn!(%error, "the object of a watch event cannot be read and is left out");
            return Ok(None);
        }
    };
    match object.meta().resource_version {
        Some(number) => *version = number.to_string(),
        // Opaque by contract; taken as it is where it is not a number.
        None => {
            if let Ok(Versioned { metadata }) = serde_json::from_str(event.object.get())
                && !metadata.version.is_empty()
            {
                *version = metadata.version;
            }
        }
    }
    Ok(match event.kind {
        "DELETED" => Some(Change::Deleted(object)),
        _ if object.is_wanted() => Some(Change::Applied(object)),
        // An object that lost its owner is no longer one of ours.
        "MODIFIED" if object.meta().owner.is_none() => Some(Change::Deleted(object)),
        _ => None,
    })
}
