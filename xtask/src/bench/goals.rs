//! What the benchmarks are asked, and which answers we want.

/// One line of the table: a benchmark of ours, alone or against a peer of the same run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) measure: Measure,
    /// Criterion's names: `group/function`.
    pub(super) ours: &'static str,
    pub(super) peer: Option<&'static str>,
    pub(super) goal: Goal,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Wall-clock time of one of so many equal parts of an iteration.
    Time { parts: u32 },
    /// The most memory that was resident.
    Memory,
    /// Wall-clock time of single events, of which the long ones matter.
    Tail(Part),
}

/// How many of the events took at most that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Half of them.
    Half,
    /// 999 of 1,000.
    Most,
}

/// What the answer should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// At most so many times the peer's.
    Ratio(f64),
    /// At most so many nanoseconds.
    Nanoseconds(f64),
    /// To be watched.
    Open,
}

const fn time(
    name: &'static str,
    ours: &'static str,
    peer: Option<&'static str>,
    goal: Goal,
) -> Question {
    let measure = Measure::Time { parts: 1 };
    Question {
        name,
        measure,
        ours,
        peer,
        goal,
    }
}

const fn parts(parts: u32, question: Question) -> Question {
    Question {
        measure: Measure::Time { parts },
        ..question
    }
}

const fn memory(name: &'static str, ours: &'static str, peer: &'static str) -> Question {
    Question {
        name,
        measure: Measure::Memory,
        ours,
        peer: Some(peer),
        goal: Goal::Ratio(1.0),
    }
}

/// A call by stub against a direct one; the loops of the benchmark make 1,024 calls.
const fn stub_call(name: &'static str, ours: &'static str, peer: &'static str) -> Question {
    parts(1_024, time(name, ours, Some(peer), Goal::Ratio(1.4)))
}

/// With a counter against without.
const fn counter(name: &'static str, ours: &'static str, peer: &'static str) -> Question {
    time(name, ours, Some(peer), Goal::Ratio(1.25))
}

/// A step on the thread that runs the program.
const fn trip(name: &'static str, ours: &'static str) -> Question {
    time(name, ours, None, Goal::Nanoseconds(1_000.0))
}

/// A whole process.
const fn process(name: &'static str, ours: &'static str, peer: &'static str) -> Question {
    time(name, ours, Some(peer), Goal::Ratio(1.0))
}

/// A program of 50,000 functions against one of 1,000, per function.
const fn scaling(name: &'static str, ours: &'static str, peer: &'static str) -> Question {
    parts(1_000, time(name, ours, Some(peer), Goal::Ratio(1.3)))
}

/// The same in memory that stays.
const fn scaling_memory(name: &'static str, ours: &'static str, peer: &'static str) -> Question {
    Question {
        goal: Goal::Ratio(1.3),
        ..memory(name, ours, peer)
    }
}

/// A static local against a variable that needs no guard.
const fn getter(name: &'static str, ours: &'static str) -> Question {
    time(name, ours, Some("facts_getter/global"), Goal::Ratio(1.02))
}

const fn tail(
    part: Part,
    name: &'static str,
    ours: &'static str,
    peer: Option<&'static str>,
    goal: Goal,
) -> Question {
    Question {
        measure: Measure::Tail(part),
        ..time(name, ours, peer, goal)
    }
}

/// While so many threads call.
const fn swaps(name: &'static str, ours: &'static str) -> Question {
    time(name, ours, None, Goal::Nanoseconds(1e9))
}

const fn open(name: &'static str, ours: &'static str) -> Question {
    time(name, ours, None, Goal::Open)
}

