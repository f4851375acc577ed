//! `amr drain --once`: the judgement over every byte, its report printed and kept.

use crate::cli::args::{Drain, ShipperArg};
use crate::cli::context::Context;
use crate::cli::exit::Class;
use crate::cli::out;
use crate::drain::keep;
use crate::drain::report::Report;
use crate::drain::run::{self, Options};
use crate::drain::shipper::Shipper;
use std::path::Path;

/// Judges, or shows the last judgement. The code is the verdict's.
pub fn run(ctx: &Context, args: &Drain) -> u8 {
    if args.last {
        return last(ctx, args);
    }
    let options = Options {
        shipper: match args.shipper {
            ShipperArg::Auto => None,
            ShipperArg::Filebeat => Some(Shipper::Filebeat),
            ShipperArg::CloudwatchAgent => Some(Shipper::CloudWatchAgent),
        },
        registry: args.registry.clone(),
        config: args.config.clone(),
        logs: args.logs.clone(),
        limit: None,
    };
    let judged = match run::once(&ctx.root, &options) {
        Ok(judged) => judged,
        Err(e) => {
            out::complain("drain", &e.to_string(), None);
            return Class::Failed.hand();
        }
    };
    show(args, &judged.report);
    // What is printed is the answer; a report that cannot be kept is said and does not change it.
    if let Some(path) = &args.report
        && let Err(e) = keep::write_to(&ctx.root, path, &judged.report)
    {
        out::complain("drain", &e.to_string(), None);
    }
    if ctx.is_root || !ctx.root.is_host() {
        let folder = keep::folder(Path::new(keep::FOLDER), &judged.wishes);
        if let Err(e) = keep::write(&ctx.root, folder, &judged.report, &judged.report.at, std::process::id())
        {
            out::complain("drain", &e.to_string(), None);
        }
    }
    judged.verdict.code()
}

fn show(args: &Drain, report: &Report) {
    if args.quiet {
        return;
    }
    if !args.json {
        out::say(&report.text());
        return;
    }
    match report.json() {
        Ok(text) => out::say(&format!("{}\n", text.trim_end())),
        Err(e) => out::complain("drain", &format!("cannot write the report as JSON: {e}"), None),
    }
}

fn last(ctx: &Context, args: &Drain) -> u8 {
    for folder in [keep::FOLDER, keep::ELSEWHERE] {
        match keep::last(&ctx.root, Path::new(folder)) {
            Ok(Some(report)) => {
                show(args, &report);
                return report.code;
            }
            Ok(None) => {}
            Err(e) => {
                out::complain("drain", &e.to_string(), None);
                return Class::Failed.hand();
            }
        }
    }
    out::complain(
        "drain",
        &format!("no report was kept in '{}' or '{}'", keep::FOLDER, keep::ELSEWHERE),
        None,
    );
    Class::Failed.hand()
}
