//! Any string is a command line or is refused; places lie inside it, and variables expand without
//! end. The other parsers of values read the same string.
#![no_main]

use amr::unit::name::UnitName;
use amr::unit::specifier::{self, LazyFacts, Facts, HostFacts, User};
use amr::unit::value::{ValueError, env, escape, exec, exit_status, expand, limits, size, time, words};
use libfuzzer_sys::fuzz_target;

fn inside<T>(result: Result<T, ValueError>, value: &str) -> Option<T> {
    result.map_err(|e| assert!(e.at + e.len <= value.len(), "{e:?}")).ok()
}

fuzz_target!(|value: &str| {
    let Ok(name) = UnitName::parse("fuzz@a-b.service") else { return };
    let host =
        LazyFacts::when_needed(|| HostFacts { host_name: Some("host".to_owned()), ..HostFacts::default() });
    let facts = Facts { host, user: Some(User::default()), ..Facts::default() };
    let specifiers = |text: &str| specifier::expand(text, &facts, &name);
    let lookup = |variable: &str| if variable.len() % 2 == 0 { None } else { Some(value.to_owned()) };
    for command in inside(exec::parse(value, &specifiers), value).unwrap_or_default() {
        assert!(command.at + command.len <= value.len());
        assert!(!command.path.is_empty() && !command.argv.is_empty());
        let _ = expand::argv(&command.argv, &lookup);
    }
    inside(words::split(value), value);
    inside(specifiers(value), value);
    inside(env::parse_assignments(value, &specifiers), value);
    inside(exit_status::parse(value), value);
    inside(limits::parse(limits::Resource::As, value), value);
    inside(size::parse(value), value);
    inside(time::parse(value), value);
    if !value.contains('\0') {
        assert_eq!(escape::unescape(&escape::escape(value)).as_deref(), Ok(value));
    }
});
