//! The two forms of a report whose figures are made up.

use super::*;

fn phases_of(codegen: u64, link: u64) -> Phases {
    let all = Phase::ALL.into_iter().map(|phase| (phase.name(), 0));
    all.chain([("codegen", codegen), ("link", link)]).collect()
}

fn report() -> Report {
    let tier = |tier, name: &str, compiles, total_us| TierReport {
        tier,
        name: name.to_owned(),
        compiles,
        failures: 0,
        code_bytes: 4_096,
        total_us,
        phases_us: phases_of(total_us, 0),
    };
    Report {
        functions: Functions {
            total: 20,
            compiled: 12,
            optimized: 12,
            failed: 1,
        },
        tiers: vec![
            tier(0, "baseline", 12, 1_500),
            tier(2, "optimized", 12, 30_000),
        ],
        trips: 12,
        trips_dropped: 0,
        requests: 0,
        invalidations: 0,
        promoted: (0..12)
            .map(|index| Promoted {
                function: format!("f{index}(int)"),
                symbol: format!("_Z2f{index}i"),
                tier: 1,
                cause: "trip".to_owned(),
                code_bytes: 64,
                total_us: 2_500,
                phases_us: phases_of(2_500, 0),
            })
            .collect(),
        failures: vec![Failure {
            function: "g".to_owned(),
            symbol: "g".to_owned(),
            reason: "no\nway".to_owned(),
        }],
        frontend_us: 0,
        wall_us: 40_250,
    }
}

#[test]
fn text_names_the_first_functions_and_counts_the_others() {
    let text = report().to_string();
    assert!(
        text.starts_with("tjit: 20 functions: 12 compiled, 12 optimized, 1 failed\n"),
        "{text}"
    );
    assert!(
        text.contains("f9(int)\nand 2 more\n") && !text.contains("f10(int)"),
        "{text}"
    );
    assert!(text.contains("failed: g: no way\n"), "{text}");
}

#[test]
fn phases_that_took_no_time_have_no_column() {
    let text = report().to_string();
    assert!(text.contains("codegen") && !text.contains("link"), "{text}");
    assert!(!text.contains("sources"), "{text}");
}

#[test]
fn json_is_one_line_with_every_key() {
    let json = report().json();
    assert_eq!(json.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&json).expect("it parses");
    assert_eq!(value["functions"]["total"], 20);
    assert_eq!(value["tiers"][1]["phases_us"]["codegen"], 30_000);
    assert_eq!(value["promoted"].as_array().map(Vec::len), Some(12));
    for key in [
        "trips",
        "trips_dropped",
        "requests",
        "invalidations",
        "failures",
        "frontend_us",
        "wall_us",
    ] {
        assert!(!value[key].is_null(), "{key}");
    }
}

#[test]
fn long_names_are_cut_in_the_text_only() {
    let mut report = report();
    report.promoted[0].function = "ä".repeat(NAME + 1);
    let cut = "ä".repeat(NAME) + "…\n";
    assert!(report.to_string().contains(&cut));
    assert!(report.json().contains(&"ä".repeat(NAME + 1)));
}
