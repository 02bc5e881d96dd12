//! The ends of qualified names, as LLVM 22.1.8 sees them.

use alloc::{format, string::String};

use proptest::prelude::*;

use super::*;

/// Qualified name, what follows it. Most were written by clang for a C++ program made for the purpose; the rest are
/// names that only MSVC writes.
const NAMES: &[(&str, &str)] = &[
    ("?$TSS0@?1??f@S@B@A@@UEBAHH@Z@", "4HA"),
    (
        "??$?RH@<lambda_1>@?0??get@?$Arr@H$04@@QEBAHH@Z@",
        "QEBA?A?<auto>@@H@Z",
    ),
    (
        "??$?RH@<lambda_1>@?0??get@?$Arr@U?$Arr@D$02@@$0DOI@@@QEBAHH@Z@",
        "QEBA?A?<auto>@@H@Z",
    ),
    (
        "??$?RH@<lambda_1>@?0??get@?$Arr@US@B@A@@$0A@@@QEBAHH@Z@",
        "QEBA?A?<auto>@@H@Z",
    ),
    ("??$av@$M$$T0A@@@", "YAHXZ"),
    ("??$av@$MD0GD@@@", "YAHXZ"),
    ("??$av@$MH04@@", "YAHXZ"),
    ("??$av@$MH0?4@@", "YAHXZ"),
    (
        "??$av@$MP6AH$$QEAUS@B@A@@PEDU123@@Z1?sf@123@SAH01@Z@@",
        "YAHXZ",
    ),
    ("??$av@$MP8S@B@A@@EBAHH@Z1??_9123@$BA@AA@@", "YAHXZ"),
    ("??$av@$MPEQS@B@A@@H07@@", "YAHXZ"),
    ("??$conv@N@?$Arr@H$04@@", "QEAANNPEAH@Z"),
    (
        "??$conv@P6AXHUS@B@A@@@Z@?$Arr@H$04@@",
        "QEAAP6AXHUS@B@A@@@ZP6AXH0@ZPEAH@Z",
    ),
    ("??$fp@$1?tgt@@YAXH@Z@@", "YAXXZ"),
    ("??$g@$$V@?$Tup@H$$V@@", "QEAAXU0@@Z"),
    (
        "??$g@HAEBUS@B@A@@@?$Tup@HU?$Tup@D$$V@@PEBD@@",
        "QEAAXU0@$$QEAHAEBUS@B@A@@@Z",
    ),
    ("??$mf@$1??_9S@B@A@@$BA@AA@@", "YAHAEAUS@B@A@@@Z"),
    ("??$mp@$07@@", "YAHAEAUS@B@A@@@Z"),
    ("??$pf@$1?gg@@3HA@@", "YAHXZ"),
    ("??$rf@$1?gg@@3HA@@", "YAHXZ"),
    ("??$tt@UArr@@@@", "YAXXZ"),
    ("??$va@$$V@@", "YAXXZ"),
    (
        "??$va@HDW4E@B@A@@W4F@23@TU@23@@@",
        "YAXHDW4E@B@A@@W4F@12@TU@12@@Z",
    ),
    ("??$vdp@$FBI@A@@@", "YAXXZ"),
    ("??$vmp@$I??_9VD@@$BA@AAA@3@@", "YAXXZ"),
    (
        "??R<lambda_1>@?0??q@L@?1???$tl@H@@YAHH@Z@QEAAHXZ@",
        "QEBA?A?<auto>@@XZ",
    ),
    (
        "??R<lambda_1>@?0??q@L@?1???$tl@PEAUS@B@A@@@@YAHPEAUS@B@A@@@Z@QEAAHXZ@",
        "QEBA?A?<auto>@@XZ",
    ),
    ("?l@?1??loc@@YAHXZ@", "4UL@?1??1@YAHXZ@A"),
    ("?m@K@?1??excn@@9@", "QEAAHXZ"),
    ("?q@?1??f@S@B@A@@UEBAHH@Z@", "4HA"),
    ("?q@L@?1???$tl@H@@YAHH@Z@", "QEAAHXZ"),
    ("?q@L@?1???$tl@PEAUS@B@A@@@@YAHPEAUS@B@A@@@Z@", "QEAAHXZ"),
    ("?q@L@?1??loc@@YAHXZ@", "QEAAHXZ"),
    ("?r@M@?1??q@L@?1??loc@@YAHXZ@QEAAHXZ@", "QEAAHXZ"),
    ("?t@?1???A?$Q@H@N2@N1@@QEAAAEAHH@Z@", "4HA"),
    ("?f@?1???_8S@B@A@@7BX@@Y@@@@", "YAXXZ"),
    ("?f@?1???_9S@B@A@@$BBA@AA@", "@YAXXZ"),
    ("?f@?1???_C@_02PCEFGMJL@hi?$AA@@", "@YAXXZ"),
    ("?f@?1???_C@_13FPGAJAPJ@?$AAh?$AA?$AA@@", "@YAXXZ"),
    ("?f@?1???_R1A@?0A@EA@X@@8@", "YAXXZ"),
    ("?f@?1???__E?m@HS@@2HA@@YAXXZ@", "YAXXZ"),
    ("?f@?1???@0123@@", "YAXXZ"),
    ("?f@?1??g@S@@$R4A@A@PPPPPPPM@A@EAAXXZ@", "YAXXZ"),
    ("?f@?1??g@@3PEQS@@HEQ1@@", "YAXXZ"),
    ("?f@?1???_Bg@@51@", "YAXXZ"),
    ("?f@?1??g@@4PEAHEA@", "YAXXZ"),
    ("??$f@$1?g@@YAXXZ@@", "YAXXZ"),
    ("??$f@$H?m@S@@QEAAXXZA@@@", "YAXXZ"),
    ("??$f@$J?m@S@@QEAAXXZA@A@A@@@", "YAXXZ"),
    ("??$f@$G7A@A@@@", "YAXXZ"),
    ("??$f@$E?gg@@3HA@@", "YAXXZ"),
    ("??$f@P8S@@EDAHH@Z@@", "YAXXZ"),
    ("??$f@W4E@B@A@@T3@@@", "YAXXZ"),
    ("??$f@$S$$$V$$Z@@", "YAXXZ"),
    ("??$f@$$BY02$$CBH@@", "YAXXZ"),
    ("??$ty@$$A6AHZ_E@@", "YAXXZ"),
    ("??$ty@$$A8@@EBAXXZ@@", "YAXXZ"),
    ("??$ty@$$BY123H@@", "YAXXZ"),
    ("??$ty@$$T@@", "YAXXZ"),
    ("??0S@B@A@@", "QEAA@AEBU012@@Z"),
    ("??__K_lit@@", "YA_K_K@Z"),
    ("??Bs@@", "QEBAHXZ"),
    ("?f@S@@", "$4PPPPPPPM@A@EAAXXZ"),
    ("?f@?A0x1234@@", "YAXXZ"),
    ("?f@?M@??g@@YAXXZ@", "YAXXZ"),
    ("?f@?BB@??g@@YAXXZ@", "YAXXZ"),
    ("?x@@", "3HA"),
];

