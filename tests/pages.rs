//! Manual pages and completions are made from what the program itself goes by: clap's definitions and the
//! table of directives. This holds the files in `pages/` equal to them; AMR_BLESS=1 writes them anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

use amr::cli::args::Amr;
use amr::drain::judge::reason::{Reason, ReasonClass};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report::keep;
use amr::drain::shipper::{cloudwatch, filebeat};
use amr::unit::directive::{self, Directive, Since, Support as Does};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What clap does not know: behind the options of `amr(8)`.
const PROSE: &str = r#".SH "EXIT STATUS"
At the init door (`amr initd SCRIPT VERB`) the codes of LSB: 0 done, also when it was so already; 1 failed; 2 usage;
3 the service has no such verb; 4 only root may; 5 not installed; 6 not configured; for status 0 running, 1 or 2 dead
with a pid or lock file left, 3 not running, 4 unknown.
.PP
By hand those of systemctl(1): 0 done; 1 failed; 2 usage; 3 not active; 4 no such unit, or only root may; 5 not installed;
6 an error in the unit file. amr run ends with the status of the service, 128 and the signal's number if one ended it.
.PP
amr drain: 0 drained, 10 settled, 11 cannot tell, 12 stalled, 13 gave up, 14 shipper dead, 15 lost.
.SH FILES
.TP
/etc/systemd/system, /run/systemd/system, /usr/lib/systemd/system, ...
Unit files, as systemd searches them.
.TP
/run/amr-supervise/UNIT
State of a running service; below /var/run where /run is not there.
.TP
/var/log/amr-units/UNIT.log
What a service wrote, stamped; older ones are UNIT.1.log and so on.
.TP
/var/lock/subsys/NAME
The lock that rc asks for before it calls a K link, where that folder exists.
.TP
/etc/tmpfiles.d, /run/tmpfiles.d, /usr/local/lib/tmpfiles.d, /usr/lib/tmpfiles.d; sysusers.d likewise
What a start creates below /run, and what amr tmpfiles and amr sysusers do.
.TP
/var/log/amr-drain
The last reports of amr drain.
.SH ENVIRONMENT
.TP
AMR_LOG
off, error, warn, info, debug or trace.
.TP
SYSTEMCTL_SKIP_REDIRECT, SYSTEMCTL_IGNORE_DEPENDENCIES
As in the init scripts of distributions: do not hand over to systemctl; touch the named unit only.
.TP
SYSTEMD_UNIT_PATH
Where to look for unit files, for commands that are typed.
.SH "SEE ALSO"
amr-unit(5), systemd.service(5), systemd.unit(5), chkconfig(8), service(8)
"#;

/// The same behind the options of `amr-drain(8)`.
const DRAIN: &str = include_str!("../docs/amr-drain.8.in");

/// Every reason of a report, in the order of what it means.
fn reasons() -> String {
    let mut text = String::new();
    let about = |standing| match standing {
        ReasonClass::Done => "done: nothing is left",
        ReasonClass::Unshippable => "unshippable: what is left will provably never be shipped, as it stands",
        ReasonClass::LeftAlone => "left\\-alone: the shipper provably never takes the file",
        ReasonClass::AtRest => "at\\-rest: read to its end and not proved",
        ReasonClass::Unknown => "unknown: it cannot be known",
        ReasonClass::Pending => "pending: lines remain that are to be shipped",
        ReasonClass::Lost => "lost: bytes are gone unshipped",
    };
    let mut all = Reason::all();
    all.sort_by_key(Reason::class);
    for same in all.chunk_by(|one, other| one.class() == other.class()) {
        writeln!(text, ".SS \"{}\"", about(same[0].class())).unwrap();
        for reason in same {
            writeln!(text, ".TP\n{}\n{}", roff(reason.word()), roff(&reason.sentence())).unwrap();
        }
    }
    text.trim_end().to_owned()
}

/// Path below `pages/` and content.
type Pages = BTreeMap<String, Vec<u8>>;

fn program() -> Command {
    let mut program = Amr::command();
    program.build();
    program
}

fn man(command: &Command, name: &str, pages: &mut Pages) {
    let page = clap_mangen::Man::new(command.clone()).title(name).section("8").source("amr").manual("amr");
    let mut text = Vec::new();
    page.render(&mut text).unwrap();
    if name == "amr" {
        text.extend_from_slice(PROSE.as_bytes());
    }
    if name == "amr-drain" {
        text.extend_from_slice(DRAIN.replace("@REASONS@", &reasons()).as_bytes());
    }
    pages.insert(format!("man/{name}.8"), text);
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        man(inner, &format!("{name}-{}", inner.get_name()), pages);
    }
}

/// For roff: a line must not begin with a dot or a quote, and a backslash is doubled.
fn roff(text: &str) -> String {
    text.replace('\\', "\\\\").replace('-', "\\-")
}

