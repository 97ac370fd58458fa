//! Choosing the representation a client asks for.

use crate::demo::store::Rejection;

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Whole objects.
    Json,
    /// Rows for people, as `kubectl get` prints them.
    Table,
    /// Metadata only.
    Metadata,
}

/// What a client accepts, best first; empty for anything.
#[derive(Debug, Default)]
pub(super) struct Accept(Vec<Option<Form>>);

impl Accept {
    /// Reads an `Accept` header.
    pub(super) fn parse(header: &str) -> Self {
        Self(header.split(',').filter(|r| !r.trim().is_empty()).map(range).collect())
    }

    /// The first form the client likes that there is.
    pub(super) fn form(&self) -> Result<Form, Rejection> {
        if self.0.is_empty() {
            return Ok(Form::Json);
        }
        self.0.iter().copied().flatten().next().ok_or_else(|| Rejection::not_acceptable("application/json"))
    }
}

fn range(range: &str) -> Option<Form> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    if !matches!(media, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let (mut form, mut version, mut group) = ("", "v1", "meta.k8s.io");
    for (key, value) in parts.filter_map(|p| p.split_once('=')) {
        match key.trim() {
            "as" => form = value.trim(),
            "v" => version = value.trim(),
            "g" => group = value.trim(),
            _ => {}
        }
    }
    if form.is_empty() {
        return Some(Form::Json);
    }
    match (form, version, group) {
        ("Table", "v1", "meta.k8s.io") => Some(Form::Table),
        ("PartialObjectMetadata" | "PartialObjectMetadataList", "v1", "meta.k8s.io") => Some(Form::Metadata),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_form_wins() {
        let form = |h: &str| Accept::parse(h).form().ok();
        assert_eq!(form(""), Some(Form::Json));
        assert_eq!(form("*/*"), Some(Form::Json));
        assert_eq!(form("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"), Some(Form::Table));
        assert_eq!(
            form("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"),
            Some(Form::Json)
        );
        assert_eq!(form("application/vnd.kubernetes.protobuf,application/json"), Some(Form::Json));
        assert_eq!(
            form("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
            Some(Form::Metadata)
        );
        assert_eq!(form("application/vnd.kubernetes.protobuf"), None);
    }
}
