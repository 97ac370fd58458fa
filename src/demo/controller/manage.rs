//! Placement and pruning: which pods are missing, ended, in excess or unwanted (`podsShouldBeOnNode`).

use jiff::{SignedDuration, Timestamp};

use super::{Plan, View, views};
use crate::demo::simulation::Simulation;
use crate::demo::simulation::cluster::Slot;
use crate::domain::id::Uid;
use crate::domain::object::Phase;
use crate::domain::placement::Verdict;
use crate::domain::text::Text;

/// The longest a failed pod is left lying, in seconds.
const LONGEST_BACKOFF: i64 = 900;

impl Simulation {
    /// What is to be created and deleted, whatever the update strategy.
    pub(super) fn manage(&mut self, now: Timestamp, uid: &Uid, hash: &str) -> Plan {
        let mut plan = Plan::default();
        let Some(mut backoff) = self.cluster.sets.get_mut(uid).map(|s| std::mem::take(&mut s.backoff)) else {
            return plan;
        };
        if let Some(set) = self.cluster.sets.get(uid) {
            let surge = set.ds.allows_surge();
            for (node, slot) in &set.nodes {
                let Some(verdict) = slot.verdict else {
                    self.drop_unbound(slot, &mut plan);
                    continue;
                };
                let pods = views(&self.cluster, set, &slot.pods, hash, now);
                if !verdict.keep {
                    plan.delete.extend(pods.into_iter().filter(|p| !p.deleting).map(|p| p.uid));
                    continue;
                }
                let mut place = Place { node, verdict, surge, now };
                place.manage(&pods, &mut backoff, &mut plan);
            }
        }
        if let Some(set) = self.cluster.sets.get_mut(uid) {
            set.backoff = backoff;
        }
        plan
    }

    /// Pods for a node that does not exist: unbound ones go, bound ones are the garbage collector's.
    fn drop_unbound(&self, slot: &Slot, plan: &mut Plan) {
        let unbound = slot.pods.iter().filter(|uid| {
            self.cluster.pods.get(*uid).is_some_and(|e| e.pod.node_name.is_none() && !e.pod.is_deleting())
        });
        plan.delete.extend(unbound.cloned());
    }
}

struct Place<'a> {
    node: &'a Text,
    verdict: Verdict,
    surge: bool,
    now: Timestamp,
}

type Backoff = std::collections::BTreeMap<Text, (Timestamp, i64)>;

impl Place<'_> {
    fn manage(&mut self, pods: &[View], backoff: &mut Backoff, plan: &mut Plan) {
        let mut living: Vec<&View> = Vec::new();
        for pod in pods.iter().filter(|pod| !pod.deleting) {
            match pod.phase {
                Phase::Failed => self.end_failed(pod, backoff, plan),
                Phase::Succeeded => {
                    plan.ended.push((pod.uid.clone(), self.node.clone()));
                    plan.delete.push(pod.uid.clone());
                }
                _ => living.push(pod),
            }
        }
        // With surge nothing that ends blocks the next pod.
        let free = if self.surge { living.is_empty() } else { pods.is_empty() };
        if self.verdict.run && free {
            plan.create.push(self.node.clone());
        }
        if self.surge {
            prune_surging(&living, plan);
        } else {
            plan.delete.extend(living.iter().skip(1).map(|pod| pod.uid.clone()));
        }
    }

    fn end_failed(&self, pod: &View, backoff: &mut Backoff, plan: &mut Plan) {
        let window = match backoff.get(self.node) {
            Some((until, _)) if self.now < *until => {
                plan.requeue(*until);
                return;
            }
            // Half an hour of quiet forgives.
            Some((until, window)) if self.now.duration_since(*until) < SignedDuration::from_mins(30) => {
                (window * 2).min(LONGEST_BACKOFF)
            }
            _ => 1,
        };
        let until = self.now.checked_add(SignedDuration::from_secs(window)).unwrap_or(self.now);
        backoff.insert(self.node.clone(), (until, window));
        plan.ended.push((pod.uid.clone(), self.node.clone()));
        plan.delete.push(pod.uid.clone());
    }
}

/// The oldest new and the oldest old pod survive; the old one goes when it is not ready or the new one is available.
fn prune_surging(living: &[&View], plan: &mut Plan) {
    let (new, old): (Vec<&&View>, Vec<&&View>) = living.iter().partition(|pod| pod.current_hash);
    let excess = new.iter().skip(1).chain(old.iter().skip(1));
    plan.delete.extend(excess.map(|pod| pod.uid.clone()));
    if let (Some(new), Some(old)) = (new.first(), old.first())
        && (!old.ready || new.available)
    {
        plan.delete.push(old.uid.clone());
    }
}
