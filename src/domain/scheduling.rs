//! What the scheduler says about a daemon pod, in plain words.
//!
//! A daemon pod may run on one node only, named by its affinity. So of `0/3 nodes are available: 1 Insufficient cpu,
//! 2 node(s) didn't satisfy plugin(s) [NodeAffinity].` the first part is about its node, and the second says no more
//! than that the others are not it.

/// How the scheduler says that a node is not the one the pod's affinity names.
const NOT_ITS_NODE: &str = "node(s) didn't satisfy plugin(s) [NodeAffinity]";

/// What each plugin of the scheduler says, and what it means for the one node (semantics §1.7).
const MEANINGS: [(&str, &str); 18] = [
    ("Too many pods", "the node has as many pods as its kubelet allows"),
    ("didn't have free ports", "a host port that the pod wants is taken on its node"),
    ("had untolerated taint", "the node has a taint that the pod does not tolerate"),
    (
        "didn't match Pod's node affinity/selector",
        "the node does not match the pod's affinity or nodeSelector",
    ),
    ("didn't match the requested node name", "the pod names another node"),
    ("were unschedulable", "the node is cordoned, and this pod does not tolerate that"),
    ("had no available disk", "a disk that the pod wants is in use"),
    ("ReadWriteOncePod", "a volume that only one pod may use is in use by another pod"),
    ("exceed max volume count", "the node has as many volumes as it can attach"),
    ("didn't find available persistent volumes", "no free persistent volume suits the pod"),
    ("didn't match PersistentVolume's node affinity", "the pod's volume may not be used on its node"),
    ("did not have enough free storage", "there is not enough free storage for the pod's volume on its node"),
    ("had no available volume zone", "the pod's volume is in another zone than its node"),
    ("missing required label", "the node lacks the label by which the pod is to be spread"),
    ("didn't match pod topology spread constraints", "the pod's spread constraints do not allow its node"),
    ("pod anti-affinity rules", "the pod's anti-affinity keeps it away from a pod on its node"),
    ("didn't match pod affinity rules", "the pod that its affinity wants beside it is not there"),
    ("existing pods anti-affinity", "a pod on the node wants it kept away"),
];

/// What keeps a daemon pod from its node, one sentence a reason, without a full stop; the message itself where it is
/// not of the scheduler's form.
#[must_use]
pub fn plain_words(message: &str) -> Vec<String> {
    let Some((_, rest)) = message.split_once(" nodes are available: ") else {
        return vec![message.trim_end_matches('.').to_owned()];
    };
    let (reasons, after) = rest.split_once(". ").unwrap_or((rest.trim_end_matches('.'), ""));
    let without_count = |part: &str| {
        let part = part.trim();
        part.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().to_owned()
    };
    let own: Vec<String> =
        reasons.split(", ").map(without_count).filter(|reason| reason != NOT_ITS_NODE).collect();
    if own.is_empty() {
        return vec!["the node that the pod is for does not exist for the scheduler".to_owned()];
    }
    let mut words: Vec<String> = own.iter().map(|reason| meaning(reason)).collect();
    if after.contains("No preemption victims found") {
        words.push("no pod of lower priority could make room for it".to_owned());
    }
    words
}

fn meaning(reason: &str) -> String {
    if let Some(resource) = reason.strip_prefix("Insufficient ") {
        return format!(
            "not enough {resource} is free on its node: what the pods there request leaves less than this one asks for"
        );
    }
    let known = MEANINGS.iter().find(|(said, _)| reason.contains(said));
    known.map_or_else(|| reason.to_owned(), |(_, meaning)| (*meaning).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_about_the_node_is_told() {
        let tail = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
        let others = "2 node(s) didn't satisfy plugin(s) [NodeAffinity]";
        for (message, told) in [
            (
                format!("0/3 nodes are available: 1 Insufficient cpu, {others}. {tail}"),
                vec!["not enough cpu"],
            ),
            (
                format!("0/3 nodes are available: 1 Insufficient memory, 1 Too many pods, {others}."),
                vec!["not enough memory", "as many pods"],
            ),
            (
                format!(
                    "0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, {others}. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
                ),
                vec!["host port", "lower priority"],
            ),
            (format!("0/3 nodes are available: {}.", others.replace('2', "3")), vec!["does not exist"]),
            (
                format!("0/3 nodes are available: 1 node(s) had untolerated taint {{a.b/c: d}}, {others}. x"),
                vec!["a taint"],
            ),
            (format!("0/3 nodes are available: 1 something new, {others}."), vec!["something new"]),
            ("skip schedule deleting pod.".to_owned(), vec!["skip schedule deleting pod"]),
            (String::new(), vec![""]),
            ("0/3 nodes are available: ".to_owned(), vec![""]),
        ] {
            let words = plain_words(&message);
            assert_eq!(words.len(), told.len(), "{message}: {words:?}");
            for (word, told) in words.iter().zip(told) {
                assert!(word.contains(told), "{message}: {words:?}");
            }
        }
    }

    #[test]
    fn every_meaning_is_found_by_what_is_said() {
        for (said, meant) in MEANINGS {
            let message = format!("0/9 nodes are available: 1 node(s) {said}, 8 {NOT_ITS_NODE}.");
            assert_eq!(plain_words(&message), [meant]);
        }
    }
}
