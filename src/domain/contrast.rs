//! What the nodes of a cause share, and the other nodes do not: the pool, the zone, the kernel, the age.
//!
//! A trait is told only where it separates: most of the bad nodes have it, and chance alone would hardly put so many of
//! them there (Fisher's exact test, one-sided). So one bad node shares nothing with itself, and a trait that all nodes
//! have explains nothing.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::object::Node;
use super::text::Text;

/// Labels that people divide a cluster by, the most telling first; others come after them.
pub const USUAL: [&str; 10] = [
    "pool",
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "kubernetes.io/arch",
    "kubernetes.io/os",
];

/// At least so many of the bad nodes have a trait that is told, in percent.
const COVERAGE: u32 = 80;
/// Chance alone may explain a trait that is told no more often than this. There are some twenty traits to look at.
const LIKELIHOOD: f64 = 0.01;
/// So many traits are told.
const MOST: usize = 3;
/// Ages of nodes that are worth telling.
const AGES: [(&str, SignedDuration); 4] = [
    ("1h", SignedDuration::from_hours(1)),
    ("1d", SignedDuration::from_hours(24)),
    ("7d", SignedDuration::from_hours(24 * 7)),
    ("30d", SignedDuration::from_hours(24 * 30)),
];

/// Something that bad nodes share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The trait, like `pool=m5` or `kernel 6.1.9`.
    pub what: String,
    /// Others that divide the nodes just so.
    pub also: Vec<String>,
    /// Bad nodes with it.
    pub bad: usize,
    /// All nodes with it.
    pub all: usize,
    /// Bad nodes without it.
    pub elsewhere: usize,
}

impl std::fmt::Display for Shared {
    /// `246 of 246 in pool=m5 (also kernel 6.1.9), 0 elsewhere`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} in {}", self.bad, self.all, self.what)?;
        if !self.also.is_empty() {
            write!(f, " (also {})", self.also.join(", "))?;
        }
        write!(f, ", {} elsewhere", self.elsewhere)
    }
}

/// One trait of a node. Sorted so that the usual ones come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Trait {
    /// A label; the number is its place among the usual ones.
    Label(usize, Text, Text),
    Kubelet(Text),
    Kernel(Text),
    System(Text),
    Runtime(Text),
    Younger(usize),
    Taint(String),
}

impl Trait {
    fn words(&self) -> String {
        match self {
            // The domain in front of a label's name is long and says little here.
            Self::Label(_, key, value) => format!("{}={value}", key.rsplit('/').next().unwrap_or(key)),
            Self::Kubelet(version) => format!("kubelet {version}"),
            Self::Kernel(version) => format!("kernel {version}"),
            Self::System(image) => format!("OS {image}"),
            Self::Runtime(version) => format!("runtime {version}"),
            Self::Younger(at) => format!("nodes younger than {}", AGES[*at].0),
            Self::Taint(taint) => format!("taint {taint}"),
        }
    }
}

fn is_younger(node: &Node, now: Timestamp, age: SignedDuration) -> bool {
    node.meta.created.is_some_and(|created| now.duration_since(created) < age)
}

/// All that can be told of a node.
fn traits(node: &Node, now: Timestamp) -> Vec<Trait> {
    let usual = |key: &str| USUAL.iter().position(|usual| *usual == key).unwrap_or(USUAL.len());
    // A node's own name divides it from all others, and says nothing.
    let labels = node.meta.labels.iter().filter(|(key, _)| key.as_str() != "kubernetes.io/hostname");
    let mut all: Vec<Trait> =
        labels.map(|(key, value)| Trait::Label(usual(key), key.clone(), value.clone())).collect();
    let known = |text: &Text| (!text.is_empty()).then(|| text.clone());
    all.extend(known(&node.kubelet_version).map(Trait::Kubelet));
    all.extend(known(&node.kernel_version).map(Trait::Kernel));
    all.extend(known(&node.os_image).map(Trait::System));
    all.extend(known(&node.container_runtime).map(Trait::Runtime));
    all.extend((0..AGES.len()).find(|at| is_younger(node, now, AGES[*at].1)).map(Trait::Younger));
    all.extend(node.taints.iter().map(|taint| Trait::Taint(taint.to_string())));
    all
}

/// The traits of all nodes, read once, so that comparing is counting.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// Each trait once.
    known: Vec<Trait>,
    /// The traits of each node, by their places in `known`.
    of: Vec<Vec<usize>>,
}

impl Traits {
    /// Reads the nodes; they are named by their places from here on.
    pub fn new<'a>(nodes: impl Iterator<Item = &'a Node>, now: Timestamp) -> Self {
        let mut places: HashMap<Trait, usize> = HashMap::new();
        let mut read = Self::default();
        for node in nodes {
            let own = traits(node, now).into_iter().map(|each| {
                *places.entry(each).or_insert_with_key(|each| {
                    read.known.push(each.clone());
                    read.known.len() - 1
                })
            });
            read.of.push(own.collect());
        }
        read
    }

    /// How many of these nodes have each trait.
    fn count(&self, nodes: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; self.known.len()];
        for each in nodes.iter().filter_map(|node| self.of.get(*node)).flatten() {
            counts[*each] += 1;
        }
        counts
    }

    /// What the bad nodes share and the others, which could be as bad, do not; the most telling first, at most three
    /// traits.
    #[must_use]
    pub fn shared(&self, bad: &[usize], others: &[usize]) -> Vec<Shared> {
        // One node shares everything with itself.
        if bad.len() < 2 || others.is_empty() {
            return Vec::new();
        }
        let (own, healthy) = (self.count(bad), self.count(others));
        let total = bad.len() + others.len();
        let covers = |count: usize| 100 * count >= bad.len() * COVERAGE as usize;
        let candidates = self.known.iter().zip(own.into_iter().zip(healthy));
        let telling = candidates
            .filter(|(_, (count, _))| covers(*count))
            .map(|(each, (count, healthy))| (each, count, count + healthy))
            // What all nodes have explains nothing; the test is the dear part.
            .filter(|(_, count, all)| *all < total && chance(*count, bad.len(), *all, total) < LIKELIHOOD);
        told(telling.collect(), bad.len())
    }
}

