//! Compiles IR that calls back into this program, links it when it is looked up, and runs it.
//!
//! Run with `cargo run -p tjit-orc --example hello`.

use std::error::Error;
use std::ffi::{CStr, c_char};
use std::io::Write;

use tjit_orc::{
    CodeGenLevel, EvaluatedSymbol, ExecutionSession, MaterializationUnit, Responsibility,
    SymbolFlags, TargetMachine, TargetOptions, ThreadSafeContext, ThreadSafeModule,
};

const HELLO: &str = r#"
@text = private unnamed_addr constant [18 x i8] c"hello from LLVM!\0A\00"
declare void @say(ptr)
define i32 @hello() {
  call void @say(ptr @text)
  ret i32 42
}
"#;

/// What the compiled code calls.
extern "C" fn say(text: *const c_char) {
    // SAFETY: the code above passes a constant that ends in a NUL byte.
    let text = unsafe { CStr::from_ptr(text) };
    // Nobody to tell if the terminal is gone.
    let _written = std::io::stdout().write_all(text.to_bytes());
}

/// A module that is compiled when `hello` is looked up.
struct Hello(ThreadSafeModule);

impl MaterializationUnit for Hello {
    fn name(&self) -> &str {
        "hello"
    }

    fn symbols(&self) -> Vec<(String, SymbolFlags)> {
        vec![("hello".to_owned(), SymbolFlags::FUNCTION)]
    }

    fn materialize(self: Box<Self>, responsibility: Responsibility) {
        let options = TargetOptions {
            level: CodeGenLevel::Default,
            host_cpu: true,
        };
        let object = TargetMachine::host(&options)
            .and_then(|machine| self.0.with_module(|module| machine.emit_object(module)));
        match object {
            Ok(object) => {
                let layer = responsibility.session().object_layer();
                layer.emit(responsibility, object);
            }
            // The lookup gets it.
            Err(error) => responsibility.fail(&error),
        }
    }

    fn discard(&mut self, _symbol: &str) {
        // Only weak symbols are ever discarded, and this unit has none.
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let module = ThreadSafeContext::new().parse("hello.ll", HELLO.as_bytes())?;
    module.verify()?;

    let session = ExecutionSession::new()?;
    let dylib = session.create_dylib("program")?;
    let say = EvaluatedSymbol {
        address: u64::try_from((say as *const ()).expose_provenance())?,
        flags: SymbolFlags::FUNCTION,
    };
    dylib.define_absolute([("say", say)])?;
    dylib.create_tracker().define(Box::new(Hello(module)))?;

    let address = usize::try_from(dylib.lookup("hello")?)?;
    type Function = unsafe extern "C" fn() -> i32;
    // SAFETY: the address of a function of that type, which lives as long as the session.
    let hello = unsafe {
        std::mem::transmute::<*const (), Function>(std::ptr::with_exposed_provenance(address))
    };
    // SAFETY: `say` is there for it to call.
    let result = unsafe { hello() };
    assert_eq!(result, 42);
    Ok(())
}
