//! Takes in what the watches read, without ever making them wait, and hands it out in batches.
//!
//! A watch that is not read fast enough is closed by the server, so nothing here is bounded by
//! how fast the screen is. It is bounded by the number of objects instead: of several changes to
//! one object only the last is kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use tokio::sync::Notify;

use super::logs::LogLane;
use super::resource::Resource;
use crate::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch};
use crate::domain::id::Uid;
use crate::domain::log::{LogNews, StreamId};
use crate::domain::object::{ControllerRevision, DaemonSet, Node, Pod};

/// Makes a mailbox.
#[must_use]
pub fn mailbox() -> (Sender, Receiver) {
    let shared = Arc::new(Shared { senders: AtomicUsize::new(1), ..Shared::default() });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

#[derive(Default)]
struct Shared {
    lanes: Mutex<Lanes>,
    news: Notify,
    senders: AtomicUsize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        // Nothing in here panics half way through a change.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end for watches; never blocks.
pub struct Sender(Arc<Shared>);

/// The end for the one who applies the events.
pub struct Receiver(Arc<Shared>);

impl Sender {
    /// Puts in a change of an object or a complete list of a scope.
    pub(super) fn change<K: Resource>(&self, scope: &Scope, change: Change<K>) {
        K::lanes(&mut self.0.lock()).put(scope, change);
        self.0.news.notify_one();
    }

    /// Puts in how a watch stands.
    pub(super) fn link(&self, watch: &Watch, state: LinkState) {
        self.0.lock().links.insert(watch.clone(), state);
        self.0.news.notify_one();
    }

    /// Puts in news of a log.
    pub(super) fn log(&self, stream: StreamId, news: LogNews) {
        self.0.lock().logs.put(stream, news);
        self.0.news.notify_one();
    }

    /// Bounds what is held of logs, here and where they are read together, in bytes.
    pub fn bound_logs(&self, bytes: usize) {
        self.0.lock().logs.bound(bytes);
    }

    /// Forgets what waits of a log.
    pub(super) fn forget_log(&self, stream: StreamId) {
        self.0.lock().logs.forget(stream);
    }

    /// Puts in the difference of the clocks.
    pub(super) fn clock(&self, ahead: SignedDuration) {
        let mut lanes = self.0.lock();
        if lanes.told_clock != Some(ahead) {
            lanes.told_clock = Some(ahead);
            lanes.clock = Some(ahead);
            drop(lanes);
            self.0.news.notify_one();
        }
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // The receiver learns that nobody is left.
        self.0.senders.fetch_sub(1, Ordering::AcqRel);
        self.0.news.notify_one();
    }
}

impl Receiver {
    /// Waits until there is something and takes all of it, the events of each watch in their order and
    /// its state after them; nothing at all means that every sender is gone. Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Vec<ClusterEvent> {
        loop {
            let events = self.0.lock().take();
            if !events.is_empty() || self.0.senders.load(Ordering::Acquire) == 0 {
                return events;
            }
            self.0.news.notified().await;
        }
    }
}

/// Everything that waits to be taken.
#[derive(Default)]
pub(super) struct Lanes {
    pub(super) daemon_sets: Kind<DaemonSet>,
    pub(super) nodes: Kind<Node>,
    pub(super) pods: Kind<Pod>,
    pub(super) revisions: Kind<ControllerRevision>,
    links: BTreeMap<Watch, LinkState>,
    logs: LogLane,
    clock: Option<SignedDuration>,
    told_clock: Option<SignedDuration>,
}

impl Lanes {
    fn take(&mut self) -> Vec<ClusterEvent> {
        let mut events: Vec<_> = self.clock.take().map(ClusterEvent::ClockRead).into_iter().collect();
        // Owners before what they own, so that less has to wait for its owner.
        self.daemon_sets.take(&mut events);
        self.revisions.take(&mut events);
        self.nodes.take(&mut events);
        self.pods.take(&mut events);
        events.extend(
            std::mem::take(&mut self.links)
                .into_iter()
                .map(|(watch, state)| ClusterEvent::Link(watch, state)),
        );
        self.logs.take(&mut events);
        events
    }
}

/// What waits of one kind, by scope.
pub(super) struct Kind<K>(BTreeMap<Scope, Lane<K>>);

impl<K> Default for Kind<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Resource> Kind<K> {
    fn put(&mut self, scope: &Scope, change: Change<K>) {
        self.0.entry(scope.clone()).or_default().put(change);
    }

    fn take(&mut self, events: &mut Vec<ClusterEvent>) {
        for (_, lane) in std::mem::take(&mut self.0) {
            events.extend(lane.replaced.into_iter().chain(lane.changes).map(K::event));
        }
    }
}

struct Lane<K> {
    replaced: Option<Change<K>>,
    changes: Vec<Change<K>>,
    places: HashMap<Uid, usize>,
}

impl<K> Default for Lane<K> {
    fn default() -> Self {
        Self { replaced: None, changes: Vec::new(), places: HashMap::new() }
    }
}

impl<K: Resource> Lane<K> {
    fn put(&mut self, change: Change<K>) {
        let uid = match &change {
            Change::Replaced(..) => {
                // What came before the list is in the list.
                *self = Self { replaced: Some(change), ..Self::default() };
                return;
            }
            Change::Applied(object) | Change::Deleted(object) => &object.meta().uid,
        };
        if let Some(at) = self.places.get(uid) {
            self.changes[*at] = change;
        } else {
            self.places.insert(uid.clone(), self.changes.len());
            self.changes.push(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::WatchKind;
    use crate::domain::id::ObjectKey;
    use crate::domain::object::Meta;
    use crate::domain::text::Text;

    fn pod(uid: &str, version: u64) -> Pod {
        let key = ObjectKey { namespace: Text::new("ns"), name: Text::new(uid) };
        let meta = Meta { key, uid: Uid::new(uid), resource_version: Some(version), ..Meta::default() };
        Pod { meta, ..Pod::default() }
    }

    fn words(events: &[ClusterEvent]) -> Vec<String> {
        let named = |pod: &Pod| format!("{}@{}", pod.meta.uid, pod.meta.resource_version.unwrap_or(0));
        events
            .iter()
            .map(|event| match event {
                ClusterEvent::Pods(Change::Replaced(_, pods)) => {
                    format!("= {}", pods.iter().map(named).collect::<Vec<_>>().join(" "))
                }
                ClusterEvent::Pods(Change::Applied(pod)) => format!("+ {}", named(pod)),
                ClusterEvent::Pods(Change::Deleted(pod)) => format!("- {}", named(pod)),
                ClusterEvent::Link(watch, _) => format!("link {watch}"),
                ClusterEvent::ClockRead(ahead) => format!("clock {}", ahead.as_secs()),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[tokio::test]
    async fn the_last_change_of_an_object_wins_and_a_list_swallows_what_was_before() {
        let (sender, mut receiver) = mailbox();
        let scope = Scope::Cluster;
        let watch = Watch { kind: WatchKind::Pods, scope: scope.clone() };
        sender.link(&watch, LinkState::Connecting);
        sender.change(&scope, Change::Applied(pod("old", 1)));
        sender.change(&scope, Change::Replaced(scope.clone(), vec![pod("a", 2), pod("b", 2)]));
        sender.change(&scope, Change::Applied(pod("a", 3)));
        sender.change(&scope, Change::Applied(pod("c", 4)));
        sender.change(&scope, Change::Applied(pod("a", 5)));
        sender.change(&scope, Change::Deleted(pod("a", 6)));
        sender.clock(SignedDuration::from_secs(2));
        let events = receiver.recv().await;
        assert_eq!(words(&events), ["clock 2", "= a@2 b@2", "- a@6", "+ c@4", "link pods"]);

        sender.clock(SignedDuration::from_secs(2));
        sender.change(&scope, Change::Applied(pod("a", 7)));
        assert_eq!(words(&receiver.recv().await), ["+ a@7"], "the same clock is not told twice");
    }

    #[tokio::test]
    async fn scopes_do_not_swallow_each_other() {
        let (sender, mut receiver) = mailbox();
        let one = Scope::Namespace(Text::new("one"));
        let two = Scope::Namespace(Text::new("two"));
        sender.change(&one, Change::Replaced(one.clone(), vec![pod("a", 1)]));
        sender.change(&two, Change::Replaced(two.clone(), vec![pod("b", 1)]));
        sender.change(&one, Change::Applied(pod("c", 2)));
        assert_eq!(words(&receiver.recv().await), ["= a@1", "+ c@2", "= b@1"]);
    }

    #[tokio::test]
    async fn a_flood_is_bounded_by_the_number_of_objects() {
        let (sender, mut receiver) = mailbox();
        for version in 0..10_000 {
            sender.change(&Scope::Cluster, Change::Applied(pod(&format!("p{}", version % 10), version)));
        }
        assert_eq!(receiver.recv().await.len(), 10);
    }

    #[tokio::test]
    async fn a_receiver_wakes_for_news_and_ends_with_the_last_sender() {
        let (sender, mut receiver) = mailbox();
        let task = tokio::spawn(async move {
            let first = receiver.recv().await.len();
            (first, receiver.recv().await.len())
        });
        tokio::task::yield_now().await;
        sender.change(&Scope::Cluster, Change::Applied(pod("a", 1)));
        tokio::task::yield_now().await;
        drop(sender);
        assert_eq!(task.await.unwrap(), (1, 0));
    }
}
