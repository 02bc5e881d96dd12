//! What linkers give every shared object for itself: `__dso_handle`, and the functions of glibc's `libc_nonshared.a`, which name
//! it when they register what is to be called at exit or by `fork`.
//!
//! Each module gets its own, so that what it has registered can be told from what others have when it is unloaded.

use inkwell::AddressSpace;
use inkwell::GlobalVisibility;
use inkwell::module::{Linkage, Module};
use inkwell::values::{BasicMetadataValueEnum, FunctionValue, GlobalValue};

use crate::{LinkError, NativeObject};

/// Its address tells the handlers of one shared object from those of others (Itanium C++ ABI, 3.3.6.3). Every module with a
/// static destructor declares it hidden; linkers add it from a file of the compiler's.
pub(crate) const DSO_HANDLE: &str = "__dso_handle";

/// A function that calls another with its caller's handle behind its own arguments.
struct Wrapper {
    name: &'static str,
    target: &'static str,
    parameters: u32,
    /// Null pointers between the arguments and the handle.
    nulls: usize,
}

impl Wrapper {
    const fn new(name: &'static str, target: &'static str, parameters: u32, nulls: usize) -> Self {
        Self {
            name,
            target,
            parameters,
            nulls,
        }
    }
}

/// As in glibc 2.34 and later: `stdlib/atexit.c`, `stdlib/at_quick_exit.c`, `nptl/pthread_atfork.c`.
const WRAPPERS: [Wrapper; 4] = [
    Wrapper::new("atexit", "__cxa_atexit", 1, 1),
    Wrapper::new("at_quick_exit", "__cxa_at_quick_exit", 1, 0),
    Wrapper::new("pthread_atfork", "__register_atfork", 3, 0),
    Wrapper::new("__pthread_atfork", "__register_atfork", 3, 0),
];

/// The names of them that the program does not define itself.
#[derive(Debug, Clone)]
pub(crate) struct Nonshared(Vec<&'static str>);

impl Nonshared {
    /// `is_defined` says of a name whether the program, with the modules that join it, defines it.
    pub(crate) fn new(is_defined: impl Fn(&str) -> bool) -> Self {
        let wrappers = WRAPPERS.iter().map(|wrapper| wrapper.name);
        let names = wrappers.chain([DSO_HANDLE]);
        Self(names.filter(|name| !is_defined(name)).collect())
    }

    /// The IR that declares those of the functions that an object file uses.
    pub(crate) fn declarations(&self, object: &NativeObject) -> String {
        let mut ir = "; what the linker adds\n".to_owned();
        let given = WRAPPERS.iter().filter(|w| self.0.contains(&w.name));
        for wrapper in given.filter(|wrapper| object.wants(wrapper.name)) {
            let parameters = vec!["ptr"; wrapper.parameters as usize].join(", ");
            ir += &format!("declare i32 @{}({parameters})\n", wrapper.name);
        }
        ir
    }

    /// As [`Nonshared::give`], for an object file and the module with its [declarations](Nonshared::declarations). The
    /// object defines the handle, since its code reaches only what lies near it. One without contents shares the program's.
    pub(crate) fn give_object(
        &self,
        module: &Module<'_>,
        object: &mut NativeObject,
        suffix: &str,
    ) -> Result<Option<String>, LinkError> {
        if !self.0.contains(&DSO_HANDLE) {
            return Ok(None);
        }
        let uses_functions = module.get_functions().next().is_some();
        if !uses_functions && !object.wants(DSO_HANDLE) {
            return Ok(None);
        }
        let name = format!("{DSO_HANDLE}{suffix}");
        if !object.add_mark(DSO_HANDLE, &name) {
            return Ok(None);
        }
        self.give(module, suffix)?;
        let is_given = |name: &&str| module.get_function(&format!("{name}{suffix}")).is_some();
        let given = WRAPPERS.iter().map(|wrapper| wrapper.name).filter(is_given);
        object.rename_undefined(&given.map(str::to_owned).collect(), suffix);
        Ok(Some(name))
    }

    /// Gives the module, whose names are settled, its own of what it uses. The name of its handle ends in `suffix`, and is for
    /// the embedder to define.
    /// Returns that name, if the module has use for a handle.
    pub(crate) fn give(
        &self,
        module: &Module<'_>,
        suffix: &str,
    ) -> Result<Option<String>, LinkError> {
        if !self.0.contains(&DSO_HANDLE) {
            return Ok(None);
        }
        let name = format!("{DSO_HANDLE}{suffix}");
        let mut handle = module.get_global(DSO_HANDLE);
        if let Some(handle) = handle {
            handle.set_name(&name);
            handle.set_visibility(GlobalVisibility::Default);
        }
        for wrapper in WRAPPERS
            .iter()
            .filter(|wrapper| self.0.contains(&wrapper.name))
        {
            let Some(function) = wrapper.declaration(module) else {
                continue;
            };
            let handle = *handle.get_or_insert_with(|| {
                let byte = module.get_context().i8_type();
                module.add_global(byte, None, &name)
            });
            wrapper
                .define(module, function, handle, suffix)
                .map_err(|error| LinkError::unsupported(wrapper.name, error.to_string()))?;
        }
        Ok(handle.map(|_| name))
    }
}

impl Wrapper {
    /// The declaration of the function in a module, if it is declared as it is in C.
    fn declaration<'m>(&self, module: &Module<'m>) -> Option<FunctionValue<'m>> {
        let is_linux = module
            .get_triple()
            .as_str()
            .to_bytes()
            .windows(6)
            .any(|part| part == b"-linux");
        let function = module.get_function(self.name).filter(|_| is_linux)?;
        let context = module.get_context();
        let pointer = context.ptr_type(AddressSpace::default());
        let parameters = vec![pointer.into(); self.parameters as usize];
        let wanted = context.i32_type().fn_type(&parameters, false);
        (function.count_basic_blocks() == 0 && function.get_type() == wanted).then_some(function)
    }

    fn define<'m>(
        &self,
        module: &Module<'m>,
        function: FunctionValue<'m>,
        handle: GlobalValue<'m>,
        suffix: &str,
    ) -> Result<(), inkwell::builder::BuilderError> {
        let context = module.get_context();
        let pointer = context.ptr_type(AddressSpace::default());
        let mut arguments: Vec<BasicMetadataValueEnum<'_>> =
            function.get_param_iter().map(Into::into).collect();
        arguments.extend(std::iter::repeat_n(
            BasicMetadataValueEnum::from(pointer.const_null()),
            self.nulls,
        ));
        arguments.push(handle.as_pointer_value().into());
        let target = module.get_function(self.target).unwrap_or_else(|| {
            let parameters = vec![pointer.into(); arguments.len()];
            let signature = context.i32_type().fn_type(&parameters, false);
            module.add_function(self.target, signature, None)
        });
        function.set_linkage(Linkage::Internal);
        let global = function.as_global_value();
        global.set_name(&format!("{}{suffix}", self.name));
        global.set_visibility(GlobalVisibility::Default);
        let builder = context.create_builder();
        builder.position_at_end(context.append_basic_block(function, "entry"));
        let call = builder.build_call(target, &arguments, "result")?;
        let result = call.try_as_basic_value().basic();
        builder.build_return(result.as_ref().map(|value| value as _))?;
        Ok(())
    }
}

/// The name, if it is one of these.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    let wrappers = WRAPPERS.iter().map(|wrapper| wrapper.name);
    let mut names = wrappers.chain([DSO_HANDLE]);
    names.find(|known| *known == name)
}
