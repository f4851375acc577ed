//! `amr cat`: the files of units, drop-ins included, each under a comment with its path.

use crate::cli::args::Names;
use crate::cli::exit::{Answered, Class};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::units;
use crate::unit::load::SIZE_MAX;

/// Prints them.
pub fn run(ctx: &Context, args: &Names) -> Answered {
    let names = ask::typed(ctx, &args.units)?;
    let mut class = Class::Ok;
    let mut text = String::new();
    for name in names {
        let unit = ask::load(ctx, &name);
        let files: Vec<_> = unit.fragment.iter().chain(&unit.dropins).collect();
        if files.is_empty() {
            let what =
                units::refusal(&unit).unwrap_or_else(|| format!("'{name}' has no file: it is built in"));
            out::print_error("cat", &what, None);
            class = Class::Failed;
        }
        for file in files {
            if !text.is_empty() {
                text.push('\n');
            }
            text += &format!("# {}\n", file.display());
            match ctx.root.read(file, SIZE_MAX) {
                Ok(bytes) => text += &String::from_utf8_lossy(&bytes),
                Err(e) => {
                    out::print_error("cat", &e.to_string(), None);
                    class = Class::Failed;
                }
            }
        }
    }
    out::print_raw(&text);
    Ok(class.into())
}
