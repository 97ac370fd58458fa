//! One kind's watch: list, follow, and after every end the right next step.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::follow::{End, SILENCE, Said, follow};
use crate::cluster::error::Error;
use crate::cluster::list::{Progress, list};
use crate::cluster::mailbox::Sender;
use crate::cluster::resource::Resource;
use crate::cluster::wire::Wire;
use crate::domain::event::{Change, LinkState, Watch, WatchKind};
use crate::domain::text::Text;

/// How often a refused watch is asked for again.
const DENIED: Duration = Duration::from_secs(60);
/// So long live, and earlier failures are forgotten.
const STEADY: Duration = Duration::from_secs(10);
/// A watch that ends sooner, without an event, is a failure.
const SHORT: Duration = Duration::from_secs(2);
/// The pause after a watch that ended early, though with events.
const PAUSE: Duration = Duration::from_millis(250);

/// A watch's task.
pub(super) struct Task<K> {
    wire: Wire,
    watch: Watch,
    sender: Sender,
    nudges: watch::Receiver<u64>,
    /// Makes all watches list afresh.
    nudge: Arc<watch::Sender<u64>>,
    expected: Arc<AtomicU32>,
    /// The version of the last list or event, where it is a number.
    reached: Option<u64>,
    /// Where to go on; none is: list first.
    version: Option<String>,
    /// Whether the last thing said was that it is live.
    live: bool,
    /// Since when it is not.
    broken: Option<Timestamp>,
    backoff: Backoff,
    /// Watches in a row that ended at once.
    short: u32,
    /// Whether the version was too old and nothing was live since.
    expired: bool,
    kind: PhantomData<K>,
}

/// How a watch went that the server had taken.
#[derive(Clone, Copy)]
struct Run {
    opened: Instant,
    events: u64,
}

impl<K: Resource> Task<K> {
    pub(super) fn new(
        wire: Wire,
        watch: Watch,
        sender: Sender,
        nudge: Arc<watch::Sender<u64>>,
        expected: Arc<AtomicU32>,
    ) -> Self {
        Self {
            wire,
            watch,
            sender,
            nudges: nudge.subscribe(),
            nudge,
            expected,
            reached: None,
            version: None,
            live: false,
            broken: None,
            backoff: Backoff::default(),
            short: 0,
            expired: false,
            kind: PhantomData,
        }
    }

    /// Runs for ever.
    pub(super) async fn run(mut self) {
        self.sender.link(&self.watch, LinkState::Connecting);
        loop {
            let wait = match self.round().await {
                Ok(wait) => wait,
                Err(error) => self.failed(&error),
            };
            if wait.is_zero() {
                continue;
            }
            tokio::select! {
                () = sleep(wait) => {}
                Ok(()) = self.nudges.changed() => self.afresh(),
            }
        }
    }

    /// Somebody wants to know now.
    fn afresh(&mut self) {
        self.version = None;
        self.reached = None;
        self.backoff.reset();
    }

    /// Lists if need be, follows to the end, and says how long to wait before going on.
    async fn round(&mut self) -> Result<Duration, Error> {
        let mut version = match self.version.take() {
            Some(version) => version,
            None => self.sync().await?,
        };
        let mut run: Option<Run> = None;
        let mut nudges = self.nudges.clone();
        let (wire, scope) = (self.wire.clone(), self.watch.scope.clone());
        let end = follow::<K>(&wire, &scope, &mut version, &mut nudges, |said| match said {
            Said::Opened(answer) => {
                run = Some(Run { opened: Instant::now(), events: 0 });
                answer.ahead.inspect(|ahead| self.sender.clock(*ahead));
                self.opened();
            }
            Said::Changed(change) => {
                if let Some(run) = &mut run {
                    run.events += 1;
                }
                self.sender.change(&self.watch.scope, change);
            }
        })
        .await;
        self.nudges = nudges;
        self.reached = version.parse().ok();
        self.version = Some(version);
        if run.is_some_and(|run| run.opened.elapsed() >= STEADY) {
            self.backoff.reset();
            self.expired = false;
        }
        match end? {
            End::Nudged => self.afresh(),
            // Should it fail now, it was broken all the time.
            End::Silent => self.broken = Some(Timestamp::now() - SILENCE),
            End::Doubted(sent) => {
                let silent = SignedDuration::try_from(sent.elapsed()).unwrap_or_default();
                self.broken = Some(Timestamp::now() - silent);
                self.retrying("the server does not answer");
            }
            End::Closed => return Ok(self.closed(run)),
        }
        Ok(Duration::ZERO)
    }

