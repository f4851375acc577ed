//! What most verbs ask before they begin: which units are meant, whose host it is, who may.

use crate::cli::door::Surroundings;
use crate::cli::exit::Class;
use crate::cli::out;
use crate::host::init;
use crate::job::context::Context;
use crate::job::units;
use crate::service::client;
use crate::unit::load::Loader;
use crate::unit::model::{Finding, Unit};
use crate::unit::name::UnitName;

/// What the user typed, as names of units.
///
/// # Errors
/// The exit code, when it was complained about.
pub fn typed(ctx: &Context, words: &[String], verb: &str) -> Result<Vec<UnitName>, u8> {
    let known = || {
        let facts = ctx.facts();
        let mut names = client::recorded(&ctx.place)?;
        let files = Loader::new(&ctx.root, &ctx.unit_paths, &facts).list_unit_files();
        names.extend(files.into_iter().map(|f| f.name).filter(|n| !n.is_template()));
        names.sort();
        names.dedup();
        Ok(names)
    };
    units::names(words, &known).map_err(|what| {
        out::complain(verb, &out::escape(&what), None);
        Class::Usage.hand()
    })
}

/// What runs cannot be seen: said, and the code for it.
pub fn unseen(verb: &str, error: &client::ClientError) -> u8 {
    out::complain(verb, &format!("cannot see what runs: {error}"), None);
    Class::Failed.hand()
}

/// One unit from disk.
#[must_use]
pub fn load(ctx: &Context, name: &UnitName) -> Unit {
    Loader::new(&ctx.root, &ctx.unit_paths, &ctx.facts()).load(name)
}

/// Must this go to systemctl? On the host itself where systemd runs, unless told not to.
pub fn hands_over(ctx: &Context, around: &Surroundings) -> bool {
    ctx.root.is_host() && init::booted_with_systemd(&ctx.root) && !around.wishes.skip
}

/// Only root may change the host itself.
pub fn needs_root(ctx: &Context, verb: &str) -> Option<u8> {
    (ctx.root.is_host() && !ctx.is_root).then(|| {
        out::complain(verb, "only root may", Some("sudo, or --root DIR for a folder of your own"));
        Class::Privilege.hand()
    })
}

/// Says what is wrong or doubtful in files of units.
pub fn tell_findings(verb: &str, findings: &[Finding]) {
    findings.iter().for_each(|f| out::complain(verb, &units::without_hint(f), f.hint.as_deref()));
}