fn directive_page() -> Vec<u8> {
    let mut page = String::from(
        ".TH amr-unit 5 \"\" amr amr\n.SH NAME\namr\\-unit \\- which directives of unit files amr applies\n\
         .SH DESCRIPTION\nUnit files mean what they mean to systemd 252; systemd.unit(5), systemd.service(5), \
         systemd.exec(5) and systemd.kill(5) describe them. A directive that amr knows and does not apply is said \
         once at each start and in amr status; \\-\\-strict refuses to start such a unit. The number is the systemd \
         that brought the directive, where that is later than 184.\n",
    );
    let mut sections: BTreeMap<&str, Vec<Directive>> = BTreeMap::new();
    directive::all().for_each(|row| sections.entry(row.section).or_default().push(row));
    for (section, mut rows) in sections {
        rows.sort_by_key(|row| row.name);
        writeln!(page, ".SH \"[{}] APPLIED\"", section.to_uppercase()).unwrap();
        for row in rows.iter().filter(|row| matches!(row.amr, Does::Honoured(_))) {
            let since = match row.since {
                Since::Before184 => String::new(),
                Since::V(version) => format!(" (since {version})"),
            };
            writeln!(page, ".br\n{}={since}", roff(row.name)).unwrap();
        }
        let mut reasons: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
        for row in &rows {
            match row.amr {
                Does::Honoured(_) => {}
                Does::Ignored(why) => reasons.entry((false, why)).or_default().push(row.name),
                Does::Refused(why) => reasons.entry((true, why)).or_default().push(row.name),
            }
        }
        if !reasons.is_empty() {
            writeln!(page, ".SH \"[{}] NOT APPLIED\"", section.to_uppercase()).unwrap();
        }
        for ((refused, why), names) in reasons {
            let effect = if refused { "The unit is refused: " } else { "" };
            let names: Vec<String> = names.iter().map(|name| format!("{}=", roff(name))).collect();
            writeln!(page, ".TP\n{effect}{}\n{}", roff(why), names.join(", ")).unwrap();
        }
    }
    page.into_bytes()
}

fn pages() -> Pages {
    let mut pages = Pages::new();
    man(&program(), "amr", &mut pages);
    pages.insert("man/amr-unit.5".into(), directive_page());
    for (shell, name) in [(Shell::Bash, "amr.bash"), (Shell::Zsh, "_amr"), (Shell::Fish, "amr.fish")] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Amr::command(), "amr", &mut text);
        pages.insert(format!("completions/{name}"), text);
    }
    pages
}

#[test]
fn manual_pages_and_completions_are_what_the_program_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    let pages = pages();
    if std::env::var_os("AMR_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        for (name, text) in &pages {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        return;
    }
    let mut there = Vec::new();
    for kind in ["man", "completions"] {
        for entry in fs::read_dir(folder.join(kind)).unwrap() {
            there.push(format!("{kind}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    there.sort();
    let named: Vec<String> = pages.keys().cloned().collect();
    let mut named_sorted = named;
    named_sorted.sort();
    assert_eq!(there, named_sorted, "files in pages/; AMR_BLESS=1 makes them anew");
    for (name, text) in &pages {
        let had = fs::read(folder.join(name)).unwrap();
        assert!(&had == text, "pages/{name} is not what the program says; AMR_BLESS=1 makes it anew");
    }
}

/// The part of a page under a heading, and each `.TP` in it: what it is of, and what it says.
fn items(page: &str, heading: &str) -> Vec<(String, String)> {
    let part = page.split_once(&format!("\n.SH {heading}\n")).unwrap().1;
    let part = part.split("\n.SH ").next().unwrap();
    let item = |text: &str| {
        let (of, says) = text.split_once('\n').unwrap();
        (of.replace("\\-", "-"), says.split("\n.PP\n").next().unwrap().replace("\\-", "-"))
    };
    part.split(".TP\n").skip(1).map(item).collect()
}

#[test]
fn the_page_of_the_drain_explains_each_verdict() {
    let verdicts = items(DRAIN, "VERDICTS");
    let wanted: Vec<String> =
        Verdict::ALL.iter().map(|verdict| format!("{} {}", verdict.code(), verdict.words())).collect();
    let named: Vec<&String> = verdicts.iter().map(|(of, _)| of).collect();
    assert_eq!(named, wanted.iter().collect::<Vec<_>>());
    for (of, says) in &verdicts {
        assert!(says.split_whitespace().count() > 5, "{of} is not explained: {says}");
    }
    // Where they are listed, likewise.
    let listed = format!("amr drain: {}.", wanted.join(", "));
    assert!(PROSE.contains(&listed), "amr(8) has not: {listed}");
    let help = program().find_subcommand("drain").unwrap().clone();
    let once = help.get_arguments().find(|option| option.get_long() == Some("once")).unwrap();
    let once = once.get_help().unwrap().to_string();
    assert!(once.contains(&wanted.join(", ")), "--once has not: {once}");
}

#[test]
fn the_page_of_the_drain_has_each_file_that_it_reads_or_keeps() {
    let hook =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/shutdown-filebeat.service"))
            .unwrap();
    let of_hook = hook.split_once("--reports ").unwrap().1.split_whitespace().next().unwrap();
    let own = [keep::FOLDER, of_hook, keep::ELSEWHERE, keep::LOG];
    let places =
        [filebeat::DATA, filebeat::INSTALLED, filebeat::PACKAGED, filebeat::STATE, cloudwatch::STATES];
    let all: Vec<&str> = own.into_iter().chain(places).collect();
    let files = items(DRAIN, "FILES");
    let text: String = files.iter().map(|(of, says)| format!("{of}\n{says}\n")).collect();
    for place in &all {
        assert!(text.contains(place), "no {place} in FILES");
    }
    for name in files.iter().flat_map(|(of, _)| of.split(", ")) {
        assert!(
            all.iter().any(|place| name.starts_with(place)),
            "FILES has {name}, which the program has not"
        );
    }
}

#[test]
fn every_option_is_in_its_page() {
    let pages = pages();
    for command in program().get_subcommands().filter(|command| !command.is_hide_set()) {
        let page = String::from_utf8_lossy(&pages[&format!("man/amr-{}.8", command.get_name())]).into_owned();
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            let escaped = option.replace('-', "\\-");
            assert!(
                page.contains(&format!("\\-\\-{escaped}")),
                "amr-{}.8 has no --{option}",
                command.get_name()
            );
        }
    }
}
