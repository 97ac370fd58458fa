//! The nodes of a scenario.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Pool, Scenario};
use crate::demo::lifecycle::report;
use crate::demo::simulation::random::mix;
use crate::demo::store::time_text;

/// A node that is to be.
#[derive(Debug)]
pub struct Planned {
    /// Its pool's name.
    pub pool: String,
    /// Its number in the pool.
    pub at: usize,
    /// The object.
    pub object: Value,
}

/// How many nodes each pool has, if there are to be `total`: by its share, and never none where there is one.
#[must_use]
pub fn pool_sizes(scenario: &Scenario, total: Option<usize>) -> Vec<usize> {
    let base: usize = scenario.pools.iter().map(|pool| pool.nodes).sum();
    let total = total.or(scenario.nodes).unwrap_or(base);
    let mut sizes: Vec<usize> = scenario.pools.iter().map(|pool| pool.nodes * total / base).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    // The largest remainders first; of equal ones the larger pool.
    order.sort_by_key(|at| {
        let pool = &scenario.pools[*at];
        std::cmp::Reverse((pool.nodes * total % base, pool.nodes))
    });
    let missing = total - sizes.iter().sum::<usize>();
    for at in order.into_iter().take(missing) {
        sizes[at] += 1;
    }
    sizes
}

/// The nodes.
#[must_use]
pub fn plan(scenario: &Scenario, total: Option<usize>, now: Timestamp) -> Vec<Planned> {
    let sizes = pool_sizes(scenario, total);
    let width = if sizes.iter().any(|size| *size > 999) { 4 } else { 3 };
    let mut planned = Vec::new();
    for (pool, size) in scenario.pools.iter().zip(&sizes) {
        for at in 0..*size {
            let zone = char::from(b'a' + u8::try_from(at % scenario.zones).unwrap_or(0));
            let name = format!("{}-{zone}-{:0width$}", pool.name, at / scenario.zones + 1);
            let object = node(scenario, pool, &name, zone, planned.len(), now);
            planned.push(Planned { pool: pool.name.clone(), at, object });
        }
    }
    planned
}

fn node(scenario: &Scenario, pool: &Pool, name: &str, zone: char, index: usize, now: Timestamp) -> Value {
    let hours = 24 * 30 + i64::try_from(mix(2, name) % (24 * 60)).unwrap_or(0);
    let created = now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
    let mut labels = json!({
        "beta.kubernetes.io/arch": pool.arch, "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": pool.arch, "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
        "node.kubernetes.io/instance-type": pool.instance, "pool": pool.name,
        "topology.kubernetes.io/region": scenario.region,
        "topology.kubernetes.io/zone": format!("{}{zone}", scenario.region),
    });
    for (key, value) in &pool.labels {
        labels[key] = value.as_str().into();
    }
    let address = format!("10.{}.{}.{}", index / 62_500 % 64, index / 250 % 250, index % 250 + 4);
    let cidr = format!("10.{}.{}.0/24", 128 + index / 256 % 64, index % 256);
    let (capacity, allocatable) = amounts(pool);
    let mut object = json!({
        "metadata": {
            "name": name, "creationTimestamp": time_text(created), "labels": labels,
            "annotations": {"node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {"podCIDR": cidr, "podCIDRs": [cidr], "providerID": format!("demo:///{}{zone}/{name}", scenario.region)},
        "status": {
            "capacity": capacity, "allocatable": allocatable,
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": node_info(scenario, pool, name),
        },
    });
    if !pool.taints.is_empty() {
        object["spec"]["taints"] = pool.taints.clone().into();
    }
    report(&mut object, true, created);
    object
}

fn amounts(pool: &Pool) -> (Value, Value) {
    let mut capacity = json!({
        "cpu": pool.cpu.to_string(), "memory": format!("{}Ki", u64::from(pool.memory) << 20),
        "ephemeral-storage": "104845292Ki", "pods": "110", "hugepages-2Mi": "0",
    });
    // What kubelet and system keep for themselves.
    let mut allocatable = json!({
        "cpu": format!("{}m", pool.cpu * 1_000 - 110),
        "memory": format!("{}Ki", (u64::from(pool.memory) << 20).saturating_sub(1_126_400)),
        "ephemeral-storage": "95551679124", "pods": "110", "hugepages-2Mi": "0",
    });
    for (key, value) in &pool.resources {
        capacity[key] = value.as_str().into();
        allocatable[key] = value.as_str().into();
    }
    (capacity, allocatable)
}

fn node_info(scenario: &Scenario, pool: &Pool, name: &str) -> Value {
    let hex = |salt| format!("{:016x}{:016x}", mix(salt, name), mix(salt + 1, name));
    let uuid = |salt| {
        let h = hex(salt);
        format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
    };
    json!({
        "machineID": hex(3), "systemUUID": uuid(5), "bootID": uuid(7),
        "kernelVersion": "6.12.40-cloud", "osImage": "Debian GNU/Linux 13 (trixie)",
        "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": scenario.version,
        "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": pool.arch,
    })
}
