//! Pause and resume for every strategy and reason, and lost races for every write.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Every strategy that the API accepts, defaulted or not.
fn strategies() -> impl Strategy<Value = Value> {
    let limit = || {
        prop_oneof![(1..20_000_i64).prop_map(Value::from), (1..=100_u8).prop_map(|p| json!(format!("{p}%")))]
    };
    let zero = || prop_oneof![Just(json!(0)), Just(json!("0%"))];
    prop_oneof![
        (limit(), zero()).prop_map(|(some, none)| json!({"maxUnavailable": some, "maxSurge": none})),
        (zero(), limit()).prop_map(|(none, some)| json!({"maxUnavailable": none, "maxSurge": some})),
        limit().prop_map(|some| json!({"maxUnavailable": some})),
        Just(json!({})),
        Just(Value::Null),
    ]
    .prop_map(|limits| match limits {
        Value::Null => json!({"type": "RollingUpdate"}),
        limits => json!({"type": "RollingUpdate", "rollingUpdate": limits}),
    })
}

proptest! {
    #[test]
    fn pause_and_resume_are_the_identity_on_the_spec(
        strategy in strategies(),
        reason in any::<String>(),
        annotated in any::<bool>(),
    ) {
        let mut before = daemon_set(&strategy);
        if !annotated {
            before["metadata"]["annotations"] = json!({});
        }
        let stopped = edited(sent(&before, &paused_for(&before, &reason).unwrap()).unwrap());
        prop_assert!(matches!(paused_for(&stopped, &reason), Err(Refusal::PausedAlready(_))));
        let resumed = sent(&stopped, &resume(&raw(&stopped), &ResumeTo::Untouched).unwrap()).unwrap();
        prop_assert_eq!(&resumed["spec"], &before["spec"]);
        prop_assert_eq!(&resumed["metadata"]["annotations"], &before["metadata"]["annotations"]);
        // Whoever switches back by hand finds the limits as they were.
        let mut by_hand = stopped;
        by_hand["spec"]["updateStrategy"]["type"] = json!("RollingUpdate");
        prop_assert_eq!(&by_hand["spec"], &before["spec"]);
    }

    #[test]
    fn another_object_strategy_or_generation_is_never_written(
        was in strategies(),
        is in strategies(),
        case in 0..3,
    ) {
        let before = daemon_set(&was);
        let stopped = edited(sent(&before, &paused(&before).unwrap()).unwrap());
        let proposals = [
            (&before, paused(&before).unwrap()),
            (&stopped, resume(&raw(&stopped), &ResumeTo::Untouched).unwrap()),
            (&before, restart(&raw(&before), at(NOON)).unwrap()),
            (&before, undo(&raw(&before), &[revision(1, "3.0.0", "u-1"), revision(2, "3.2.0", "u-1")], None).unwrap().proposal),
        ];
        for (object, proposal) in proposals {
            let verb = proposal.command.verb;
            let mut now = object.clone();
            let lost = match case {
                0 => {
                    now["metadata"]["uid"] = json!("u-2");
                    true
                }
                1 => {
                    now = edited(now);
                    // A stop is not refused for an edit elsewhere.
                    verb != Verb::Pause
                }
                _ if was == is => false,
                _ => {
                    now = edited(now);
                    now["spec"]["updateStrategy"] = is.clone();
                    true
                }
            };
            prop_assert_eq!(sent(&now, &proposal).is_none(), lost, "{:?}", verb);
        }
    }
}
