//! chkconfig's own command line, as a library: what is asked for, and what the answer is.
//!
//! [`parse`] turns the words into a [`Command`], [`decide`] turns a command and what was read of
//! the host into an [`Outcome`] and the steps to carry out. Table, messages, exit codes and links
//! are those of chkconfig 1.3.49 and later. Where the real one harms its user amr does the right
//! thing, and [`Outcome::notes`] says so in a line. Pure: `apply` reads the host and takes the
//! steps.

mod args;
mod command;
mod debian;
mod decide;
mod env;
mod forward;
mod lsb;
mod outcome;
mod refusal;
mod table;
mod view;
mod xinetd;

pub use args::{Usage, parse};
pub use command::{Command, Kind, Redirect, SPEAKS, State, Strictness};
pub use decide::decide;
pub use env::{Env, Family, HandOverPolicy, Init, Privilege};
pub use outcome::{Decision, HandOver, Outcome};
pub use table::{file_of, is_listed};
pub use view::{Script, Scripts, View};

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use std::collections::BTreeSet;
    use std::path::Path;

    fn tests_below(dir: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                tests_below(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let names =
                    text.split("#[test]").skip(1).filter_map(|t| t.split_once("fn ")?.1.split_once('('));
                found.extend(names.map(|(name, _)| name.to_owned()));
            }
        }
    }

    /// Each line of docs/chkconfig.md names a test that is there.
    #[test]
    fn rows_have_their_tests() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut tests = BTreeSet::new();
        tests_below(&home.join("src/sysv"), &mut tests);
        let page = std::fs::read_to_string(home.join("docs/chkconfig.md")).unwrap();
        let rows: Vec<&str> =
            page.lines().filter(|l| l.starts_with("| ") && !l.contains("| test |")).collect();
        assert!(rows.len() > 40, "{}", rows.len());
        for row in rows {
            let test = row.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap().trim_matches('`');
            assert!(tests.contains(test), "no test for: {row}");
        }
    }
}
