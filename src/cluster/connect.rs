//! A connection to one cluster.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::credentials::Credentials;
use super::error::Error;
use super::kubeconfig::{self, authority};
use super::list::{self, list};
use super::mailbox::Sender;
use super::options::{ConnectOptions, Environment};
use super::resource::{Resource, path};
use super::transport;
use super::watch::{Backoff, Watches};
use super::wire::{Ask, Wire, encode};
use crate::domain::event::{Change, ClusterEvent, Scope, WatchKind};
use crate::domain::id::{ObjectKey, Uid};
use crate::domain::object::{ControllerRevision, DaemonSet, Node, Pod};
use crate::domain::text::Text;

/// A cluster, and as whom it is talked to.
#[derive(Clone)]
pub struct Connection {
    /// The context's name; the server's address where there is no context.
    pub context: Text,
    /// The kubeconfig's name for the cluster.
    pub cluster: Text,
    /// The kubeconfig's name for the user; empty where there is none.
    pub user: Text,
    /// Whom that user acts as; empty for nobody else.
    pub impersonated: Text,
    /// The server's host and port.
    pub server: Text,
    /// The namespace asked for, else the context's.
    pub namespace: Text,
    /// The kubeconfig files that were read.
    pub files: Vec<PathBuf>,
    pub(super) wire: Wire,
}

/// Everything, read once.
#[derive(Debug)]
pub struct FirstSync {
    /// A complete list for every kind that may be read, and the clock.
    pub events: Vec<ClusterEvent>,
    /// What may not be read, and the server's words.
    pub denied: Vec<(WatchKind, Error)>,
}

/// Whether a kind may be listed.
#[derive(Debug)]
pub struct Access {
    /// The kind.
    pub kind: WatchKind,
    /// Listed, or why not.
    pub outcome: Result<(), Error>,
}

impl Connection {
    /// Finds the cluster and gets credentials; no request is sent yet.
    ///
    /// # Errors
    /// The kubeconfig, a flag or the credentials are not usable.
    pub async fn open(options: &ConnectOptions, environment: &Environment) -> Result<Self, Error> {
        let settled = kubeconfig::settle(options, environment)?;
        let server = authority(&settled.config.cluster_url);
        let namespace = settled.config.default_namespace.clone();
        let client = transport::client(settled.config.clone()).await?;
        let mut connection = Self::new(Credentials::new(client, Some(settled.config)), &server, options);
        connection.context = Text::new(&settled.context);
        connection.cluster = Text::new(&settled.cluster);
        connection.user = Text::new(&settled.user);
        connection.namespace = Text::new(&namespace);
        connection.files = settled.files;
        tracing::info!(context = %connection.context, server = %connection.server, "connection made ready");
        Ok(connection)
    }

    fn new(credentials: Credentials, server: &str, options: &ConnectOptions) -> Self {
        Self {
            context: Text::new(server),
            cluster: Text::default(),
            user: Text::default(),
            impersonated: Text::new(options.impersonate.as_deref().unwrap_or_default()),
            server: Text::new(server),
            namespace: Text::new("default"),
            files: Vec::new(),
            wire: Wire::new(credentials, server, options.request_timeout),
        }
    }

    /// What requests are sent with.
    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A connection over a ready client, for tests.
    #[cfg(test)]
    pub(super) fn over(client: kube::Client) -> Self {
        Self::new(Credentials::new(client, None), "fake:443", &ConnectOptions::default())
    }

    /// Starts a watch for each of the four kinds; they run until the handle is dropped.
    #[must_use]
    pub fn start_watches(&self, scope: &Scope, sender: &Sender) -> Watches {
        Watches::start(&self.wire, scope, sender)
    }

    /// Reads everything once. What may not be read is told apart; any other failure ends it.
    ///
    /// A server that asks to be tried later is tried for as long as the caller waits.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses for another reason than missing rights.
    pub async fn first_sync(&self, scope: &Scope) -> Result<FirstSync, Error> {
        let (daemon_sets, nodes, pods, revisions) = tokio::try_join!(
            self.list_once::<DaemonSet>(scope),
            self.list_once::<Node>(&Scope::Cluster),
            self.list_once::<Pod>(scope),
            self.list_once::<ControllerRevision>(scope),
        )?;
        let mut sync = FirstSync { events: Vec::new(), denied: Vec::new() };
        for (kind, outcome) in [
            (WatchKind::DaemonSets, daemon_sets),
            (WatchKind::Revisions, revisions),
            (WatchKind::Nodes, nodes),
            (WatchKind::Pods, pods),
        ] {
            match outcome {
                Ok(events) => sync.events.extend(events),
                Err(error) => sync.denied.push((kind, error)),
            }
        }
        Ok(sync)
    }

