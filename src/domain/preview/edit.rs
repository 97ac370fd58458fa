//! Changes to nodes as people type them, in kubectl's forms.

use std::collections::BTreeMap;

use super::NodeChange;
use crate::domain::label::{check_key, check_value};
use crate::domain::object::{Taint, TaintEffect};
use crate::domain::text::{Text, sanitize};

/// An edit that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditError(String);

/// Whether a word is an edit of labels rather than a node's name.
#[must_use]
pub fn is_label_edit(word: &str) -> bool {
    word.contains('=') || word.ends_with('-')
}

/// Whether a word is an edit of taints rather than a node's name.
#[must_use]
pub fn is_taint_edit(word: &str) -> bool {
    word.contains(['=', ':']) || word.ends_with('-')
}

/// Reads edits of labels: `key=value` sets, `key-` removes.
///
/// # Errors
/// Says which edit is wrong, and why.
pub fn read_label_edits<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<NodeChange, EditError> {
    let mut labels: BTreeMap<Text, Option<Text>> = BTreeMap::new();
    for word in words {
        let (key, value) = match (word.split_once('='), word.strip_suffix('-')) {
            (Some((key, value)), _) => (key, Some(value)),
            (None, Some(key)) => (key, None),
            (None, None) => return Err(wrong(word, "write key=value to set a label, key- to remove one")),
        };
        check_key(key)
            .and_then(|()| check_value(value.unwrap_or_default()))
            .map_err(|why| wrong(word, &why))?;
        let value = value.map(Text::new);
        match labels.get(key) {
            Some(known) if known.is_some() != value.is_some() => {
                return Err(wrong(word, &format!("the label {key} is both set and removed")));
            }
            Some(known) if *known != value => {
                return Err(wrong(word, &format!("the label {key} is set to two values")));
            }
            _ => labels.insert(Text::new(key), value),
        };
    }
    if labels.is_empty() {
        return Err(EditError(
            "no label change given; write key=value to set a label, key- to remove one".to_owned(),
        ));
    }
    Ok(NodeChange { labels, ..NodeChange::default() })
}

/// Reads edits of taints: `key=value:Effect` and `key:Effect` add, `key:Effect-` and `key-` remove.
///
/// # Errors
/// Says which edit is wrong, and why.
pub fn read_taint_edits<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<NodeChange, EditError> {
    let mut change = NodeChange::default();
    for word in words {
        if let Some(removed) = word.strip_suffix('-') {
            let (key, _, effect) = read_taint(word, removed)?;
            change.remove_taints.push((key, effect));
            continue;
        }
        let (key, value, effect) = read_taint(word, word)?;
        let how = "it has no effect; write key=value:NoSchedule, PreferNoSchedule or NoExecute";
        let effect = effect.ok_or_else(|| wrong(word, how))?;
        if change.add_taints.iter().any(|known| known.key == key && known.effect == effect) {
            return Err(wrong(word, &format!("the taint {key}:{} is given twice", effect.as_str())));
        }
        change.add_taints.push(Taint { key, value, effect });
    }
    if change == NodeChange::default() {
        let how = "write key=value:Effect to add a taint, key:Effect- or key- to remove one";
        return Err(EditError(format!("no taint change given; {how}")));
    }
    let both = change.add_taints.iter().find(|added| {
        let meant = |(key, effect): &(Text, Option<TaintEffect>)| {
            *key == added.key && effect.as_ref().is_none_or(|effect| *effect == added.effect)
        };
        change.remove_taints.iter().any(meant)
    });
    match both {
        Some(taint) => Err(EditError(format!("the taint {taint} is both added and removed"))),
        None => Ok(change),
    }
}