/// In the order of the table.
pub(super) const QUESTIONS: &[Question] = &[
    stub_call(
        "stub call, small function",
        "stub_call_small/stub",
        "stub_call_small/direct",
    ),
    stub_call(
        "stub call, empty function",
        "stub_call_empty/stub",
        "stub_call_empty/direct",
    ),
    stub_call(
        "stub call, 16 small functions",
        "stub_call_many/stub",
        "stub_call_many/direct",
    ),
    counter(
        "entry counter, fib",
        "entry_counter_fib/with",
        "entry_counter_fib/without",
    ),
    counter(
        "entry counter, tak",
        "entry_counter_tak/with",
        "entry_counter_tak/without",
    ),
    counter(
        "entry counter, virtual calls",
        "entry_counter_virtual/with",
        "entry_counter_virtual/without",
    ),
    time(
        "throw, 10,000 versions later",
        "tiering/throw_after_10000_versions",
        Some("tiering/throw_before"),
        Goal::Ratio(2.0),
    ),
    time(
        "call that pins",
        "tiering/call_pinned",
        Some("tiering/call_plain"),
        Goal::Open,
    ),
    tail(
        Part::Most,
        "longest call while promoted, p99.9, against one that is not",
        "tiering/longest_call_promoting",
        Some("tiering/longest_call_quiet"),
        Goal::Nanoseconds(20_000.0),
    ),
    tail(
        Part::Half,
        "longest call while promoted, p50, against one that is not",
        "tiering/longest_call_promoting",
        Some("tiering/longest_call_quiet"),
        Goal::Open,
    ),
    tail(
        Part::Most,
        "of these, the call that trips, p99.9",
        "tiering/call_that_trips",
        None,
        Goal::Nanoseconds(20_000.0),
    ),
    tail(
        Part::Half,
        "of these, the call that trips, p50",
        "tiering/call_that_trips",
        None,
        Goal::Open,
    ),
    tail(
        Part::Most,
        "of these, the first of the new version, p99.9",
        "tiering/call_at_exchange",
        None,
        Goal::Nanoseconds(20_000.0),
    ),
    swaps(
        "a million swaps, 2 threads call",
        "tiering/million_swaps_2_threads",
    ),
    swaps(
        "a million swaps, 8 threads call",
        "tiering/million_swaps_8_threads",
    ),
    swaps(
        "a million swaps, 32 threads call",
        "tiering/million_swaps_32_threads",
    ),
    tail(
        Part::Half,
        "10,000 functions hot at once, until all are optimised",
        "tiering/crowd_settles",
        None,
        Goal::Open,
    ),
    Question {
        measure: Measure::Memory,
        ..open(
            "10,000 functions hot at once, memory at the peak",
            "tiering/crowd_settles",
        )
    },
    tail(
        Part::Half,
        "10,000 functions hot at once, each called meanwhile, against afterwards",
        "tiering/crowd_round_meanwhile",
        Some("tiering/crowd_round_afterwards"),
        Goal::Open,
    ),
    trip("trip, worker busy", "trip/worker_busy"),
    trip("trip, worker draining", "trip/worker_draining"),
    Question {
        peer: Some("trip/bare_wake"),
        ..trip(
            "trip, worker asleep, against a bare wake",
            "trip/worker_asleep",
        )
    },
    trip("trip, queue full", "trip/queue_full"),
    trip("trip, queued already", "trip/queued_already"),
    process(
        "hello, time against lli",
        "startup_hello/tjit",
        "startup_hello/lli",
    ),
    process(
        "hello, time against lli orc-lazy",
        "startup_hello/tjit",
        "startup_hello/lli_orc_lazy",
    ),
    memory(
        "hello, memory against lli",
        "startup_hello/tjit",
        "startup_hello/lli",
    ),
    process(
        "shapes, time against lli",
        "startup_shapes/tjit",
        "startup_shapes/lli",
    ),
    process(
        "shapes, time against lli orc-lazy",
        "startup_shapes/tjit",
        "startup_shapes/lli_orc_lazy",
    ),
    memory(
        "shapes, memory against lli",
        "startup_shapes/tjit",
        "startup_shapes/lli",
    ),
    open("recompile, addition", "recompile/add"),
    open("recompile, dot product", "recompile/dot"),
    open("recompile, 50 lines of C++", "recompile/evaluate"),
    getter(
        "getter of a static that changes, optimised, against a global",
        "facts_getter/changing",
    ),
    getter(
        "getter of a static that keeps its value, optimised, against a global",
        "facts_getter/kept",
    ),
    process(
        "filter with frozen coefficients, against -O3",
        "facts_filter/frozen",
        "facts_filter/ahead_of_time",
    ),
    process(
        "interpreter with a frozen plan, against -O3",
        "facts_evaluate/frozen",
        "facts_evaluate/ahead_of_time",
    ),
    open("slice, one function", "slice/one"),
    time(
        "slice, one function compiled with -g",
        "slice/one_of_debug_info",
        None,
        Goal::Nanoseconds(50_000.0),
    ),
    parts(16, open("slice, each of 16", "slice/group_of_16")),
    open("slice, unit with imports", "slice/unit"),
    scaling(
        "parse and link, one module, per function of 50k against 1k",
        "link_one_module/50k",
        "link_one_module/1k",
    ),
    scaling(
        "parse and link, one module, per function of 10k against 1k",
        "link_one_module/10k",
        "link_one_module/1k",
    ),
    scaling_memory(
        "link, one module, memory kept per function of 50k against 1k",
        "link_one_module/50k",
        "link_one_module/1k",
    ),
    scaling(
        "parse and link, modules of 100, per function of 50k against 1k",
        "link_many_modules/50k",
        "link_many_modules/1k",
    ),
    scaling(
        "parse and link, modules of 100, per function of 10k against 1k",
        "link_many_modules/10k",
        "link_many_modules/1k",
    ),
    scaling_memory(
        "link, modules of 100, memory kept per function of 50k against 1k",
        "link_many_modules/50k",
        "link_many_modules/1k",
    ),
    scaling(
        "parse and link, modules of 100 with -g, per function of 50k against 1k",
        "link_debug_info/50k",
        "link_debug_info/1k",
    ),
    scaling(
        "parse and link, modules of 100 with -g, per function of 10k against 1k",
        "link_debug_info/10k",
        "link_debug_info/1k",
    ),
    scaling_memory(
        "link, modules of 100 with -g, memory kept per function of 50k against 1k",
        "link_debug_info/50k",
        "link_debug_info/1k",
    ),
    scaling(
        "link what is parsed, modules of 100, per function of 50k against 1k",
        "link_alone_many_modules/50k",
        "link_alone_many_modules/1k",
    ),
    scaling(
        "link what is parsed, modules of 100, per function of 10k against 1k",
        "link_alone_many_modules/10k",
        "link_alone_many_modules/1k",
    ),
    scaling(
        "add_modules, per function of 50k against 1k",
        "add_modules/50k",
        "add_modules/1k",
    ),
    time(
        "add one module to 50k functions against 1k",
        "add_one_module/50k",
        Some("add_one_module/1k"),
        Goal::Ratio(1.3),
    ),
];
