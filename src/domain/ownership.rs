//! Who else keeps an object as it is: Argo CD, Flux or Helm would undo what is changed by hand.

use super::raw::RawObject;
use super::text::Text;

/// A tool that keeps objects as a repository or a chart says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keeper {
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
    /// Helm.
    Helm,
}

/// A keeper, and by what it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The tool.
    pub keeper: Keeper,
    /// The label, annotation or field manager that says so, like `tracking-id prod:apps/DaemonSet:logging/agent`.
    pub evidence: Text,
}

/// What tells a keeper by a label or an annotation: its key, and what it is called in words. Not `helm.sh/chart` or
/// `app.kubernetes.io/managed-by`: those are also on charts that were rendered once and applied with kubectl.
const MARKS: [(Keeper, &str, &str); 5] = [
    (Keeper::ArgoCd, "argocd.argoproj.io/tracking-id", "tracking-id"),
    (Keeper::ArgoCd, "argocd.argoproj.io/instance", "application"),
    (Keeper::Flux, "kustomize.toolkit.fluxcd.io/name", "Kustomization"),
    (Keeper::Flux, "helm.toolkit.fluxcd.io/name", "HelmRelease"),
    (Keeper::Helm, "meta.helm.sh/release-name", "release"),
];

/// What tells a keeper by the name under which it writes.
const MANAGERS: [(Keeper, &str); 6] = [
    (Keeper::ArgoCd, "argocd-controller"),
    (Keeper::ArgoCd, "argocd-application-controller"),
    (Keeper::Flux, "kustomize-controller"),
    (Keeper::Flux, "helm-controller"),
    (Keeper::Helm, "helm"),
    (Keeper::Helm, "Helm"),
];

impl Ownership {
    /// What becomes of a change made by hand.
    #[must_use]
    pub fn warning(&self) -> String {
        let evidence = &self.evidence;
        match self.keeper {
            Keeper::ArgoCd => format!("will be reverted by Argo CD, unless self-heal is off ({evidence})"),
            Keeper::Flux => format!("will be reverted by Flux at its next reconciliation ({evidence})"),
            Keeper::Helm => format!("will be overwritten by the next helm upgrade ({evidence})"),
        }
    }
}

/// Who keeps an object; none is nobody that shows.
#[must_use]
pub fn ownership(object: &RawObject) -> Option<Ownership> {
    let text = |map: &str, key: &str| object.at(map)?.get(key)?.as_str().filter(|value| !value.is_empty());
    let by_mark = |(keeper, key, word): &(Keeper, &str, &str)| {
        let value = text("/metadata/annotations", key).or_else(|| text("/metadata/labels", key))?;
        Some(Ownership { keeper: *keeper, evidence: Text::new(&format!("{word} {value}")) })
    };
    let managers = || {
        let fields = object.at("/metadata/managedFields").and_then(serde_json::Value::as_array)?;
        fields.iter().filter_map(|entry| entry.get("manager")?.as_str()).find_map(|manager| {
            let (keeper, _) = MANAGERS.iter().find(|(_, name)| *name == manager)?;
            Some(Ownership { keeper: *keeper, evidence: Text::new(&format!("field manager {manager}")) })
        })
    };
    // Flux installs charts and Argo CD renders them: those put things back by themselves, so they are named first.
    let all = MARKS.iter().filter_map(by_mark).chain(managers());
    all.min_by_key(|ownership| ownership.keeper)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_keeper_is_known_by_its_marks() {
        for (metadata, told) in [
            (json!({}), None),
            (
                json!({"labels": {"helm.sh/chart": "agent-1.2", "app.kubernetes.io/managed-by": "Helm"}, "annotations": null}),
                None,
            ),
            (json!({"managedFields": [{"manager": "kubectl"}, {"manager": "dsgrid"}]}), None),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "prod:apps/DaemonSet:logging/agent"}}),
                Some(
                    "will be reverted by Argo CD, unless self-heal is off (tracking-id prod:apps/DaemonSet:logging/agent)",
                ),
            ),
            (
                json!({"labels": {"argocd.argoproj.io/instance": "prod", "helm.sh/chart": "agent-1.2"}}),
                Some("will be reverted by Argo CD, unless self-heal is off (application prod)"),
            ),
            (
                json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}),
                Some("will be reverted by Flux at its next reconciliation (Kustomization apps)"),
            ),
            (
                json!({"labels": {"app.kubernetes.io/managed-by": "Helm"}, "managedFields": [{"manager": "helm-controller"}]}),
                Some("will be reverted by Flux at its next reconciliation (field manager helm-controller)"),
            ),
            (
                json!({"annotations": {"meta.helm.sh/release-name": "a\u{1b}[31mgent"}}),
                Some("will be overwritten by the next helm upgrade (release agent)"),
            ),
        ] {
            let object = RawObject::new(json!({"metadata": metadata}));
            let warning = ownership(&object).map(|ownership| ownership.warning());
            assert_eq!(warning.as_deref(), told, "{object:?}");
        }
    }
}
