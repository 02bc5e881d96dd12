//! Module-level inline assembly: whether it may be left out.

#[cfg(test)]
mod tests;

/// Directives that define nothing and mean nothing for code that is linked symbol by symbol.
const HARMLESS: [&str; 5] = [".globl", ".global", ".extern", ".ident", ".file"];

/// The first statement that does something, by the symbol it defines or, without one, its text. `None` if all of
/// the assembly may be left out.
///
/// libstdc++ 13 and later name an initialiser of theirs with `.globl`, to have it linked in; the host has it then.
pub(crate) fn first_effect(assembly: &str) -> Option<String> {
    statements(assembly)
        .find(|statement| {
            let directive = statement.split_whitespace().next().unwrap_or_default();
            !HARMLESS.contains(&directive)
        })
        .map(|statement| match statement.split_once(':') {
            Some((label, _)) if !label.contains(char::is_whitespace) => label.to_owned(),
            _ => statement.to_owned(),
        })
}

/// Statements without comments. A separator or a comment sign inside a string splits too early, which can only make
/// harmless assembly look like more.
fn statements(assembly: &str) -> impl Iterator<Item = &str> {
    assembly
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
}
