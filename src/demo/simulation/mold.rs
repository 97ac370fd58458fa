//! What all pods of one template share: what they need, tolerate and do.

use serde_json::Value;

use crate::demo::kubelet::behavior::Behavior;

/// An amount of cpu and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Thousandths of a core.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
}

/// A toleration as the taint manager and the scheduler read it from a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodToleration {
    key: String,
    exists: bool,
    value: String,
    effect: String,
    /// How long a `NoExecute` taint is tolerated; none is for ever.
    pub seconds: Option<i64>,
}

impl PodToleration {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Self {
            key: text("key"),
            exists: value["operator"] == "Exists",
            value: text("value"),
            effect: text("effect"),
            seconds: value["tolerationSeconds"].as_i64(),
        }
    }

    /// Whether it tolerates a taint.
    #[must_use]
    pub fn tolerates(&self, taint: &crate::domain::object::Taint) -> bool {
        (self.effect.is_empty() || self.effect == taint.effect.as_str())
            && (self.key.is_empty() || taint.key == *self.key)
            && (self.exists || taint.value == *self.value)
    }
}

/// The least priority of critical pods (`SystemCriticalPriority`).
const CRITICAL: i64 = 2_000_000_000;

/// What all pods of one template share.
#[derive(Clone, Debug, Default)]
pub struct Mold {
    /// Requested cpu and memory.
    pub requests: Amount,
    /// Host ports with protocol.
    pub ports: Vec<(String, i64)>,
    /// The pod's own tolerations, in order.
    pub tolerations: Vec<PodToleration>,
    /// `spec.nodeSelector`.
    pub node_selector: Vec<(String, String)>,
    /// Whether its priority makes it critical to its node.
    pub critical: bool,
    /// The images, in the containers' order.
    pub images: Vec<String>,
    /// What its pods do.
    pub behavior: Behavior,
}

impl Mold {
    /// Reads a pod.
    #[must_use]
    pub fn read(pod: &Value) -> Self {
        let spec = &pod["spec"];
        let mut mold = Self::default();
        for container in spec["containers"].as_array().into_iter().flatten() {
            let requests = &container["resources"]["requests"];
            mold.requests.cpu += cpu(requests["cpu"].as_str().unwrap_or_default());
            mold.requests.memory += bytes(requests["memory"].as_str().unwrap_or_default());
            mold.images.push(container["image"].as_str().unwrap_or_default().to_owned());
            for port in container["ports"].as_array().into_iter().flatten() {
                if let Some(number) = port["hostPort"].as_i64().filter(|n| *n > 0) {
                    mold.ports.push((port["protocol"].as_str().unwrap_or("TCP").to_owned(), number));
                }
            }
        }
        mold.tolerations =
            spec["tolerations"].as_array().into_iter().flatten().map(PodToleration::read).collect();
        let selector = spec["nodeSelector"].as_object().into_iter().flatten();
        mold.node_selector =
            selector.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect();
        mold.critical = spec["priority"].as_i64().unwrap_or(0) >= CRITICAL;
        mold.behavior = Behavior::of(pod);
        mold
    }
}

/// Thousandths of a core.
#[must_use]
pub fn cpu(quantity: &str) -> i64 {
    match quantity.strip_suffix('m') {
        Some(milli) => milli.parse().unwrap_or(0),
        None => scaled(quantity, 1_000),
    }
}

/// Bytes.
#[must_use]
pub fn bytes(quantity: &str) -> i64 {
    let units: [(&str, i64); 8] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
    ];
    for (unit, factor) in units {
        if let Some(number) = quantity.strip_suffix(unit) {
            return scaled(number, factor);
        }
    }
    scaled(quantity, 1)
}

/// A decimal number times a factor, cut to a whole number; unreadable is 0.
fn scaled(number: &str, factor: i64) -> i64 {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let Ok(whole) = whole.parse::<i64>() else { return 0 };
    let mut sum = whole.saturating_mul(factor);
    let mut part = factor;
    for digit in fraction.chars().filter_map(|c| c.to_digit(10)).take(9) {
        part /= 10;
        sum = sum.saturating_add(part.saturating_mul(i64::from(digit)));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_api_writes_them() {
        assert_eq!([cpu("100m"), cpu("2"), cpu("1.5"), cpu("")], [100, 2_000, 1_500, 0]);
        assert_eq!([bytes("64Mi"), bytes("1Gi"), bytes("1k"), bytes("12")], [64 << 20, 1 << 30, 1_000, 12]);
    }
}
