//! Taints against tolerations, the controller's own ones included.

use std::fmt;

use crate::domain::object::{Taint, TaintEffect, Template, Toleration, TolerationOperator};
use crate::domain::text::Text;

/// Where a toleration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written in the template.
    Template,
    /// Added to every daemon pod by the controller.
    Controller,
}

/// A toleration that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveToleration {
    /// The toleration.
    pub toleration: Toleration,
    /// Who put it there.
    pub origin: Origin,
}

impl EffectiveToleration {
    /// Whether it tolerates a taint (`core/v1/toleration.go`, `ToleratesTaint`; comparison operators are off).
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let toleration = &self.toleration;
        toleration.effect.as_ref().is_none_or(|effect| *effect == taint.effect)
            && (toleration.key.is_empty() || toleration.key == taint.key)
            && match &toleration.operator {
                TolerationOperator::Equal => toleration.value == taint.value,
                TolerationOperator::Exists => true,
                TolerationOperator::Other(_) => false,
            }
    }
}

impl fmt::Display for EffectiveToleration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Template => write!(f, "toleration {}", self.toleration),
            Origin::Controller => write!(f, "automatic toleration {}", self.toleration),
        }
    }
}

/// What the controller adds (`daemonset_util.go`, `AddOrUpdateDaemonPodTolerations`).
const AUTOMATIC: [(&str, TaintEffect); 6] = [
    ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
    ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
    ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
];

/// Only for pods on the host's network.
const NETWORK_UNAVAILABLE: (&str, TaintEffect) =
    ("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule);

/// The tolerations a daemon pod gets: the template's, then the controller's.
///
/// One that is the same in key, effect, operator and value is replaced in place, as the controller's upsert does; it
/// loses its seconds.
#[must_use]
pub fn effective_tolerations(template: &Template) -> Vec<EffectiveToleration> {
    let mut effective: Vec<EffectiveToleration> = template
        .tolerations
        .iter()
        .map(|toleration| EffectiveToleration { toleration: toleration.clone(), origin: Origin::Template })
        .collect();
    let network = template.host_network.then_some(&NETWORK_UNAVAILABLE);
    for (key, effect) in AUTOMATIC.iter().chain(network) {
        let toleration = Toleration {
            key: Text::new(key),
            operator: TolerationOperator::Exists,
            value: Text::default(),
            effect: Some(effect.clone()),
            seconds: None,
        };
        let automatic = EffectiveToleration { toleration, origin: Origin::Controller };
        let same = |known: &Toleration| {
            *known == Toleration { seconds: known.seconds, ..automatic.toleration.clone() }
        };
        match effective.iter_mut().find(|known| same(&known.toleration)) {
            Some(known) => *known = automatic,
            None => effective.push(automatic),
        }
    }
    effective
}
