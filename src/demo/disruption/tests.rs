//! Budgets over pods with and without a controller.

use super::*;

fn budget(min: Option<IntOrPercent>, max: Option<IntOrPercent>) -> PodDisruptionBudget {
    PodDisruptionBudget { min_available: min, max_unavailable: max, ..PodDisruptionBudget::default() }
}

fn members(controller: Option<&str>) -> Vec<Member> {
    let member =
        |name: &str| Member { name: Text::new(name), ready: true, controller: controller.map(Text::new) };
    ["a", "b", "c"].map(member).into()
}

#[test]
fn only_whole_numbers_can_be_counted_over_daemon_pods() {
    let (daemon, bare) = (members(Some("DaemonSet")), members(None));
    assert_eq!(expected(&budget(Some(IntOrPercent::Int(2)), None), &daemon), Ok((3, 2)));
    for uncountable in
        [budget(Some(IntOrPercent::Percent(50)), None), budget(None, Some(IntOrPercent::Int(1)))]
    {
        let why = expected(&uncountable, &daemon).unwrap_err();
        assert_eq!(why, "daemonsets.apps does not implement the scale subresource");
        assert_eq!(expected(&uncountable, &bare), Ok((0, 0)));
        assert_eq!(expected(&uncountable, &[]), Ok((0, 0)));
    }
    let other = expected(&budget(None, Some(IntOrPercent::Int(1))), &members(Some("Job")));
    assert_eq!(other.unwrap_err(), "found no controllers for pod \"a\"");
}
