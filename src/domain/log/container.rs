//! Which container's log is meant, and which there are.

use crate::domain::object::{Pod, Template};
use crate::domain::text::Text;

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// Runs before the others.
    Init,
    /// An init container that runs as long as the pod.
    Sidecar,
    /// An ordinary one.
    Main,
}

impl ContainerKind {
    /// A word for lists; empty for an ordinary one.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Sidecar => "sidecar",
            Self::Main => "",
        }
    }
}

/// All containers of a pod: the ordinary ones first, as its template orders them, then sidecars and init containers.
#[must_use]
pub fn containers(pod: &Pod, template: &Template) -> Vec<(Text, ContainerKind)> {
    // The kubelet sorts the statuses by name; the template knows the order people wrote.
    let place = |name: &Text| template.containers.iter().position(|container| container.name == *name);
    let mut main: Vec<&Text> = pod.containers.iter().map(|container| &container.name).collect();
    if main.is_empty() {
        main = template.containers.iter().map(|container| &container.name).collect();
    }
    main.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
    let init = |sidecar: bool| {
        let kind = if sidecar { ContainerKind::Sidecar } else { ContainerKind::Init };
        let of_kind = pod.init.iter().filter(move |init| init.sidecar == sidecar);
        of_kind.map(move |init| (init.name.clone(), kind))
    };
    main.into_iter()
        .map(|name| (name.clone(), ContainerKind::Main))
        .chain(init(true))
        .chain(init(false))
        .collect()
}

/// The container that is meant where none is named: the one of the annotation
/// `kubectl.kubernetes.io/default-container`, else the first (kubectl, `podcmd.FindOrDefaultContainerByName`).
#[must_use]
pub fn default_container(pod: &Pod, template: &Template) -> Option<Text> {
    let all = containers(pod, template);
    let annotated = all.iter().find(|(name, _)| !name.is_empty() && *name == template.default_container);
    annotated.or(all.first()).map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::DaemonSet;

    fn pod(json: &str) -> Pod {
        serde_json::from_str(json).unwrap()
    }

    fn template(annotation: &str) -> Template {
        let json = format!(
            r#"{{"spec":{{"template":{{"metadata":{{"annotations":{{"kubectl.kubernetes.io/default-container":"{annotation}"}}}},
            "spec":{{"containers":[{{"name":"main"}},{{"name":"aside"}}]}}}}}}}}"#
        );
        serde_json::from_str::<DaemonSet>(&json).unwrap().template
    }

    #[test]
    fn the_annotation_decides_and_else_the_first_of_the_template() {
        let pod = pod(
            r#"{"spec":{"containers":[{},{}],"initContainers":[{"name":"prepare"},{"name":"proxy","restartPolicy":"Always"}]},
            "status":{"containerStatuses":[{"name":"aside"},{"name":"main"}]}}"#,
        );
        assert_eq!(default_container(&pod, &template("")).unwrap(), "main");
        assert_eq!(default_container(&pod, &template("aside")).unwrap(), "aside");
        assert_eq!(default_container(&pod, &template("proxy")).unwrap(), "proxy");
        assert_eq!(default_container(&pod, &template("nonsense")).unwrap(), "main");
        let all: Vec<_> = containers(&pod, &template(""))
            .into_iter()
            .map(|(name, kind)| format!("{name} {}", kind.word()))
            .collect();
        assert_eq!(all, ["main ", "aside ", "proxy sidecar", "prepare init"]);
    }

    #[test]
    fn a_pod_without_statuses_has_the_containers_of_its_template() {
        assert_eq!(default_container(&pod("{}"), &template("")).unwrap(), "main");
        assert_eq!(default_container(&pod("{}"), &Template::default()), None);
    }
}
