//! `amr sysusers`: makes the users and groups of sysusers.d(5), when asked. Where systemd-sysusers is installed
//! it does that.

use crate::cli::args::Sysusers;
use crate::cli::exit::Class;
use crate::cli::{ask, out};
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
pub fn run(ctx: &Context, args: &Sysusers) -> u8 {
    if !args.dry_run {
        if let Some(code) = ask::needs_root(ctx, "sysusers") {
            return code;
        }
        let here = || PROGRAMS.iter().map(PathBuf::from).find(|path| ctx.root.exists(path));
        if ctx.root.is_host()
            && let Some(program) = here()
        {
            let stdio = [Stdio::Null, Stdio::Inherit, Stdio::Inherit];
            return to_end(&spec(program, &[], stdio), &ctx.features()).map_or_else(
                |e| {
                    out::complain("sysusers", &e.to_string(), None);
                    Class::Failed.hand()
                },
                |code| if code == 0 { 0 } else { Class::Failed.hand() },
            );
        }
    }
    by_amr(ctx, args.dry_run)
}

fn by_amr(ctx: &Context, dry_run: bool) -> u8 {
    let (files, troubles) = load::files(&ctx.root, &ctx.place.runtime_dir, "sysusers.d", &|_| true);
    let facts = ctx.facts();
    let (mut entries, mut findings) = (Vec::new(), Vec::new());
    for file in files {
        let (read, wrong) = line::read(&file.path, &file.bytes, &facts);
        entries.extend(read);
        findings.extend(wrong);
    }
    troubles.iter().for_each(|what| out::complain("sysusers", what, None));
    findings.iter().for_each(|f| out::complain("sysusers", &finding::render(f), None));
    let made = match make(&ctx.root, &entries, if dry_run { Mode::Look } else { Mode::Do }) {
        Ok(made) => made,
        Err(e) => {
            out::complain("sysusers", &e.to_string(), None);
            return Class::Failed.hand();
        }
    };
    out::say(&listing(&made));
    made.notes.iter().chain(&made.failures).for_each(|what| out::complain("sysusers", what, None));
    if !made.failures.is_empty() || !troubles.is_empty() {
        Class::Failed.hand()
    } else if !findings.is_empty() {
        Class::NotConfigured.hand()
    } else {
        0
    }
}

/// A line for each who is made.
fn listing(plan: &Plan) -> String {
    let groups = plan.groups.iter().map(|group| format!("create group '{}' ({})\n", group.name, group.gid));
    let users =
        plan.users.iter().map(|user| format!("create user '{}' ({}:{})\n", user.name, user.uid, user.gid));
    groups.chain(users).collect()
}
