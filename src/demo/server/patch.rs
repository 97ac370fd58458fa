//! The three patch formats.

use serde_json::Value;

use super::strategic;
use crate::demo::store::{Details, Rejection};

/// A patch format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatchType {
    Merge,
    Json,
    Strategic,
}

impl PatchType {
    /// The format behind a media type.
    pub(super) fn parse(media: &str) -> Result<Self, Rejection> {
        match media {
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/json-patch+json" => Ok(Self::Json),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            _ => Err(Rejection::unsupported_media_type(
                "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
            )),
        }
    }
}

/// A patch, read.
#[derive(Debug)]
pub(super) enum Patch {
    Merge(Value),
    Json(json_patch::Patch),
    Strategic(Value),
}

impl Patch {
    /// Reads a patch's body.
    pub(super) fn read(form: PatchType, body: Value) -> Result<Self, Rejection> {
        match form {
            PatchType::Json => serde_json::from_value(body).map(Self::Json).map_err(|e| {
                Rejection::bad_request(format!(
                    "the body is not a JSON patch: {e}; send a list of operations"
                ))
            }),
            _ if !body.is_object() => Err(Rejection::bad_request("the patch must be a JSON object")),
            PatchType::Merge => Ok(Self::Merge(body)),
            PatchType::Strategic => Ok(Self::Strategic(body)),
        }
    }

    /// Applies it.
    pub(super) fn apply(&self, object: &mut Value) -> Result<(), Rejection> {
        match self {
            Self::Merge(patch) => {
                json_patch::merge(object, patch);
                Ok(())
            }
            // The API server does not say which operation failed; neither may this one.
            Self::Json(patch) => {
                json_patch::patch(object, patch).map_err(|_| Rejection::patch_failed(Details::default()))
            }
            Self::Strategic(patch) => strategic::merge(object, patch),
        }
    }
}
