//! Four at once, each once; the first error stops or does not; what is not as shown is left out.

use serde_json::json;

use super::*;

fn raw(name: &str, pool: &str) -> RawObject {
    RawObject::new(json!({"metadata": {"name": name, "uid": format!("u-{name}"), "labels": {"pool": pool},
        "managedFields": [{"manager": "someone", "time": "2026-01-02T03:04:05Z",
            "fieldsV1": {"f:metadata": {"f:labels": {"f:pool": {}}}}}]},
        "spec": {}}))
}

fn edit(name: &str) -> NodeEdit {
    let labels = [(Text::new("pool"), Some(Text::new("m6")))].into();
    let shown = raw(name, "m5").decode().expect("a node");
    NodeEdit { shown, change: NodeChange { labels, ..NodeChange::default() } }
}

fn batch(nodes: usize) -> Batch {
    let node = |at: usize| (edit(&format!("n{at}")), Ok(Some(raw(&format!("n{at}"), "m5"))));
    Batch::new((0..nodes).map(node).collect())
}

#[test]
fn a_few_go_at_once_and_each_only_once() {
    let mut batch = batch(6);
    let mut sent: Vec<NodeName> = std::iter::from_fn(|| batch.send_next()).map(|(node, _)| node).collect();
    assert_eq!(sent.len(), AT_ONCE);
    batch.ended(&sent[0].clone(), NodeResult::Done);
    sent.extend(std::iter::from_fn(|| batch.send_next()).map(|(node, _)| node));
    assert_eq!(sent.len(), AT_ONCE + 1);
    for node in &sent[1..] {
        batch.ended(node, NodeResult::Done);
    }
    assert!(!batch.is_over(), "{}", batch.words());
    let (last, _) = batch.send_next().expect("one waits");
    batch.ended(&last, NodeResult::Done);
    assert!(batch.is_over() && batch.is_good() && batch.send_next().is_none());
    assert_eq!((batch.words().as_str(), batch.inverse().len()), ("6 done", 6));
}

#[test]
fn the_first_error_stops_or_does_not_as_chosen() {
    for (on_error, words) in
        [(OnError::Stop, "3 done, 1 denied, 4 not tried"), (OnError::Continue, "7 done, 1 denied")]
    {
        let mut batch = batch(8);
        batch.set_on_error(on_error);
        let mut first = true;
        while !batch.is_over() {
            let sent: Vec<_> = std::iter::from_fn(|| batch.send_next()).collect();
            for (node, _) in sent {
                let denied = NodeResult::Denied(Text::new("no"));
                batch.ended(&node, if std::mem::take(&mut first) { denied } else { NodeResult::Done });
            }
        }
        assert_eq!(batch.words(), words);
        assert!(!batch.is_good());
    }
}

#[test]
fn what_is_not_as_shown_is_left_out_with_who_did_it() {
    let batch = Batch::new(vec![
        (edit("n1"), Ok(Some(raw("n1", "m7")))),
        (edit("n2"), Ok(None)),
        (edit("n3"), Ok(Some(raw("n3", "m5")))),
    ]);
    let left_out: Vec<String> =
        batch.left_out().map(|(node, result)| format!("{node} {}", result.words())).collect();
    assert_eq!(
        left_out,
        [
            "n1 conflict: label pool was \"m5\" and is \"m7\" (by someone at 2026-01-02T03:04:05Z); nothing was written",
            "n2 gone: the node was deleted meanwhile"
        ]
    );
    assert_eq!((batch.ready().count(), batch.word().as_str()), (1, "n3"));
}
