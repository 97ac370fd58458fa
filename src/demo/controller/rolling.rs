//! The rolling update, without and with surge (`rollingUpdate`).

use jiff::Timestamp;

use super::{Plan, View, views};
use crate::demo::simulation::Simulation;
use crate::demo::simulation::cluster::SetEntry;
use crate::domain::id::Uid;
use crate::domain::object::UpdateStrategy;
use crate::domain::text::Text;

/// One node of the rollout's domain.
struct Stop<'a> {
    node: &'a Text,
    exists: bool,
    run: bool,
    new: Vec<View>,
    old: Vec<View>,
}

impl Simulation {
    /// What the rolling update deletes and creates; nothing under `OnDelete`.
    pub(super) fn roll(&self, now: Timestamp, uid: &Uid, hash: &str) -> Plan {
        let Some(set) = self.cluster.sets.get(uid) else { return Plan::default() };
        let UpdateStrategy::RollingUpdate { max_unavailable, max_surge } = &set.ds.strategy else {
            return Plan::default();
        };
        let wanted = set.nodes.values().filter(|slot| slot.verdict.is_some_and(|v| v.run)).count();
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let (mut unavailable, surge) = (max_unavailable.resolve(wanted), max_surge.resolve(wanted));
        if unavailable == 0 && surge == 0 && wanted > 0 {
            unavailable = 1;
        }
        let mut stops = self.stops(set, hash, now);
        stops.sort_by_key(|stop| self.shuffled(stop.node));
        if surge > 0 {
            roll_with_surge(&stops, wanted, surge as usize)
        } else {
            roll_plain(&stops, unavailable as usize)
        }
    }

    fn stops<'a>(&'a self, set: &'a SetEntry, hash: &str, now: Timestamp) -> Vec<Stop<'a>> {
        let mut stops = Vec::with_capacity(set.nodes.len());
        for (node, slot) in &set.nodes {
            let run = slot.verdict.is_some_and(|verdict| verdict.run);
            let pods = views(&self.cluster, set, &slot.pods, hash, now);
            if pods.is_empty() && !run {
                continue;
            }
            let (new, old) = pods.into_iter().filter(|pod| !pod.deleting).partition(|pod| pod.updated);
            stops.push(Stop { node, exists: slot.verdict.is_some(), run, new, old });
        }
        stops
    }
}

fn roll_plain(stops: &[Stop<'_>], limit: usize) -> Plan {
    let mut plan = Plan::default();
    let mut unavailable = 0;
    let mut candidates = Vec::new();
    for stop in stops {
        match (stop.new.as_slice(), stop.old.as_slice()) {
            ([new], []) => unavailable += usize::from(!new.available),
            ([], [old]) if old.available => candidates.push(&old.uid),
            ([], [old]) => {
                // An old pod that is not available needs no budget, but takes of it.
                plan.delete.push(old.uid.clone());
                unavailable += 1;
            }
            _ => unavailable += 1,
        }
    }
    plan.delete.extend(candidates.into_iter().take(limit.saturating_sub(unavailable)).cloned());
    plan
}

fn roll_with_surge(stops: &[Stop<'_>], wanted: u32, limit: usize) -> Plan {
    let mut plan = Plan::default();
    let (mut surging, mut available) = (0, 0_usize);
    let (mut candidates, mut sunset) = (Vec::new(), Vec::new());
    for stop in stops {
        let counted = stop.old.first().or(stop.new.first());
        available += usize::from(counted.is_some_and(|pod| pod.available));
        if !stop.exists && !stop.old.is_empty() {
            // The real controller cannot find the node and gives the whole step up.
            return Plan::default();
        }
        match (stop.new.as_slice(), stop.old.as_slice()) {
            ([], [old]) if !old.available && stop.run => plan.create.push(stop.node.clone()),
            ([], [old]) if !old.available => plan.delete.push(old.uid.clone()),
            ([], [_]) if stop.run => candidates.push(stop.node),
            ([], [old]) => sunset.push(&old.uid),
            ([new], [old]) if new.available => plan.delete.push(old.uid.clone()),
            ([_], [_]) => surging += 1,
            (new, old) if new.len() > 1 || old.len() > 1 => surging += 1,
            _ => {}
        }
    }
    plan.create.extend(candidates.into_iter().take(limit.saturating_sub(surging)).cloned());
    let spare = available.saturating_sub(wanted as usize);
    plan.delete.extend(sunset.into_iter().take(spare).cloned());
    plan
}
