//! What requests do to the IR of a unit before it is optimised: the embedder's transformations, and specialisation.

use inkwell::module::Module;
use tjit_failpoint::Point;
use tjit_orc::{ErrorKind, ThreadSafeModule};
use tjit_reopt::{Argument, Constant, Guard};
use tjit_runtime::FunctionRecord;

use crate::Error;
use crate::engine::Engine;
use crate::request::{Request, Specialization, Step, Transform};

/// Takes the steps of one request, in order, and checks what they left behind.
pub(crate) fn transform(
    engine: &Engine,
    record: &FunctionRecord,
    (unit, body): (&ThreadSafeModule, &str),
    request: &mut Request,
) -> Result<(), Error> {
    if request.steps.is_empty() {
        return Ok(());
    }
    let fail = |reason: String| Error::Transform {
        function: record.symbol().to_string(),
        reason,
    };
    tjit_failpoint::hit(Point::Transform).map_err(|injected| fail(injected.to_string()))?;
    for step in &mut request.steps {
        match step {
            Step::Transform(transform) => {
                let run = || unit.with_module(|module| apply(module, body, transform));
                let applied = tjit_orc::guard("the transformation", run);
                applied.map_err(|error| fail(error.message().to_owned()))?;
            }
            Step::Specialize(specialization) => {
                // Not under the module's lock: it may have other modules compiled.
                let values = resolve(engine, specialization)?;
                specialize(unit, body, &values, specialization.guard)?;
            }
        }
    }
    unit.verify()
        .map_err(|error| fail(format!("it left a broken module: {}", error.message())))
}

fn apply(
    module: &Module<'_>,
    body: &str,
    transform: &mut Transform,
) -> Result<(), tjit_orc::Error> {
    let refuse = |reason: &str| {
        let operation = "the transformation";
        Err(tjit_orc::Error::new(ErrorKind::Passes, operation, reason))
    };
    let gone = || refuse(&format!("it removed or renamed `{body}`"));
    let Some(function) = module.get_function(body) else {
        return gone();
    };
    let signature = function.get_type();
    if let Err(error) = transform(module, function) {
        return refuse(&error.to_string());
    }
    match module.get_function(body) {
        Some(after) if after.count_basic_blocks() > 0 && after.get_type() == signature => Ok(()),
        Some(_) => refuse(&format!(
            "it changed the type of `{body}` or dropped its blocks"
        )),
        None => gone(),
    }
}

fn specialize(
    unit: &ThreadSafeModule,
    body: &str,
    values: &[(Argument, Constant)],
    guard: Guard,
) -> Result<(), Error> {
    unit.with_module(|module| {
        let Some(function) = module.get_function(body) else {
            return Ok(());
        };
        Ok(tjit_reopt::specialize(module, function, values, guard)?)
    })
}

/// The values, with functions and variables by their linker-level names. A variable that is compared becomes its address: a
/// pointer that is equal need not point to it, see [`Constant::Variable`].
fn resolve(
    engine: &Engine,
    specialization: &Specialization,
) -> Result<Vec<(Argument, Constant)>, Error> {
    let resolved = |value: &Constant| -> Result<Constant, Error> {
        match value {
            Constant::Function(name) => {
                let symbol = engine.program().resolve_name(name)?.to_owned();
                Ok(Constant::Function(symbol))
            }
            Constant::Variable(name) => {
                let variable = engine.program().resolve_variable(name)?;
                let symbol = variable.symbol.to_string();
                match specialization.guard {
                    Guard::Checked if !variable.is_thread_local => {
                        Ok(Constant::Address(engine.dylib.lookup(&symbol)?))
                    }
                    _ => Ok(Constant::Variable(symbol)),
                }
            }
            value => Ok(value.clone()),
        }
    };
    let values = specialization.values.iter();
    values
        .map(|(argument, value)| Ok((argument.clone(), resolved(value)?)))
        .collect()
}
