//! Requests from outside, good and bad.

use tiered_jit::inkwell::module::Linkage;
use tiered_jit::{Cause, Error, LinkError, Tier};

use crate::support::{TALLY, bodies, load_cpp, nullary, quiet, unary, with_threshold};

#[test]
fn a_function_that_was_never_called_can_be_recompiled() {
    let jit = quiet(TALLY);
    let version = jit
        .reoptimize("tally")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    assert_eq!(
        (version.tier, version.cause),
        (Tier::OPTIMIZED, Cause::Request)
    );
    assert_eq!(nullary(&jit, "tally"), 1);
    assert_eq!(bodies(&jit, "tally"), ["tally_optimized"]);
}

#[test]
fn each_request_makes_a_version() {
    let jit = quiet(TALLY);
    assert_eq!(nullary(&jit, "tally"), 1);
    for expected in [
        "tally_optimized",
        "tally_v2_optimized",
        "tally_v3_optimized",
    ] {
        let version = jit
            .reoptimize("tally")
            .expect("it exists")
            .wait()
            .expect("it compiles");
        assert_eq!(&*version.body, expected);
    }
    assert_eq!(nullary(&jit, "tally"), 2);
}

#[test]
fn a_transformation_changes_what_the_function_does() {
    let jit = quiet(TALLY);
    assert_eq!(unary(&jit, "twice", 10), 20);
    jit.reoptimize("twice")
        .expect("it exists")
        .transform(|module, function| {
            let builder = module.get_context().create_builder();
            let entry = function.get_first_basic_block().ok_or("no body")?;
            builder.position_before(&entry.get_first_instruction().ok_or("an empty block")?);
            let argument = function
                .get_first_param()
                .ok_or("no parameter")?
                .into_int_value();
            let tenfold = builder.build_int_mul(
                argument,
                argument.get_type().const_int(10, false),
                "tenfold",
            )?;
            builder.build_return(Some(&tenfold))?;
            let mut next = entry
                .get_terminator()
                .and_then(|last| last.get_previous_instruction());
            let _ = &mut next;
            // What follows the new return is unreachable and must go for the block to be well-formed.
            for instruction in entry
                .get_instructions()
                .skip_while(|i| {
                    i.get_opcode() != tiered_jit::inkwell::values::InstructionOpcode::Return
                })
                .skip(1)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                instruction.erase_from_basic_block();
            }
            Ok(())
        })
        .wait()
        .expect("it compiles");
    assert_eq!(unary(&jit, "twice", 10), 100);
}

#[track_caller]
fn expect_transform_error(
    result: Result<std::sync::Arc<tiered_jit::VersionInfo>, Error>,
    words: &str,
) {
    match result {
        Err(Error::Transform { function, reason }) => {
            assert_eq!(function, "twice");
            assert!(reason.contains(words), "{reason}");
        }
        other => panic!("expected a transform error with {words:?}, got {other:?}"),
    }
}

#[test]
fn a_broken_transformation_leaves_the_old_version_running() {
    let jit = quiet(TALLY);
    assert_eq!(unary(&jit, "twice", 1), 2);
    let request = || jit.reoptimize("twice").expect("it exists");

    expect_transform_error(
        request()
            .transform(|_, _| Err("it is Tuesday".into()))
            .wait(),
        "it is Tuesday",
    );
    expect_transform_error(
        request().transform(|_, _| panic!("out of cheese")).wait(),
        "out of cheese",
    );
    let dropped_terminator = request().transform(|_, function| {
        let last = function
            .get_last_basic_block()
            .and_then(|block| block.get_terminator());
        last.ok_or("no terminator")?.erase_from_basic_block();
        Ok(())
    });
    expect_transform_error(dropped_terminator.wait(), "broken module");
    let renamed = request().transform(|_, function| {
        function.as_global_value().set_name("somebody_else");
        Ok(())
    });
    expect_transform_error(renamed.wait(), "renamed");
    let emptied = request().transform(|_, function| {
        for block in function.get_basic_blocks() {
            // SAFETY: the only block, whose values nobody else uses.
            unsafe { block.delete() }.map_err(|()| "a block can't be deleted")?;
        }
        Ok(())
    });
    assert!(emptied.wait().is_err());

    assert_eq!(bodies(&jit, "twice"), ["twice_baseline"]);
    assert_eq!(unary(&jit, "twice", 21), 42);
    assert_eq!(jit.stats().failures(), 5);
    // A failure does not stand in the way of the next request.
    request().wait().expect("it compiles");
    assert_eq!(unary(&jit, "twice", 21), 42);
}

