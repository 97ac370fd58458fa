//! Scenarios: what the embedded cluster looks like at first, and what goes on in it.

pub mod build;
pub mod director;
pub mod manifest;
pub mod nodes;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

pub use build::build;

/// The scenarios that come with the program.
const BUILT_IN: [(&str, &str); 6] = [
    ("default", include_str!("../../assets/scenarios/default.yaml")),
    ("flapping", include_str!("../../assets/scenarios/flapping.yaml")),
    ("gpu", include_str!("../../assets/scenarios/gpu.yaml")),
    ("large", include_str!("../../assets/scenarios/large.yaml")),
    ("logs", include_str!("../../assets/scenarios/logs.yaml")),
    ("stuck", include_str!("../../assets/scenarios/stuck.yaml")),
];

/// Why there is no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Nobody knows that name.
    #[error("there is no scenario {name:?}; use one of: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// It cannot be read.
    #[error("scenario {name} cannot be read: {why}; correct that place and try again")]
    Unreadable {
        /// The name or file.
        name: String,
        /// What is wrong, and where.
        why: String,
    },
}

/// A cluster and what goes on in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// One sentence about it.
    pub about: String,
    /// The number of nodes where nobody asks for another; the pools' own numbers otherwise.
    #[serde(default)]
    pub nodes: Option<usize>,
    /// The region; its zones are `<region>a`, `<region>b` and so on.
    #[serde(default = "region")]
    pub region: String,
    /// The number of zones.
    #[serde(default = "zones")]
    pub zones: usize,
    /// The kubelets' version.
    #[serde(default = "version")]
    pub version: String,
    /// The nodes.
    pub pools: Vec<Pool>,
    /// The DaemonSets.
    pub daemon_sets: Vec<SetSpec>,
    /// Disruption budgets.
    #[serde(default)]
    pub budgets: Vec<BudgetSpec>,
    /// Nodes that are out.
    #[serde(default)]
    pub outages: Vec<OutageSpec>,
    /// Nodes that come and go.
    #[serde(default)]
    pub flaps: Vec<FlapSpec>,
}

fn region() -> String {
    "eu-1".to_owned()
}

fn zones() -> usize {
    3
}

fn version() -> String {
    "v1.36.2".to_owned()
}

/// A scenario that is another one in another size.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Like {
    about: String,
    #[serde(rename = "like")]
    base: String,
    nodes: usize,
}

/// Nodes of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// Its name, also the label `pool`.
    pub name: String,
    /// How many nodes, where nobody asks for another number.
    pub nodes: usize,
    /// `node.kubernetes.io/instance-type`
    pub instance: String,
    /// Cores.
    pub cpu: u32,
    /// Gibibytes of memory.
    pub memory: u32,
    /// `amd64` or `arm64`.
    #[serde(default = "arch")]
    pub arch: String,
    /// Further labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints.
    #[serde(default)]
    pub taints: Vec<Value>,
    /// Further resources, like `nvidia.com/gpu`.
    #[serde(default)]
    pub resources: BTreeMap<String, String>,
}

fn arch() -> String {
    "amd64".to_owned()
}

