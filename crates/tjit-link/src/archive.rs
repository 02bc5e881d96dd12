//! Archives: files of which only those are linked that define what is missing.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inkwell::module::Module;
use object::read::archive::{ArchiveFile, ArchiveMember};
use tjit_orc::{ThreadSafeContext, ThreadSafeModule};

use crate::file_kind::FileKind;
use crate::{LinkError, NativeObject, native};

/// An archive (`.a`) whose members are bitcode or native objects, in any mixture.
///
/// GNU, BSD and thin archives. What a member defines is taken from the archive's symbol table, and read from members that
/// it does not mention, since only LLVM's `ar` lists symbols of bitcode. A member is looked at more closely only
/// when it is linked; one that can't be linked is no error before.
#[derive(Clone)]
pub struct Archive {
    name: String,
    bytes: Arc<[u8]>,
    members: Vec<Member>,
    // The members that define a name, in their order.
    defined: BTreeMap<String, Vec<usize>>,
    prepare: fn(&Module<'_>),
}

#[derive(Debug, Clone)]
struct Member {
    name: String,
    location: Location,
}

/// Where the contents of a member are.
#[derive(Debug, Clone)]
enum Location {
    /// In the archive.
    Inside { offset: usize, size: usize },
    /// In a file of their own.
    File(PathBuf),
}

/// A member that is to be linked.
#[derive(Debug)]
pub(crate) enum Extracted {
    Module(ThreadSafeModule),
    Object(NativeObject),
}

impl Archive {
    /// Reads an archive; `name` appears in messages. A thin archive names its members relative to `directory`.
    ///
    /// # Errors
    /// [`LinkError::Object`] if the archive is malformed, or a member of a thin archive can't be read.
    pub fn parse(
        name: impl Into<String>,
        bytes: impl Into<Arc<[u8]>>,
        directory: Option<&Path>,
    ) -> Result<Self, LinkError> {
        let (name, bytes) = (name.into(), bytes.into());
        let (members, listed) = members(&bytes, directory).map_err(|error| LinkError::Object {
            object: name.clone(),
            reason: format!("it is a malformed archive: {error}"),
        })?;
        let mut archive = Self {
            name,
            bytes,
            members,
            defined: BTreeMap::new(),
            prepare: |_| {},
        };
        archive.index(listed)?;
        Ok(archive)
    }

    /// Has `prepare` called for every module that is taken out of the archive, before it is linked.
    #[must_use]
    pub fn with_preparation(mut self, prepare: fn(&Module<'_>)) -> Self {
        self.prepare = prepare;
        self
    }

    /// The name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Remembers who defines what: as listed, and for members without a line in the list as they say themselves.
    fn index(&mut self, listed: Vec<(String, usize)>) -> Result<(), LinkError> {
        let mut is_listed = vec![false; self.members.len()];
        let mut all = Vec::new();
        for (symbol, member) in listed {
            is_listed[member] = true;
            all.push((member, symbol));
        }
        let unlisted = is_listed.iter().enumerate().filter(|(_, listed)| !**listed);
        for (member, _) in unlisted {
            let names = self.names_in(member)?;
            all.extend(names.into_iter().map(|name| (member, name)));
        }
        all.sort_by_key(|(member, _)| *member);
        for (member, symbol) in all {
            self.defined.entry(symbol).or_default().push(member);
        }
        Ok(())
    }

    /// What a member defines for others; nothing if it is no object.
    fn names_in(&self, member: usize) -> Result<Vec<String>, LinkError> {
        let bytes = self.contents(member)?;
        if FileKind::of(&bytes) != Some(FileKind::Bitcode) {
            return Ok(native::defined_names(&bytes));
        }
        let name = self.member_name(member);
        // Whether it can be parsed is its linker's business.
        let module = ThreadSafeContext::new().parse(&name, &bytes);
        Ok(module
            .map(|module| module.with_module(exported_names))
            .unwrap_or_default())
    }

    /// The symbols that its members define, in the order of their names.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = &str> {
        self.defined.keys().map(String::as_str)
    }

    /// The first member that defines `symbol`, by its number.
    pub(crate) fn find(&self, symbol: &str) -> Option<usize> {
        self.defined.get(symbol)?.first().copied()
    }

