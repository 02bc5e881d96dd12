//! `written`: who writes each variable of a program, by `tjit-link`.

use inkwell::module::Module;
use tjit_link::{Linked, Program, Writer};
use tjit_orc::ThreadSafeModule;

use super::link::{LinkOptions, link, refused, without_hashes};
use crate::{Error, SubTest, TestFile};

/// The variables of the module and their writers.
pub(super) struct Written;

impl SubTest for Written {
    fn name(&self) -> &'static str {
        "written"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: LinkOptions = file.options()?;
        let answers = link(&options, module)?.map(|(program, linked)| answers(&program, &linked));
        answers.map_or_else(refused, |answers| Ok(without_hashes(&answers)))
    }
}

fn answers(program: &Program, linked: &Linked) -> String {
    let names = linked.data.iter().flat_map(|data| defined(&data.ir));
    names
        .map(|name| {
            let answer = match program.written_by(&name) {
                None => "somebody".to_owned(),
                Some(Writer::Nobody) => "nobody".to_owned(),
                Some(Writer::UnderGuard { guard }) => format!("under guard {guard}"),
                Some(Writer::Constructors { functions }) => {
                    format!("constructors {}", functions.join(", "))
                }
            };
            format!("{name}: {answer}\n")
        })
        .collect()
}

fn defined(data: &ThreadSafeModule) -> Vec<String> {
    data.with_module(|module| {
        let defined = module
            .get_globals()
            .filter(|global| !global.is_declaration());
        defined
            .map(|global| global.get_name().to_string_lossy().into_owned())
            .collect()
    })
}
