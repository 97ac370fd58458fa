//! The protobuf bodies that kubectl sends even to servers that speak JSON: delete options, evictions, namespaces,
//! disruption budgets, and questions about oneself.

use serde_json::{Map, Value, json};

use crate::demo::store::Rejection;

/// What Kubernetes puts before every protobuf message.
const MAGIC: &[u8] = b"k8s\0";

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(_) => &[],
        }
    }

    fn text(&self) -> Value {
        String::from_utf8_lossy(self.bytes()).into_owned().into()
    }

    fn number(&self) -> Value {
        match self {
            // Signed numbers travel as their two's complement.
            Self::Number(number) => number.cast_signed().into(),
            Self::Bytes(_) => Value::Null,
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The fields of a message, by number; None where it is cut or not protobuf.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let length = match tag & 7 {
            0 => {
                fields.push((tag >> 3, Field::Number(varint(&mut bytes)?)));
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = bytes.split_at_checked(length)?;
        fields.push((tag >> 3, Field::Bytes(content)));
        bytes = rest;
    }
    Some(fields)
}

fn last<'a, 'b>(fields: &'b [(u64, Field<'a>)], number: u64) -> Option<&'b Field<'a>> {
    fields.iter().rev().find(|(n, _)| *n == number).map(|(_, field)| field)
}

/// Reads a body as the JSON it stands for.
pub(super) fn decode(bytes: &[u8]) -> Result<Value, Rejection> {
    let damaged = || Rejection::bad_request("the request body is not a Kubernetes protobuf message");
    let envelope = bytes.strip_prefix(MAGIC).and_then(fields).ok_or_else(damaged)?;
    let content = |number| last(&envelope, number).map(Field::bytes).unwrap_or_default();
    let meaning = fields(content(1)).ok_or_else(damaged)?;
    let kind = last(&meaning, 2).map(Field::text).unwrap_or_default();
    let message = fields(content(2)).ok_or_else(damaged)?;
    match kind.as_str() {
        Some("DeleteOptions") => delete_options(&message).ok_or_else(damaged),
        Some("Eviction") => {
            let part = |number| last(&message, number).map(Field::bytes).unwrap_or_default();
            let options = fields(part(2)).and_then(|options| delete_options(&options)).ok_or_else(damaged)?;
            let meta = metadata(part(1)).ok_or_else(damaged)?;
            Ok(json!({"kind": "Eviction", "metadata": meta, "deleteOptions": options}))
        }
        Some("SelfSubjectReview") => Ok(json!({})),
        Some("SelfSubjectAccessReview") => access_review(&message).ok_or_else(damaged),
        Some("SelfSubjectRulesReview") => {
            let spec = last(&message, 2).map(Field::bytes).and_then(fields).unwrap_or_default();
            Ok(json!({"spec": {"namespace": last(&spec, 1).map(Field::text)}}))
        }
        Some("PodDisruptionBudget") => budget(&message).ok_or_else(damaged),
        Some("Namespace") => {
            let meta = last(&message, 1).map(Field::bytes).unwrap_or_default();
            let meta = metadata(meta).ok_or_else(damaged)?;
            Ok(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta}))
        }
        _ => Err(Rejection::unsupported_media_type("application/json, application/yaml")),
    }
}

fn delete_options(message: &[(u64, Field<'_>)]) -> Option<Value> {
    let mut options = json!({});
    for (number, field) in message {
        match number {
            1 => options["gracePeriodSeconds"] = field.number(),
            2 => {
                for (number, field) in fields(field.bytes())? {
                    match number {
                        1 => options["preconditions"]["uid"] = field.text(),
                        2 => options["preconditions"]["resourceVersion"] = field.text(),
                        _ => {}
                    }
                }
            }
            3 => options["orphanDependents"] = (field.number() == 1).into(),
            4 => options["propagationPolicy"] = field.text(),
            5 => options["dryRun"] = json!(["All"]),
            _ => {}
        }
    }
    Some(options)
}

/// A message inside another; empty where it is absent.
fn inner<'a>(message: &[(u64, Field<'a>)], number: u64) -> Option<Vec<(u64, Field<'a>)>> {
    last(message, number).map_or_else(|| Some(Vec::new()), |field| fields(field.bytes()))
}