#[test]
fn a_broken_request_does_not_take_others_down() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let (release, gate) = std::sync::mpsc::channel::<()>();
    // Holds the worker, so that the next requests meet in the queue.
    let blocker = jit
        .reoptimize("tally")
        .expect("it exists")
        .transform(move |_, _| gate.recv().map_err(Into::into))
        .submit();
    let bad = request().transform(|_, _| Err("bad".into())).submit();
    let good = request().submit();
    let misspelt = request().pipeline("default<O9>").submit();
    release.send(()).expect("the worker waits");
    assert!(blocker.wait().is_ok());
    assert!(bad.wait().is_err());
    assert!(misspelt.wait().is_err());
    assert!(good.wait().is_ok());
}

#[test]
fn a_misspelt_pipeline_is_an_error_that_says_so() {
    let jit = quiet(TALLY);
    let error = jit
        .reoptimize("twice")
        .expect("it exists")
        .pipeline("defualt<O3>")
        .wait()
        .expect_err("no such pass");
    assert!(error.to_string().contains("defualt"), "{error}");
    assert_eq!(unary(&jit, "twice", 4), 8);
}

#[test]
fn a_symbol_that_a_transformation_made_up_is_an_error() {
    let jit = quiet(TALLY);
    let result = jit
        .reoptimize("twice")
        .expect("it exists")
        .transform(|module, function| {
            let nowhere = module.add_function(
                "nowhere_to_be_found",
                function.get_type(),
                Some(Linkage::External),
            );
            let builder = module.get_context().create_builder();
            let entry = function.get_first_basic_block().ok_or("no body")?;
            builder.position_before(&entry.get_first_instruction().ok_or("an empty block")?);
            let argument = function.get_first_param().ok_or("no parameter")?;
            builder.build_call(nowhere, &[argument.into()], "")?;
            Ok(())
        })
        .wait();
    let error = result.expect_err("the symbol is missing").to_string();
    assert!(error.contains("nowhere_to_be_found"), "{error}");
    assert_eq!(unary(&jit, "twice", 4), 8);
}

#[test]
fn names_are_looked_up_as_the_source_spells_them() {
    let jit = load_cpp(
        with_threshold(1 << 40),
        "struct Circle { double r; double area() const; long size(int) const; long size(long) const; };\n\
         double Circle::area() const { return 3 * r * r; }\nlong Circle::size(int) const { return 1; }\nlong Circle::size(long) const { return 2; }\n",
    );
    for name in ["Circle::area", "Circle::area() const", "_ZNK6Circle4areaEv"] {
        assert_eq!(
            jit.reoptimize(name).expect(name).symbol(),
            "_ZNK6Circle4areaEv"
        );
    }
    let Err(Error::Link(error)) = jit.reoptimize("Circle::size") else {
        panic!("two functions have that name")
    };
    let LinkError::Ambiguous { candidates, .. } = &*error else {
        panic!("{error}")
    };
    assert_eq!(candidates.len(), 2, "{candidates:?}");
    let Err(Error::Link(error)) = jit.reoptimize("Circle::aera") else {
        panic!("no function has that name")
    };
    assert!(error.to_string().contains("Circle::area"), "{error}");
}

#[test]
fn tickets_of_a_jit_that_ends_say_so() {
    let jit = quiet(TALLY);
    let (entered, is_running) = std::sync::mpsc::channel::<()>();
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let blocker = jit
        .reoptimize("tally")
        .expect("it exists")
        .transform(move |_, _| {
            entered.send(())?;
            gate.recv().map_err(Into::into)
        });
    let blocker = blocker.submit();
    is_running
        .recv()
        .expect("the worker runs the transformation");
    let waiting = jit.reoptimize("twice").expect("it exists").submit();
    let ender = std::thread::spawn(move || drop(jit));
    let ended = waiting.wait();
    assert!(matches!(ended, Err(Error::ShutDown(_))), "{ended:?}");
    release.send(()).expect("the worker waits");
    assert!(blocker.wait().is_ok());
    ender.join().expect("the JIT ends");
}