    /// Lists one kind: the outer failure ends everything, the inner one is a missing right.
    async fn list_once<K: Resource>(&self, scope: &Scope) -> Result<Result<Vec<ClusterEvent>, Error>, Error> {
        let mut backoff = Backoff::default();
        let listed = loop {
            match list::<K>(&self.wire, scope, K::SELECTOR, |_| {}).await {
                Ok(listed) => break listed,
                Err(error) if error.is_denied() => return Ok(Err(error)),
                // As client-go does: only where the server asks for another try.
                Err(error) if error.retry_after().is_some() => {
                    tokio::time::sleep(backoff.next(error.retry_after())).await;
                }
                Err(error) => return Err(error),
            }
        };
        let mut events: Vec<_> = listed.ahead.map(ClusterEvent::ClockRead).into_iter().collect();
        events.push(K::event(Change::Replaced(scope.clone(), listed.objects)));
        Ok(Ok(events))
    }

    /// Lists the pods that a DaemonSet's own selector finds: also adopted ones, which carry no hash label.
    ///
    /// # Errors
    /// The list failed.
    pub async fn list_daemon_set_pods(
        &self,
        daemon_set: &ObjectKey,
        selector: &str,
        uid: &Uid,
    ) -> Result<Change<Pod>, Error> {
        let namespace = Scope::Namespace(daemon_set.namespace.clone());
        let listed = list::<Pod>(&self.wire, &namespace, selector, |_| {}).await?;
        Ok(Change::Replaced(Scope::DaemonSet(uid.clone()), listed.objects))
    }

    /// The names of all DaemonSets, to say where one is.
    ///
    /// # Errors
    /// The list failed.
    pub async fn daemon_set_names(&self) -> Result<Vec<ObjectKey>, Error> {
        let listed = list::<DaemonSet>(&self.wire, &Scope::Cluster, "", |_| {}).await?;
        Ok(listed.objects.into_iter().map(|daemon_set| daemon_set.meta.key).collect())
    }

    /// A DaemonSet as the server has it, whole.
    ///
    /// # Errors
    /// It cannot be read, or is gone.
    pub async fn daemon_set_json(&self, key: &ObjectKey) -> Result<Value, Error> {
        let path = path::<DaemonSet>(&Scope::Namespace(key.namespace.clone()));
        self.get_json(format!("{path}/{}", encode(&key.name)), format!("get the DaemonSet {key}")).await
    }

    /// The stored revisions that a DaemonSet's selector finds, whole.
    ///
    /// # Errors
    /// The list failed.
    pub async fn revisions_json(&self, daemon_set: &ObjectKey, selector: &str) -> Result<Vec<Value>, Error> {
        let scope = Scope::Namespace(daemon_set.namespace.clone());
        let path = format!("{}?labelSelector={}", path::<ControllerRevision>(&scope), encode(selector));
        let mut list = self.get_json(path, list::doing::<ControllerRevision>("list", &scope)).await?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// One GET.
    async fn get_json(&self, path: String, doing: String) -> Result<Value, Error> {
        let ask = Ask { path, doing, within: std::time::Duration::from_secs(30) };
        let (body, _) = self.wire.read(&ask).await?;
        serde_json::from_slice(&body).map_err(|error| self.wire.unreadable(&ask, &error))
    }

    /// Asks the server for its version.
    ///
    /// # Errors
    /// The server cannot be reached or does not tell.
    pub async fn server_version(&self) -> Result<Text, Error> {
        #[derive(Deserialize)]
        struct Version {
            #[serde(rename = "gitVersion")]
            git_version: Text,
        }
        let ask = Ask {
            path: "/version".to_owned(),
            doing: "get its version".to_owned(),
            within: std::time::Duration::from_secs(10),
        };
        let (body, _) = self.wire.read(&ask).await?;
        let version: Version =
            serde_json::from_slice(&body).map_err(|error| self.wire.unreadable(&ask, &error))?;
        Ok(version.git_version)
    }

    /// Finds out which kinds may be listed, by asking for one object of each.
    pub async fn probe(&self, scope: &Scope) -> [Access; 4] {
        let (daemon_sets, nodes, pods, revisions) = tokio::join!(
            self.probe_one::<DaemonSet>(scope),
            self.probe_one::<Node>(&Scope::Cluster),
            self.probe_one::<Pod>(scope),
            self.probe_one::<ControllerRevision>(scope),
        );
        [daemon_sets, nodes, pods, revisions]
    }

    async fn probe_one<K: Resource>(&self, scope: &Scope) -> Access {
        let ask = list::ask::<K>(scope, K::SELECTOR, 1, "");
        Access { kind: K::KIND, outcome: self.wire.read(&ask).await.map(drop) }
    }
}

#[cfg(test)]
mod tests;
