//! `amr sysusers`: makes the users and groups of sysusers.d(5), when asked. Where systemd-sysusers is installed
//! it does that.

use crate::cli::args::Sysusers;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{ask, out, tmpfiles};
use crate::job::context::Context;
use crate::job::tmpfiles::spec;
use crate::os::child::{Stdio, to_end};
use crate::tmpfiles::load;
use crate::tmpfiles::sysusers::line;
use crate::tmpfiles::sysusers::plan::Plan;
use crate::tmpfiles::sysusers::write::{Mode, make};
use crate::unit::finding;
use std::path::PathBuf;

/// Where systemd's own may be, and the one that comes without systemd.
const PROGRAMS: [&str; 4] = [
    "/usr/bin/systemd-sysusers",
    "/bin/systemd-sysusers",
    "/usr/bin/systemd-sysusers.standalone",
    "/bin/systemd-sysusers.standalone",
];

/// Makes them, and says whom.
pub fn run(ctx: &Context, args: &Sysusers) -> Answered {
    if !args.dry_run {
        ask::needs_root(ctx)?;
        let here = || PROGRAMS.iter().map(PathBuf::from).find(|path| ctx.root.exists(path));
        if ctx.root.is_host()
            && let Some(program) = here()
        {
            let stdio = [Stdio::Null, Stdio::Inherit, Stdio::Inherit];
            return match to_end(&spec(program, &[], stdio), &ctx.features()) {
                Ok(0) => Ok(Answer::Done),
                Ok(_) => Ok(Answer::Told(Class::Failed)),
                Err(e) => Err(Refused::new(Class::Failed, e.to_string())),
            };
        }
    }
    by_amr(ctx, args.dry_run)
}

fn by_amr(ctx: &Context, dry_run: bool) -> Answered {
    let (files, troubles) = load::files(&ctx.root, &ctx.state_dir.runtime_dir, "sysusers.d", &|_| true);
    let facts = ctx.facts();
    let (mut entries, mut findings) = (Vec::new(), Vec::new());
    for file in files {
        let (read, wrong) = line::read(&file.path, &file.bytes, &facts);
        entries.extend(read);
        findings.extend(wrong);
    }
    troubles.iter().for_each(|what| out::print_error("sysusers", what, None));
    findings.iter().for_each(|f| out::print_error("sysusers", &finding::render(f), None));
    let made = make(&ctx.root, &entries, if dry_run { Mode::DryRun } else { Mode::Do })
        .map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    out::print_raw(&listing(&made));
    made.notes.iter().chain(&made.failures).for_each(|what| out::print_error("sysusers", what, None));
    let trouble = !made.failures.is_empty() || !troubles.is_empty();
    Ok(tmpfiles::answer(trouble, !findings.is_empty()))
}

/// A line for each who is made.
fn listing(plan: &Plan) -> String {
    let groups = plan.groups.iter().map(|group| format!("create group '{}' ({})\n", group.name, group.gid));
    let users =
        plan.users.iter().map(|user| format!("create user '{}' ({}:{})\n", user.name, user.uid, user.gid));
    groups.chain(users).collect()
}
