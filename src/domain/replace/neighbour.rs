//! The other pods of a node: replacing a node agent must not hurt them.

use jiff::{SignedDuration, Timestamp};

use super::evidence::Search;
use crate::domain::id::{ObjectKey, Uid};
use crate::domain::object::{Phase, Pod};
use crate::domain::text::Text;

/// So long a pod may be un-Ready before that counts: restarting a network agent blips its neighbours.
pub const BLIP: SignedDuration = SignedDuration::from_secs(10);

/// Another pod of the node, as it was before the deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The pod.
    pub uid: Uid,
    /// Its name.
    pub key: ObjectKey,
    /// Whether it was Ready.
    pub ready: bool,
    /// How often its containers had been restarted.
    pub restarts: u32,
}

/// A neighbour that is worse off than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harmed {
    /// The pod.
    pub uid: Uid,
    /// What happened, like `payments/api-7d9 is not Ready for 14 s`.
    pub why: String,
    /// Where more is found about it.
    pub search: Search,
}

/// The neighbours on a node, without the DaemonSet's own pods.
#[must_use]
pub fn neighbours(pods: &[Pod], daemon_set: &Uid) -> Vec<Neighbour> {
    let own = |pod: &&Pod| pod.meta.owner.as_ref().is_some_and(|owner| owner.uid == *daemon_set);
    let others = pods.iter().filter(|pod| !own(pod) && !pod.phase.is_terminal() && !pod.is_deleting());
    others
        .map(|pod| Neighbour {
            uid: pod.meta.uid.clone(),
            key: pod.meta.key.clone(),
            ready: pod.ready,
            restarts: restarts(pod),
        })
        .collect()
}

/// How the neighbours came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// None is worse off.
    Well,
    /// One is un-Ready, but only for a moment: look again then.
    Blipping(Timestamp),
    /// These are worse off.
    Harmed(Vec<Harmed>),
}

/// Holds the neighbours against how they were. A pod breaks the gate only if it has the same uid as before, is not being
/// deleted, is Running, was Ready, and is now un-Ready for longer than [`BLIP`] or has restarted.
#[must_use]
pub fn judge(before: &[Neighbour], now_there: &[Pod], passed: &[Uid], now: Timestamp) -> Judgement {
    let (mut harmed, mut look_again) = (Vec::new(), None);
    for neighbour in before.iter().filter(|neighbour| neighbour.ready && !passed.contains(&neighbour.uid)) {
        let same = |pod: &&Pod| pod.meta.uid == neighbour.uid;
        let Some(pod) = now_there.iter().find(same) else { continue };
        if pod.is_deleting() || pod.phase != Phase::Running {
            continue;
        }
        let restarted = restarts(pod).saturating_sub(neighbour.restarts);
        if restarted > 0 {
            let times = if restarted == 1 { "once".to_owned() } else { format!("{restarted} times") };
            let why = format!("{} restarted {times}{}", neighbour.key, last_reason(pod));
            harmed.push(Harmed { uid: neighbour.uid.clone(), why, search: Search::pod(pod) });
        } else if !pod.ready {
            let since = pod.ready_since.unwrap_or(now);
            let matters = since + BLIP;
            if now < matters {
                look_again = Some(look_again.map_or(matters, |known: Timestamp| known.max(matters)));
            } else {
                let seconds = now.duration_since(since).as_secs();
                let why = format!("{} is not Ready for {seconds} s", neighbour.key);
                harmed.push(Harmed { uid: neighbour.uid.clone(), why, search: Search::pod(pod) });
            }
        }
    }
    match (harmed.is_empty(), look_again) {
        (false, _) => Judgement::Harmed(harmed),
        (true, Some(at)) => Judgement::Blipping(at),
        (true, None) => Judgement::Well,
    }
}

fn restarts(pod: &Pod) -> u32 {
    pod.containers.iter().chain(&pod.init_containers).map(|container| container.restarts).sum()
}

fn last_reason(pod: &Pod) -> String {
    let ends = pod.containers.iter().filter_map(|container| container.last.as_ref());
    let reason = ends.map(|end| end.reason.clone()).find(|reason: &Text| !reason.is_empty());
    reason.map(|reason| format!(" ({reason})")).unwrap_or_default()
}