    /// The first member with a definition of `symbol` that a tentative one gives way to.
    pub(crate) fn find_strong(&self, symbol: &str) -> Option<usize> {
        let members = self.defined.get(symbol)?;
        members.iter().copied().find(|&member| {
            let contents = self.contents(member);
            contents.is_ok_and(|bytes| match FileKind::of(&bytes) {
                Some(FileKind::Bitcode) => ThreadSafeContext::new()
                    .parse(&self.member_name(member), &bytes)
                    .is_ok_and(|module| {
                        module.with_module(|module| defines_strongly(module, symbol))
                    }),
                _ => native::defines_strongly(&bytes, symbol),
            })
        })
    }

    /// The member for linking; modules are parsed in `context`.
    pub(crate) fn extract(
        &self,
        member: usize,
        context: &ThreadSafeContext,
    ) -> Result<Extracted, LinkError> {
        let name = self.member_name(member);
        let bytes = self.contents(member)?;
        match FileKind::of(&bytes) {
            Some(FileKind::Bitcode) => {
                let module = context.parse(&name, &bytes)?;
                module.with_module(self.prepare);
                Ok(Extracted::Module(module))
            }
            _ => Ok(Extracted::Object(NativeObject::parse(name, bytes)?)),
        }
    }

    /// `libfoo.a(bar.o)`, as linkers write it.
    fn member_name(&self, member: usize) -> String {
        format!("{}({})", self.name, self.members[member].name)
    }

    fn contents(&self, member: usize) -> Result<Vec<u8>, LinkError> {
        match &self.members[member].location {
            Location::Inside { offset, size } => {
                let bytes = self.bytes.get(*offset..).and_then(|rest| rest.get(..*size));
                Ok(bytes.unwrap_or_default().to_vec())
            }
            Location::File(path) => std::fs::read(path).map_err(|error| LinkError::Object {
                object: self.member_name(member),
                reason: format!("reading `{}`: {error}", path.display()),
            }),
        }
    }
}

type Listed = Vec<(String, usize)>;

/// The members of an archive, and what its symbol table says of them.
fn members(bytes: &[u8], directory: Option<&Path>) -> Result<(Vec<Member>, Listed), object::Error> {
    let archive = ArchiveFile::parse(bytes)?;
    let mut members = Vec::new();
    let mut by_position = HashMap::new();
    for member in archive.members() {
        let member = member?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        if is_symbol_table(&name) {
            continue;
        }
        by_position.insert(position(&member), members.len());
        members.push(Member {
            location: location(&member, &name, directory),
            name,
        });
    }
    let mut listed = Vec::new();
    for symbol in archive.symbols()?.into_iter().flatten() {
        let symbol = symbol?;
        let member = archive.member(symbol.offset())?;
        if let Some(&member) = by_position.get(&position(&member)) {
            listed.push((String::from_utf8_lossy(symbol.name()).into_owned(), member));
        }
    }
    Ok((members, listed))
}

/// BSD's symbol tables are members like others, but for their names.
fn is_symbol_table(name: &str) -> bool {
    name.starts_with("__.SYMDEF")
}

/// What tells members apart; several may have one name. The size does not: thin archives hold none.
fn position(member: &ArchiveMember<'_>) -> u64 {
    member.file_range().0
}

fn location(member: &ArchiveMember<'_>, name: &str, directory: Option<&Path>) -> Location {
    if member.is_thin() {
        return Location::File(directory.unwrap_or(Path::new("")).join(name));
    }
    let (offset, size) = member.file_range();
    Location::Inside {
        offset: usize::try_from(offset).unwrap_or(usize::MAX),
        size: usize::try_from(size).unwrap_or(usize::MAX),
    }
}

/// What a module defines for others, as `ar` lists it.
fn exported_names(module: &Module<'_>) -> Vec<String> {
    use inkwell::module::Linkage;
    let definitions = tjit_orc::definitions(module).into_iter();
    definitions
        .filter(|global| !global.is_local() && global.linkage != Linkage::AvailableExternally)
        .map(|global| global.name.trim_start_matches('\u{1}').to_owned())
        .collect()
}

fn defines_strongly(module: &Module<'_>, symbol: &str) -> bool {
    use inkwell::module::Linkage;
    tjit_orc::definitions(module)
        .iter()
        .any(|global| global.name == symbol && global.linkage == Linkage::External)
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("name", &self.name)
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}
