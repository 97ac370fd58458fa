//! YAML and JSON documents into manifests. All that knows YAML is here.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1 as api;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Manifest, ManifestError, NormalSpec, check};
use crate::domain::text::sanitize;

/// Reads the DaemonSets of a file: one or more YAML or JSON documents, or a List of them.
///
/// # Errors
/// The first document that does not parse, is no DaemonSet, or that the server would not accept.
pub fn read(file: &str, text: &str) -> Result<Vec<Manifest>, ManifestError> {
    let documents = if text.trim_start().starts_with('{') { json(file, text)? } else { yaml(file, text)? };
    if documents.is_empty() {
        return Err(ManifestError { place: file.to_owned(), why: "it holds no object".to_owned() });
    }
    documents
        .into_iter()
        .map(|Document { place, object, unknown }| {
            let daemon_set = object.map_err(|why| ManifestError { place: place.clone(), why })?;
            manifest(&place, &daemon_set, &unknown).map_err(|why| ManifestError { place, why })
        })
        .collect()
}

/// A document: where it stands, the object or why it is none, and the fields that nobody knows.
struct Document {
    place: String,
    object: Result<api::DaemonSet, String>,
    unknown: BTreeSet<String>,
}

impl Document {
    fn read<'de, D: Deserializer<'de>>(place: String, head: &Value, deserializer: D) -> Self
    where
        D::Error: std::fmt::Display,
    {
        let mut unknown = BTreeSet::new();
        let object = is_daemon_set(head).and_then(|()| {
            serde_ignored::deserialize(deserializer, |path| {
                // The reader goes through options, which are no part of a field's name.
                unknown.insert(path.to_string().replace(".?", ""));
            })
            .map_err(|error: D::Error| error.to_string())
        });
        Self { place, object, unknown }
    }
}

fn place(file: &str, number: usize, several: bool) -> String {
    if several { format!("{file}, document {}", number + 1) } else { file.to_owned() }
}

fn yaml(file: &str, text: &str) -> Result<Vec<Document>, ManifestError> {
    let mut heads: Vec<Value> = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        // Through YAML's own value, which refuses keys that are there twice.
        let head = serde_yaml::Value::deserialize(document).and_then(serde_yaml::from_value);
        let several = !heads.is_empty();
        heads.push(head.map_err(|error| ManifestError {
            place: place(file, heads.len(), several),
            why: format!("it is no valid YAML: {error}"),
        })?);
    }
    let several = heads.iter().filter(|head| !head.is_null()).count() > 1;
    let mut documents = Vec::new();
    for (number, (head, document)) in heads.iter().zip(serde_yaml::Deserializer::from_str(text)).enumerate() {
        let place = place(file, number, several);
        match head {
            Value::Null => {}
            list if is_list(list) => documents.extend(items(&place, list)),
            head => documents.push(Document::read(place, head, document)),
        }
    }
    Ok(documents)
}

fn json(file: &str, text: &str) -> Result<Vec<Document>, ManifestError> {
    let raw: Result<Vec<Box<RawValue>>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let wrong = |error: serde_json::Error| ManifestError {
        place: file.to_owned(),
        why: format!("it is no valid JSON: {error}"),
    };
    let raw = raw.map_err(wrong)?;
    let mut documents = Vec::new();
    for (number, one) in raw.iter().enumerate() {
        let place = place(file, number, raw.len() > 1);
        let head: Value = serde_json::from_str(one.get()).map_err(wrong)?;
        if is_list(&head) {
            documents.extend(items(&place, &head));
        } else {
            documents.push(Document::read(place, &head, &mut serde_json::Deserializer::from_str(one.get())));
        }
    }
    Ok(documents)
}

fn is_list(head: &Value) -> bool {
    matches!(head["kind"].as_str(), Some("List" | "DaemonSetList"))
}

fn items(place: &str, list: &Value) -> Vec<Document> {
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    let read =
        |(number, item): (usize, &Value)| Document::read(format!("{place}, item {}", number + 1), item, item);
    items.iter().enumerate().map(read).collect()
}

fn is_daemon_set(head: &Value) -> Result<(), String> {
    let text = |key: &str| head[key].as_str().unwrap_or_default().to_owned();
    match (text("apiVersion").as_str(), text("kind").as_str()) {
        ("apps/v1", "DaemonSet") => Ok(()),
        _ if !head.is_object() => Err("it is no object but a single value or a list".to_owned()),
        (_, "") => {
            Err("it has no kind; a manifest begins with apiVersion: apps/v1 and kind: DaemonSet".to_owned())
        }
        (version, "DaemonSet") => {
            Err(format!("its apiVersion is {:?}; DaemonSets are of apps/v1", sanitize(version)))
        }
        (_, kind) => Err(format!("it is a {}, not a DaemonSet; give only DaemonSets", sanitize(kind))),
    }
}

fn manifest(place: &str, object: &api::DaemonSet, unknown: &BTreeSet<String>) -> Result<Manifest, String> {
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|name| sanitize(name).into_owned()).collect();
        let word = if names.len() == 1 { "field" } else { "fields" };
        return Err(format!("unknown {word} {}", names.join(", ")));
    }
    let value = serde_json::to_value(object).map_err(|error| error.to_string())?;
    let daemon_set = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let wrong = check::daemon_set(object, &daemon_set);
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let spec = NormalSpec::of(&object.spec.clone().unwrap_or_default());
    Ok(Manifest { place: place.to_owned(), daemon_set, spec })
}