#[test]
fn qualified_names_end_where_llvm_says() {
    for &(qualified_name, rest) in NAMES {
        let name = format!("{qualified_name}{rest}");
        let length = qualified_name_len(&name);
        assert_eq!(length, Some(qualified_name.len()), "{name}");
    }
}

#[test]
fn malformed_names_are_refused() {
    let malformed = [
        "",
        "f@@YAXXZ",
        "?",
        "?f",
        "?f@",
        "?@@YAXXZ",
        // A constructor of nothing, and one where a type has to be.
        "??0@QEAA@XZ",
        "??$f@V?$?0H@@@@YAXXZ",
        // Back-references to names and parameters that are not there.
        "?f@1@@YAXXZ",
        "??$f@P6AX0@Z@@YAXXZ",
        // A conversion operator without a result, a variable that is none.
        "?f@?1???BS@@QEAA@XZ@YAXXZ",
        "?f@?1???BS@@3HA@YAXXZ",
        // Neither kind of pointer, an array of no rank, an unknown type.
        "??$f@P7H@@YAXXZ",
        "??$f@PZH@@YAXXZ",
        "??$f@YA@H@@YAXXZ",
        "??$f@L@@YAXXZ",
        // A number without an end, a negative one where none can be.
        "??$f@$0AAAA",
        "??$f@Y0?1H@@YAXXZ",
        // String literals longer than they say.
        "?f@?1???_C@_11LOCGONAA@?$AA?$AA?$AA@@@YAXXZ",
        // Names of type descriptors, which end where they end.
        "?f@?1???_R0H@8@YAXXZ",
    ];
    for name in malformed {
        assert_eq!(qualified_name_len(name), None, "{name}");
    }
}

#[test]
fn nesting_is_limited() {
    let pointers = |depth: usize| format!("??$f@{}H@@YAXXZ", "PEA".repeat(depth));
    let depth = cursor::MAX_DEPTH - 2;
    assert_eq!(
        qualified_name_len(&pointers(depth)),
        Some(pointers(depth).len() - "YAXXZ".len())
    );
    assert_eq!(qualified_name_len(&pointers(depth + 1)), None);
    assert_eq!(qualified_name_len(&pointers(20_000)), None);
    assert_eq!(qualified_name_len(&"?$?$?".repeat(10_000)), None);
    assert_eq!(qualified_name_len(&"?f@?1?".repeat(10_000)), None);
}

/// Pieces of good names put together at random.
fn almost_names() -> impl Strategy<Value = String> {
    let piece = (0..NAMES.len(), any::<prop::sample::Index>(), 1..12usize).prop_map(
        |(name, start, length)| {
            let (qualified_name, rest) = NAMES[name];
            let name = format!("{qualified_name}{rest}");
            let start = start.index(name.len());
            String::from(&name[start..name.len().min(start + length)])
        },
    );
    prop::collection::vec(piece, 1..12).prop_map(|pieces| format!("?{}", pieces.concat()))
}

proptest! {
    /// Whatever the name, reading ends, within the name, and on a boundary between characters.
    #[test]
    fn any_name_is_read_or_refused(name in prop_oneof![almost_names(), any::<String>()]) {
        if let Some(length) = qualified_name_len(&name) {
            prop_assert!(name.is_char_boundary(length));
            prop_assert!(name[..length].ends_with('@'));
        }
    }
}