/// A DaemonSet.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetSpec {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Image without tag.
    pub image: String,
    /// Tags, oldest first: each becomes a revision, the last is the current template.
    pub versions: Vec<String>,
    /// The share of nodes that already run the last version; the others run the one before.
    #[serde(default = "all")]
    pub updated: f64,
    /// `spec.updateStrategy`
    #[serde(default)]
    pub strategy: Option<Value>,
    /// `spec.minReadySeconds`
    #[serde(default)]
    pub min_ready_seconds: u32,
    /// `priorityClassName`
    #[serde(default)]
    pub priority: Option<String>,
    /// `hostNetwork`
    #[serde(default)]
    pub host_network: bool,
    /// `nodeSelector`
    #[serde(default)]
    pub node_selector: BTreeMap<String, String>,
    /// Match expressions of one required node affinity term.
    #[serde(default)]
    pub affinity: Vec<Value>,
    /// `tolerations`
    #[serde(default)]
    pub tolerations: Vec<Value>,
    /// `resources.requests`
    #[serde(default)]
    pub requests: BTreeMap<String, String>,
    /// `resources.limits`
    #[serde(default)]
    pub limits: BTreeMap<String, String>,
    /// The port the container serves on; its readiness probe asks there.
    #[serde(default)]
    pub port: Option<u16>,
    /// Containers beside its own, as in a manifest.
    #[serde(default)]
    pub containers: Vec<Value>,
    /// Init containers; those that are restarted always are sidecars.
    #[serde(default)]
    pub init_containers: Vec<Value>,
    /// Directories of the node.
    #[serde(default)]
    pub host_paths: Vec<String>,
    /// What its pods do: the annotation `dsgrid.dev/sim`.
    #[serde(default)]
    pub sim: Option<Value>,
    /// Goes on with new versions.
    #[serde(default)]
    pub campaign: Option<CampaignSpec>,
}

fn all() -> f64 {
    1.0
}

/// Rollout after rollout.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampaignSpec {
    /// Tags, taken in turns.
    pub versions: Vec<String>,
    /// Seconds of quiet between two rollouts.
    pub pause_seconds: u32,
}

/// A disruption budget over a DaemonSet's pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetSpec {
    /// The namespace of both.
    pub namespace: String,
    /// The DaemonSet's name, and the budget's.
    pub name: String,
    /// `spec.minAvailable`
    #[serde(default)]
    pub min_available: Option<Value>,
    /// `spec.maxUnavailable`
    #[serde(default)]
    pub max_unavailable: Option<Value>,
}

/// A node that is out.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutageSpec {
    /// Its pool.
    pub pool: String,
    /// Its number in the pool, from 0.
    pub at: usize,
    /// Since how many seconds.
    pub seconds: u32,
}

/// A node that comes and goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FlapSpec {
    /// Its pool.
    pub pool: String,
    /// Its number in the pool, from 0.
    pub at: usize,
    /// Seconds it is ready.
    pub up_seconds: u32,
    /// Seconds it is not.
    pub down_seconds: u32,
}

impl Scenario {
    /// The names of the scenarios that come with the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A scenario that comes with the program.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
            let known = Self::names().collect::<Vec<_>>().join(", ");
            return Err(ScenarioError::Unknown { name: name.to_owned(), known });
        };
        Self::read(name, text)
    }

    /// Reads a scenario; `name` is how messages call it.
    ///
    /// # Errors
    /// Where it is not a scenario, with the place.
    pub fn read(name: &str, text: &str) -> Result<Self, ScenarioError> {
        if let Ok(Like { about, base, nodes }) = serde_yaml::from_str(text) {
            return Ok(Self { about, nodes: Some(nodes), ..Self::named(&base)? });
        }
        let unreadable = |why: String| ScenarioError::Unreadable { name: name.to_owned(), why };
        let scenario: Self = serde_yaml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        scenario.check().map_err(unreadable)?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        if self.pools.iter().map(|pool| pool.nodes).sum::<usize>() == 0 {
            return Err("pools: there is no node; give a pool a number of nodes".to_owned());
        }
        if self.zones == 0 || self.zones > 26 {
            return Err("zones: there can be 1 to 26 zones".to_owned());
        }
        if let Some(at) = self.daemon_sets.iter().position(|set| set.versions.is_empty()) {
            return Err(format!("daemonSets[{at}].versions: a DaemonSet needs at least one version"));
        }
        let pools = self.outages.iter().map(|o| &o.pool).chain(self.flaps.iter().map(|f| &f.pool));
        for pool in pools {
            if !self.pools.iter().any(|known| known.name == *pool) {
                return Err(format!("outages, flaps: there is no pool {pool:?}"));
            }
        }
        Ok(())
    }
}
