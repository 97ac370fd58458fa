//! What a scenario makes happen while one watches: rollout after rollout, nodes that come and go.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::CampaignSpec;
use crate::demo::kubelet::Outage;
use crate::demo::simulation::cluster::SetEntry;
use crate::demo::simulation::timers::Task;
use crate::demo::simulation::{Io, Simulation};
use crate::demo::store::Kind;
use crate::domain::id::{ObjectKey, Uid};
use crate::domain::text::Text;

/// How often a campaign looks whether its rollout is done.
const LOOK: Duration = Duration::from_secs(5);

/// A DaemonSet that is rolled out again and again.
#[derive(Debug)]
pub struct Campaign {
    /// Which one.
    pub key: ObjectKey,
    /// The image without tag.
    pub image: String,
    /// Its plan.
    pub spec: CampaignSpec,
    /// Since when the rollout is done.
    pub done: Option<Timestamp>,
}

/// A node that comes and goes.
#[derive(Debug)]
pub struct Flap {
    /// Which one.
    pub node: Text,
    /// How long it is ready.
    pub up: Duration,
    /// How long it is not.
    pub down: Duration,
}

/// What is going on.
#[derive(Debug, Default)]
pub struct Director {
    /// Rollouts.
    pub campaigns: Vec<Campaign>,
    /// Nodes.
    pub flaps: Vec<Flap>,
    /// Pods that are to leave a tainted node, and when.
    pub evictions: BTreeMap<Uid, Timestamp>,
}

impl Simulation {
    /// Sets what goes on into motion.
    pub(in crate::demo) fn direct(&mut self, campaigns: Vec<Campaign>, flaps: Vec<Flap>, now: Timestamp) {
        for at in 0..campaigns.len() {
            self.timers.at(now, Task::Campaign(at));
        }
        for (at, flap) in flaps.iter().enumerate() {
            self.timers.at(crate::demo::simulation::later(now, flap.up), Task::Flap(at));
        }
        self.director.campaigns = campaigns;
        self.director.flaps = flaps;
    }

    pub(in crate::demo) fn run_campaign(&mut self, io: &mut Io<'_>, at: usize) {
        self.timers.at(io.after(LOOK), Task::Campaign(at));
        let Some(campaign) = self.director.campaigns.get_mut(at) else { return };
        let set = self.cluster.sets.values().find(|set| set.ds.meta.key == campaign.key);
        let Some(set) = set.filter(|set| is_done(set)) else {
            campaign.done = None;
            return;
        };
        let done = *campaign.done.get_or_insert(io.now);
        let pause = Duration::from_secs(campaign.spec.pause_seconds.into());
        if io.now.duration_since(done).unsigned_abs() < pause || campaign.spec.versions.is_empty() {
            return;
        }
        campaign.done = None;
        let tag = set.ds.template.containers.first().map(|c| c.tag().to_owned()).unwrap_or_default();
        let versions = &campaign.spec.versions;
        let next = versions.iter().position(|v| *v == tag).map_or(0, |at| (at + 1) % versions.len());
        let image = format!("{}:{}", campaign.image, versions[next]);
        let cause = format!("{} {}", campaign.key.name, versions[next]);
        let key = &campaign.key;
        // As a user would: refused only where somebody made the DaemonSet invalid, and then there is no rollout.
        let _ = io.store.update(Kind::DaemonSet, &key.namespace, &key.name, io.now, |ds| {
            ds["metadata"]["annotations"]["kubernetes.io/change-cause"] = cause.as_str().into();
            ds["spec"]["template"]["spec"]["containers"][0]["image"] = image.as_str().into();
            Ok(())
        });
    }

    pub(in crate::demo) fn flap(&mut self, io: &mut Io<'_>, at: usize) {
        let Some(flap) = self.director.flaps.get(at) else { return };
        let node = flap.node.clone();
        let (outage, stays) = match self.kubelets.outage(&node) {
            None => (Some(Outage::NotReady), flap.down),
            Some(_) => (None, flap.up),
        };
        self.timers.at(io.after(stays), Task::Flap(at));
        self.set_outage(io, &node, outage);
    }
}

fn is_done(set: &SetEntry) -> bool {
    let status = &set.ds.status;
    set.ds.is_observed()
        && status.desired > 0
        && status.up_to_date == status.desired
        && status.available == status.desired
}