fn access_review(message: &[(u64, Field<'_>)]) -> Option<Value> {
    let spec = inner(message, 2)?;
    if last(&spec, 1).is_none() {
        return Some(json!({"spec": {"nonResourceAttributes": {}}}));
    }
    let asked = inner(&spec, 1)?;
    let names = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
    let mut attributes = json!({});
    for (number, name) in (1..).zip(names) {
        if let Some(field) = last(&asked, number) {
            attributes[name] = field.text();
        }
    }
    Some(json!({"spec": {"resourceAttributes": attributes}}))
}

fn budget(message: &[(u64, Field<'_>)]) -> Option<Value> {
    let meta = metadata(last(message, 1).map(Field::bytes).unwrap_or_default())?;
    let wire = inner(message, 2)?;
    let mut spec = json!({});
    for (number, key) in [(1, "minAvailable"), (3, "maxUnavailable")] {
        if last(&wire, number).is_some() {
            let limit = inner(&wire, number)?;
            let share = last(&limit, 1).is_some_and(|kind| kind.number() == 1);
            let field = last(&limit, if share { 3 } else { 2 });
            spec[key] = field.map_or(0.into(), if share { Field::text } else { Field::number });
        }
    }
    if last(&wire, 2).is_some() {
        spec["selector"] = selector(&inner(&wire, 2)?)?;
    }
    if let Some(policy) = last(&wire, 4) {
        spec["unhealthyPodEvictionPolicy"] = policy.text();
    }
    Some(json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}))
}

fn selector(message: &[(u64, Field<'_>)]) -> Option<Value> {
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for (number, field) in message {
        let entry = fields(field.bytes())?;
        let text = |number| last(&entry, number).map_or_else(|| "".into(), Field::text);
        match number {
            1 => {
                labels.insert(text(1).as_str().unwrap_or_default().to_owned(), text(2));
            }
            2 => {
                let values = entry.iter().filter(|(number, _)| *number == 3).map(|(_, field)| field.text());
                expressions
                    .push(json!({"key": text(1), "operator": text(2), "values": values.collect::<Vec<_>>()}));
            }
            _ => {}
        }
    }
    Some(json!({"matchLabels": labels, "matchExpressions": expressions}))
}

fn metadata(bytes: &[u8]) -> Option<Value> {
    let (mut meta, mut labels, mut annotations) = (json!({}), Map::new(), Map::new());
    for (number, field) in fields(bytes)? {
        let map = match number {
            1 => {
                meta["name"] = field.text();
                continue;
            }
            2 => {
                meta["generateName"] = field.text();
                continue;
            }
            11 => &mut labels,
            12 => &mut annotations,
            _ => continue,
        };
        let entry = fields(field.bytes())?;
        let text = |number| last(&entry, number).map_or_else(|| "".into(), Field::text);
        map.insert(text(1).as_str().unwrap_or_default().to_owned(), text(2));
    }
    meta["labels"] = labels.into();
    meta["annotations"] = annotations.into();
    Some(meta)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(parts: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, content) in parts {
            bytes.push(number << 3 | 2);
            bytes.push(u8::try_from(content.len()).unwrap());
            bytes.extend_from_slice(content);
        }
        bytes
    }

    fn wrapped(kind: &str, raw: &[u8]) -> Vec<u8> {
        let meaning = message(&[(1, b"v1"), (2, kind.as_bytes())]);
        [MAGIC, &message(&[(1, &meaning), (2, raw)])].concat()
    }

    #[test]
    fn kubectls_two_messages_are_read_and_damage_is_refused() {
        let mut raw = vec![1 << 3, 0];
        raw.extend(message(&[(2, &message(&[(1, b"uid-1")])), (4, b"Orphan")]));
        let options = decode(&wrapped("DeleteOptions", &raw)).unwrap();
        let expected = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": "uid-1"}, "propagationPolicy": "Orphan"});
        assert_eq!(options, expected);
        let meta = message(&[(1, b"foo"), (11, &message(&[(1, b"a"), (2, b"b")]))]);
        let namespace = decode(&wrapped("Namespace", &message(&[(1, &meta)]))).unwrap();
        assert_eq!(namespace["metadata"]["labels"], json!({"a": "b"}));
        assert_eq!(decode(&wrapped("Pod", &[])).unwrap_err().code, 415);
        let whole = wrapped("DeleteOptions", &raw);
        for end in 0..whole.len() {
            // Whatever is cut off: an answer, never a panic.
            let _ = decode(&whole[..end]);
        }
        assert_eq!(decode(b"k8s\0\xff").unwrap_err().code, 400);
    }
}
