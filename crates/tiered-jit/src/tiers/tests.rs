//! Lists of tiers as text.

use super::*;

fn list(text: &str) -> Vec<TierSpec> {
    text.parse::<Tiers>()
        .unwrap_or_else(|error| panic!("{error}"))
        .0
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = text.parse::<Tiers>().expect_err(text).to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn each_part_is_optional_where_it_can_be() {
    let tiers = list("baseline:1000, quick=default<O1>:10/never ,peak={sroa,default<O3>}");
    let [baseline, quick, peak] = &tiers[..] else {
        panic!("{tiers:?}")
    };
    assert_eq!((&*baseline.name, &baseline.pipeline), ("baseline", &None));
    assert_eq!(baseline.thresholds.loops, NonZeroU64::new(60_000));
    assert_eq!(quick.pipeline.as_deref(), Some("default<O1>"));
    assert_eq!(quick.thresholds.calls, NonZeroU64::new(10));
    assert_eq!(quick.thresholds.loops, None);
    assert_eq!(peak.pipeline.as_deref(), Some("sroa,default<O3>"));
    assert!(!peak.thresholds.counts());
    assert_eq!(list("b:never/7,o")[0].thresholds.calls, None);
    assert_eq!(list("b,o=function(sroa,instcombine)").len(), 2);
}

#[test]
fn errors_name_the_tier_and_say_what_to_write() {
    check_error("", "a name has letters");
    check_error("baseline:1000", "tier `baseline`: there must be another");
    check_error("b:1,o:2", "tier `o`: the last tier");
    check_error("b=default<O0>:1,o", "the first tier has no pipeline");
    check_error("b:1,q=default<O1>,o", "tier `q`: it would never be left");
    check_error("b:0,o", "each a number from 1");
    check_error(
        "b:1,o=sroa,default<O3>",
        "tier `default<O3>`: a name has letters",
    );
    check_error("b:1,o=", "no pipeline behind `=`");
    check_error("b:1:2,o", "more than one `:`");
    check_error("b:1,b", "another of that name");
    let many = "t:1,".repeat(16) + "last";
    check_error(&many, "16 tiers at most");
}
