//! The embedder's transformations, run on the IR of a unit.

use tjit_failpoint::Point;
use tjit_orc::ThreadSafeModule;
use tjit_runtime::FunctionRecord;

use crate::Error;
use crate::request::Request;

/// Runs the transformations of one request and checks what they left behind.
pub(crate) fn transform(
    record: &FunctionRecord,
    unit: &ThreadSafeModule,
    body: &str,
    request: &mut Request,
) -> Result<(), Error> {
    if request.transforms.is_empty() {
        return Ok(());
    }
    let fail = |reason: String| Error::Transform {
        function: record.symbol().to_string(),
        reason,
    };
    tjit_failpoint::hit(Point::Transform).map_err(|injected| fail(injected.to_string()))?;
    let run = || unit.with_module(|module| apply(module, body, request));
    tjit_orc::guard("the transformation", run).map_err(|error| fail(error.message().to_owned()))?;
    unit.verify()
        .map_err(|error| fail(format!("it left a broken module: {}", error.message())))
}

fn apply(
    module: &inkwell::module::Module<'_>,
    body: &str,
    request: &mut Request,
) -> Result<(), tjit_orc::Error> {
    let refuse = |reason: &str| {
        Err(tjit_orc::Error::new(
            tjit_orc::ErrorKind::Passes,
            "the transformation",
            reason,
        ))
    };
    for transform in &mut request.transforms {
        let Some(function) = module.get_function(body) else {
            return refuse(&format!("it removed or renamed `{body}`"));
        };
        let signature = function.get_type();
        if let Err(error) = transform(module, function) {
            return refuse(&error.to_string());
        }
        match module.get_function(body) {
            Some(after) if after.count_basic_blocks() > 0 && after.get_type() == signature => {}
            Some(_) => {
                return refuse(&format!(
                    "it changed the type of `{body}` or dropped its blocks"
                ));
            }
            None => return refuse(&format!("it removed or renamed `{body}`")),
        }
    }
    Ok(())
}
