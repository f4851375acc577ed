//! What most verbs ask before they begin: which units are meant, whose host it is, who may.

use crate::cli::door::CallerEnv;
use crate::cli::exit::{Class, Refused};
use crate::cli::out;
use crate::host::init;
use crate::job::context::Context;
use crate::job::units;
use crate::supervisor::client;
use crate::unit::load::Loader;
use crate::unit::model::{Finding, Unit};
use crate::unit::name::UnitName;

/// What the user typed, as names of units.
///
/// # Errors
/// A word is no name and no pattern, or cannot be matched with what runs.
pub fn typed(ctx: &Context, words: &[String]) -> Result<Vec<UnitName>, Refused> {
    let known = || {
        let facts = ctx.facts();
        let mut names = client::recorded(&ctx.state_dir)?;
        let files = Loader::new(&ctx.root, &ctx.unit_paths, &facts).list_unit_files();
        names.extend(files.into_iter().map(|f| f.name).filter(|n| !n.is_template()));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    };
    units::names(words, &known).map_err(|what| Refused::new(Class::Usage, out::escape(&what)))
}

/// What runs cannot be seen.
pub fn unseen(error: &client::ClientError) -> Refused {
    Refused::new(Class::Failed, format!("cannot see what runs: {error}"))
}

/// One unit from disk.
#[must_use]
pub fn load(ctx: &Context, name: &UnitName) -> Unit {
    Loader::new(&ctx.root, &ctx.unit_paths, &ctx.facts()).load(name)
}

/// Must this go to systemctl? On the host itself where systemd runs, unless told not to.
pub fn hands_over(ctx: &Context, caller_env: &CallerEnv) -> bool {
    ctx.root.is_host() && init::booted_with_systemd(&ctx.root) && !caller_env.hand_over.skip
}

/// Only root may change the host itself.
///
/// # Errors
/// It is the host, and the caller is not root.
pub fn needs_root(ctx: &Context) -> Result<(), Refused> {
    if !ctx.root.is_host() || ctx.is_root {
        return Ok(());
    }
    let hint = Some("sudo, or --root DIR for a folder of your own".to_owned());
    Err(Refused { class: Class::Privilege, what: "only root may".to_owned(), hint })
}

/// Says what is wrong or doubtful in files of units.
pub fn print_findings(verb: &str, findings: &[Finding]) {
    findings.iter().for_each(|f| out::print_error(verb, &units::without_hint(f), f.hint.as_deref()));
}
