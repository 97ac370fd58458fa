//! DaemonSet manifests from files: read strictly, checked and completed as the API server does, and held
//! against the live object.

mod check;
mod defaults;
mod quantity;
mod read;

use k8s_openapi::api::apps::v1 as api;
use serde_json::Value;

use crate::domain::object::DaemonSet;
use crate::domain::text::Text;

pub use read::read;

/// The annotation of `kubectl rollout restart`, which `kubectl apply` of a manifest without it leaves alone.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// A DaemonSet as a file wants it.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Where it stands, for messages: the file and, where it has several, the document.
    pub place: String,
    /// The DaemonSet; its namespace is empty where the file names none.
    pub daemon_set: DaemonSet,
    spec: NormalSpec,
}

/// The parts of a spec that are compared, in a form in which equal means equal to the server.
#[derive(Clone, Debug, PartialEq)]
struct NormalSpec {
    selector: Value,
    template: Value,
}

/// A manifest that cannot be used; one sentence that names the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct ManifestError {
    /// The file and the document.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

/// What a manifest does to the live object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Whether the template changes.
    pub changed: bool,
    /// The hash of the stored revision that holds the new template.
    pub revision: Option<Text>,
}

impl Manifest {
    /// Holds the manifest against the live object and its stored revisions, as the server sent them.
    ///
    /// # Errors
    /// The server would refuse the change, or sent something that is no DaemonSet.
    pub fn against(&self, live: &Value, revisions: &[Value]) -> Result<Update, ManifestError> {
        let wrong = |why: &str| ManifestError { place: self.place.clone(), why: why.to_owned() };
        let live = serde_json::from_value::<api::DaemonSet>(live.clone())
            .map_err(|error| wrong(&format!("the live DaemonSet cannot be read: {error}")))?;
        let live = NormalSpec::of(&live.spec.unwrap_or_default());
        if live.selector != self.spec.selector {
            return Err(wrong("spec.selector cannot be changed; delete the DaemonSet and create it anew"));
        }
        let mut template = self.spec.template.clone();
        if let Some(restarted) = live.template["metadata"]["annotations"].get(RESTARTED)
            && template["metadata"]["annotations"].get(RESTARTED).is_none()
        {
            template["metadata"]["annotations"][RESTARTED] = restarted.clone();
        }
        let uid = self.stored(revisions, &template);
        Ok(Update { changed: template != live.template, revision: uid })
    }

    /// The hash of the stored revision that holds a template.
    fn stored(&self, revisions: &[Value], template: &Value) -> Option<Text> {
        let holds = |revision: &&Value| {
            let owner = &revision["metadata"]["ownerReferences"][0]["name"];
            let stored = revision["data"]["spec"]["template"].clone();
            owner.as_str() == Some(self.daemon_set.meta.key.name.as_str())
                && serde_json::from_value(stored).is_ok_and(|stored| defaults::template(&stored) == *template)
        };
        let hash = &revisions.iter().find(holds)?["metadata"]["labels"]["controller-revision-hash"];
        hash.as_str().map(Text::new)
    }
}

impl NormalSpec {
    fn of(spec: &api::DaemonSetSpec) -> Self {
        Self { selector: defaults::normal(&spec.selector), template: defaults::template(&spec.template) }
    }
}

#[cfg(test)]
mod tests;