/// The most telling traits, with the number of bad and of all nodes that have each.
fn told(mut telling: Vec<(&Trait, usize, usize)>, bad: usize) -> Vec<Shared> {
    // The trait with the largest share of bad nodes inside and the fewest outside; equal ones as they are usual.
    telling.sort_by(|(a, bad_a, all_a), (b, bad_b, all_b)| {
        let share = (bad_b * all_a).cmp(&(bad_a * all_b));
        share.then(bad_b.cmp(bad_a)).then(a.cmp(b))
    });
    let mut shared: Vec<Shared> = Vec::new();
    for (each, count, all) in telling.into_iter().take(MOST) {
        match shared.iter_mut().find(|known| (known.bad, known.all) == (count, all)) {
            Some(known) => known.also.push(each.words()),
            None => shared.push(Shared {
                what: each.words(),
                also: Vec::new(),
                bad: count,
                all,
                elsewhere: bad - count,
            }),
        }
    }
    shared
}

/// How likely at least `hits` of `drawn` nodes have a trait that `marked` of `total` have, if only chance decides.
fn chance(hits: usize, drawn: usize, marked: usize, total: usize) -> f64 {
    let most = drawn.min(marked);
    let ways = |n: usize, k: usize| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let all = ways(total, drawn);
    (hits..=most)
        .filter(|hits| drawn - hits <= total - marked)
        .map(|hits| (ways(marked, hits) + ways(total - marked, drawn - hits) - all).exp())
        .sum()
}

/// Stirling's series, which is right to six digits from 10 on; below that the product itself.
fn ln_factorial(n: usize) -> f64 {
    let whole = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if n < 10 {
        return (2..=n).map(|factor| whole(factor).ln()).sum();
    }
    let n = whole(n);
    n * n.ln() - n + (2.0 * std::f64::consts::PI * n).ln() / 2.0 + 1.0 / (12.0 * n)
        - 1.0 / (360.0 * n.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: usize, pool: &str, kernel: &str) -> Node {
        let mut node = Node::default();
        node.meta.key.name = Text::new(&format!("node-{name}"));
        node.meta.labels = [("pool", pool), ("os", "linux")].into_iter().collect();
        node.kernel_version = Text::new(kernel);
        node
    }

    fn told(bad: &[Node], others: &[Node]) -> Vec<String> {
        let traits = Traits::new(bad.iter().chain(others), Timestamp::UNIX_EPOCH);
        let all: Vec<usize> = (0..bad.len() + others.len()).collect();
        let shared = traits.shared(&all[..bad.len()], &all[bad.len()..]);
        shared.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_separates_is_told_with_both_numbers() {
        let bad: Vec<Node> = (0..20).map(|at| node(at, "m5", "6.1")).collect();
        let others: Vec<Node> = (20..60).map(|at| node(at, "c5", "6.1")).collect();
        assert_eq!(told(&bad, &others), ["20 of 20 in pool=m5, 0 elsewhere"]);
        let mixed: Vec<Node> =
            (20..60).map(|at| node(at, if at < 30 { "m5" } else { "c5" }, "5.9")).collect();
        assert_eq!(
            told(&bad, &mixed),
            ["20 of 20 in kernel 6.1, 0 elsewhere", "20 of 30 in pool=m5, 0 elsewhere"]
        );
        let twins: Vec<Node> = (20..60).map(|at| node(at, "c5", "5.9")).collect();
        assert_eq!(told(&bad, &twins), ["20 of 20 in pool=m5 (also kernel 6.1), 0 elsewhere"]);
    }

    #[test]
    fn what_chance_explains_is_not_told() {
        let all: Vec<Node> = (0..60).map(|at| node(at, if at % 2 == 0 { "a" } else { "b" }, "6.1")).collect();
        assert!(told(&all[..1], &all[1..]).is_empty(), "one node");
        assert!(told(&[all[0].clone(), all[2].clone()], &all[3..]).is_empty(), "two of thirty");
        assert!(told(&all[..20], &all[20..]).is_empty(), "both pools alike");
        assert!(told(&all, &[]).is_empty(), "nothing to compare with");
    }

    #[test]
    fn the_chance_is_that_of_the_exact_test() {
        // 3 of 10 are marked; all three drawn are: 1 in 120.
        assert!((chance(3, 3, 3, 10) * 120.0 - 1.0).abs() < 1e-6);
        assert!((chance(0, 3, 3, 10) - 1.0).abs() < 1e-6);
        // 20 of 40 marked; 9 or 10 of 10 drawn (from tables of the hypergeometric distribution).
        let exact = (20.0 * 167_960.0 + 184_756.0) / 847_660_528.0;
        assert!((chance(9, 10, 20, 40) / exact - 1.0).abs() < 1e-6);
    }
}
