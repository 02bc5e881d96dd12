//! Symbols as the source spells them.

/// A linker name of C++ or Rust as the source spells it, with the parameters of C++ functions and without the hashes of
/// Rust's; any other name as it is. The hash that linking puts behind the names of locals is left out.
pub fn demangle(symbol: &str) -> String {
    let symbol = local_name(symbol);
    // Rust's older names are C++'s with a hash at the end. Without one it is C++: a variable in a namespace.
    if (!symbol.starts_with("_Z") || symbol.contains("17h"))
        && let Ok(rust) = rustc_demangle::try_demangle(symbol)
    {
        return format!("{rust:#}");
    }
    if symbol.starts_with("_Z")
        && let Ok(parsed) = cpp_demangle::Symbol::new(symbol)
        && let Ok(text) = parsed.demangle()
    {
        return text;
    }
    symbol.to_owned()
}

/// What a promoted local was called in its module; other names unchanged.
pub(crate) fn local_name(symbol: &str) -> &str {
    crate::names::unpromoted(symbol).unwrap_or(symbol)
}
