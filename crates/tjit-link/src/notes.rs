//! What functions say of themselves to the JIT.

use std::collections::HashMap;

use inkwell::attributes::AttributeLoc;
use inkwell::module::Module;
use tjit_orc::annotations;

use crate::inventory::Global;

/// In front of annotations that are for the JIT, and the name of the attribute that is for it.
const PREFIX: &str = "tjit";

/// The notes of a module: texts of annotations `tjit:…`, without that, and values of the attribute `"tjit"`.
#[derive(Debug, Default)]
pub(crate) struct Notes(HashMap<String, Vec<String>>);

impl Notes {
    /// Reads them from a module whose globals have their names in the program already.
    pub(crate) fn read(module: &Module<'_>) -> Self {
        let mut notes: HashMap<_, Vec<_>> = HashMap::new();
        for annotation in annotations(module) {
            let text = annotation.text.strip_prefix(PREFIX);
            if let Some(text) = text.and_then(|text| text.strip_prefix(':')) {
                notes
                    .entry(annotation.global)
                    .or_default()
                    .push(text.to_owned());
            }
        }
        for function in module.get_functions() {
            let attribute = function.get_string_attribute(AttributeLoc::Function, PREFIX);
            if let Some(attribute) = attribute {
                let text = attribute.get_string_value().to_string_lossy().into_owned();
                let name = function.get_name().to_string_lossy().into_owned();
                notes.entry(name).or_default().push(text);
            }
        }
        Self(notes)
    }

    /// Those of a definition; who only uses a function has no say.
    pub(crate) fn of(&self, global: &Global) -> Vec<String> {
        let of_definition = global.facts.defined.then(|| self.0.get(&global.name));
        of_definition.flatten().cloned().unwrap_or_default()
    }
}