/// A change in the words that are read back as it: `pool=m5`, `pool-`, `k=v:NoSchedule`, `k:NoSchedule-`; a cordon has
/// none but its own name.
#[must_use]
pub fn edit_words(change: &NodeChange) -> Vec<String> {
    let labels = change.labels.iter().map(|(key, value)| match value {
        Some(value) => format!("{key}={value}"),
        None => format!("{key}-"),
    });
    let added = change.add_taints.iter().map(ToString::to_string);
    let removed = change.remove_taints.iter().map(|(key, effect)| match effect {
        Some(effect) => format!("{key}:{}-", effect.as_str()),
        None => format!("{key}-"),
    });
    let cordon = change.unschedulable.map(|cordoned| if cordoned { "cordon" } else { "uncordon" }.to_owned());
    labels.chain(added).chain(removed).chain(cordon).collect()
}

/// Key, value and effect of `key[=value][:Effect]`.
fn read_taint(word: &str, written: &str) -> Result<(Text, Text, Option<TaintEffect>), EditError> {
    let (pair, effect) = match written.split_once(':') {
        Some((pair, effect)) => (pair, Some(effect)),
        None => (written, None),
    };
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    check_key(key).and_then(|()| check_value(value)).map_err(|why| wrong(word, &why))?;
    let effect = match effect.map(|effect| TaintEffect::from(Text::new(effect))) {
        Some(TaintEffect::Other(effect)) => {
            let why = format!(
                "{:?} is no effect; there are NoSchedule, PreferNoSchedule and NoExecute",
                effect.as_str()
            );
            return Err(wrong(word, &why));
        }
        effect => effect,
    };
    Ok((Text::new(key), Text::new(value), effect))
}

fn wrong(word: &str, why: &str) -> EditError {
    EditError(format!("cannot read {:?}: {why}", sanitize(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_edits_are_read_as_kubectl_reads_them() {
        let change = read_label_edits(["a=b", "example.com/c=", "d-", "a=b"]).unwrap();
        let read: Vec<(&str, Option<&str>)> =
            change.labels.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
        assert_eq!(read, [("a", Some("b")), ("d", None), ("example.com/c", Some(""))]);
        for (words, told) in [
            (&[][..], "no label change"),
            (&["a"], "key=value"),
            (&["=b"], "empty"),
            (&["-"], "empty"),
            (&["a=b=c"], "'='"),
            (&["a=b", "a-"], "both set and removed"),
            (&["a-", "a=b"], "both set and removed"),
            (&["a=b", "a=c"], "two values"),
            (&["a=b c"], "' '"),
            (&["A.com/x=1"], "lower-case"),
        ] {
            let error = read_label_edits(words.iter().copied()).unwrap_err().to_string();
            assert!(error.contains(told), "{words:?}: {error}");
        }
    }

    #[test]
    fn taint_edits_are_read_as_kubectl_reads_them() {
        let change =
            read_taint_edits(["a=b:NoSchedule", "c:NoExecute", "d-", "e:NoSchedule-", "f=g:NoExecute-"])
                .unwrap();
        assert_eq!(
            change.add_taints.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["a=b:NoSchedule", "c:NoExecute"]
        );
        assert_eq!(
            change.remove_taints,
            [
                ("d".into(), None),
                ("e".into(), Some(TaintEffect::NoSchedule)),
                ("f".into(), Some(TaintEffect::NoExecute))
            ]
        );
        // Another effect of the same key is another taint.
        assert!(read_taint_edits(["a:NoSchedule", "a:NoExecute-"]).is_ok());
        for (words, told) in [
            (&[][..], "no taint change"),
            (&["a=b"], "no effect"),
            (&["a"], "no effect"),
            (&["a:"], "is no effect"),
            (&["a:noschedule"], "\"noschedule\" is no effect"),
            (&["a:NoSchedule:x"], "is no effect"),
            (&[":NoSchedule"], "empty"),
            (&["a=b=c:NoSchedule"], "'='"),
            (&["a:NoSchedule", "a-"], "both added and removed"),
            (&["a:NoSchedule-", "a=x:NoSchedule"], "both added and removed"),
            (&["a=1:NoSchedule", "a=2:NoSchedule"], "twice"),
        ] {
            let error = read_taint_edits(words.iter().copied()).unwrap_err().to_string();
            assert!(error.contains(told), "{words:?}: {error}");
        }
    }
}