    /// Lists everything and sends it as one.
    async fn sync(&mut self) -> Result<String, Error> {
        let (sender, watch, expected) = (&self.sender, &self.watch, &self.expected);
        let say = |progress: Progress| {
            let told =
                (K::KIND == WatchKind::Pods).then(|| expected.load(Ordering::Acquire)).filter(|n| *n > 0);
            let expected = told
                .or(progress.remaining.map(|remaining| progress.received.saturating_add(remaining)))
                .map(|expected| expected.max(progress.received));
            sender.link(watch, LinkState::Syncing { received: progress.received, expected });
        };
        say(Progress { received: 0, remaining: None });
        self.live = false;
        let listed = list::<K>(&self.wire, &watch.scope, K::SELECTOR, say).await?;
        if K::KIND == WatchKind::DaemonSets {
            let sum =
                listed.objects.iter().fold(0, |sum: u32, object| sum.saturating_add(object.expected_pods()));
            self.expected.store(sum, Ordering::Release);
        }
        tracing::info!(watch = %watch, objects = listed.objects.len(), "listed");
        listed.ahead.inspect(|ahead| self.sender.clock(*ahead));
        self.sender.change(&watch.scope, Change::Replaced(watch.scope.clone(), listed.objects));
        self.compare(&listed.version);
        Ok(listed.version)
    }

    /// Lists are read from etcd and never go back, unless this is not the history that was followed before: then
    /// what the other watches know is of no use either, though the server may have taken them.
    fn compare(&mut self, version: &str) {
        let version = version.parse().ok();
        if version.zip(self.reached).is_some_and(|(now, before): (u64, u64)| now < before) {
            tracing::warn!(watch = %self.watch, "the server has gone back in time; everything is listed afresh");
            self.nudge.send_modify(|count| *count += 1);
            self.nudges.mark_unchanged();
        }
        self.reached = version;
    }

    /// The server has taken the watch: what was listed is now kept current.
    fn opened(&mut self) {
        self.broken = None;
        if !std::mem::replace(&mut self.live, true) {
            tracing::info!(watch = %self.watch, "live");
            self.sender.link(&self.watch, LinkState::Live { since: Timestamp::now() });
        }
    }

    /// The server ended the watch in good order.
    fn closed(&mut self, run: Option<Run>) -> Duration {
        let Some(run) = run.filter(|run| run.opened.elapsed() < SHORT) else {
            self.short = 0;
            return Duration::ZERO;
        };
        if run.events > 0 {
            self.short = 0;
            return PAUSE;
        }
        self.short += 1;
        if self.short >= 2 {
            // Some servers answer a version they no longer know with an empty stream.
            self.version = None;
            self.short = 0;
        }
        self.retrying("the server ends the watch as soon as it begins");
        self.backoff.next(None)
    }

    /// Says what went wrong and how long to wait.
    fn failed(&mut self, error: &Error) -> Duration {
        tracing::warn!(watch = %self.watch, %error, "watch failed");
        if error.is_expired() {
            self.version = None;
            // The usual case after a long break: list at once. A server for which every version is
            // too old is treated like any other failure.
            if !std::mem::replace(&mut self.expired, true) {
                return Duration::ZERO;
            }
        }
        if let Error::Denied { message, .. } = error {
            self.version = None;
            self.live = false;
            self.sender.link(&self.watch, LinkState::Denied { why: Text::new(message) });
            return DENIED;
        }
        // A server that was away may come back with another state, which counts its versions anew: its answer to a
        // version of before would be no lie, but nonsense. Once is a connection that broke.
        if matches!(error, Error::Unreachable { .. }) || (error.is_outage() && self.broken.is_some()) {
            self.version = None;
        }
        self.retrying(&error.to_string());
        self.backoff.next(error.retry_after())
    }

    fn retrying(&mut self, why: &str) {
        self.live = false;
        let since = *self.broken.get_or_insert_with(Timestamp::now);
        self.sender.link(&self.watch, LinkState::Retrying { since, why: Text::new(why) });
    }
}
