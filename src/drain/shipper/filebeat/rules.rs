//! What an input of Filebeat asks for, as the judge needs it. An option that amr cannot know counts as
//! the one that proves less. Pure.

use super::config::{Identification, Kind, LogInput, Setting};
use crate::drain::judge::file::{Compression, Lines, OpenFiles, Rules, Start, Terminator, Wanted};
use crate::drain::judge::rules::{InputRules, Links, Owner};
use crate::drain::judge::tail::Stream;
use crate::drain::shipper::interface::Version;
use std::time::Duration;

/// The fingerprint's length by default (`prospector.scanner.fingerprint.length`).
const FINGERPRINT: u64 = 1024;

/// What an input asks for.
#[must_use]
pub fn input_rules(input: &LogInput, version: Option<Version>) -> InputRules {
    let container = matches!(input.kind, Kind::Container | Kind::Docker);
    InputRules {
        owner: owner(input),
        patterns: input.paths.clone(),
        excluded: input.exclude_files.clone(),
        included: input.include_files.clone(),
        rules: rules(input, version),
        links: match input.symlinks {
            Setting::Set(false) => Links::LeftOut,
            Setting::Default if !container => Links::LeftOut,
            Setting::Default | Setting::Set(true) | Setting::Unknown(_) => Links::Followed,
        },
    }
}

/// The states of log inputs, containers' included, are shared by all of them; but for a container's
/// stream, which is part of a state's meta where an input takes one alone.
fn owner(input: &LogInput) -> Owner {
    match (&input.kind, &input.id, &input.stream) {
        (Kind::Module, _, _) => Owner::Unknown,
        (Kind::Filestream, Setting::Set(id), _) => Owner::Input { id: id.as_bytes().into(), stream: None },
        (Kind::Filestream, Setting::Default, _) => Owner::Input { id: (*b".global").into(), stream: None },
        (Kind::Filestream, Setting::Unknown(_), _) => Owner::Unknown,
        (Kind::Log | Kind::Container | Kind::Docker, _, Setting::Set(name)) if name != "all" => {
            Owner::Input { id: Box::default(), stream: Stream::named(name.as_bytes()) }
        }
        (Kind::Log | Kind::Container | Kind::Docker, _, Setting::Unknown(_)) => Owner::Unknown,
        (Kind::Log | Kind::Container | Kind::Docker, _, _) => Owner::unnamed(),
    }
}

fn rules(input: &LogInput, version: Option<Version>) -> Rules {
    Rules {
        wanted: Wanted::Matched,
        terminator: terminator(input),
        lines: match &input.multiline {
            Setting::Set(multiline) => Lines::Joined { wait: multiline.timeout },
            Setting::Unknown(_) => Lines::Unknown,
            Setting::Default if input.filters_lines => Lines::Filtered,
            Setting::Default => Lines::AsTheyAre,
        },
        longest_line: input.max_bytes.set().copied(),
        ignore_older: input.ignore_older.set().copied().filter(|span| *span > Duration::ZERO),
        shortest: shortest(input, version),
        compression: match &input.compression {
            Setting::Default => Compression::Never,
            Setting::Set(text) if text == "none" || text.is_empty() => Compression::Never,
            Setting::Set(_) => Compression::ByContent,
            Setting::Unknown(_) => Compression::Unknown,
        },
        start: if input.tail == Setting::Set(true) { Start::End } else { Start::Beginning },
        open_files: match input.harvester_limit {
            Setting::Default | Setting::Set(0) => OpenFiles::Any,
            Setting::Set(_) => OpenFiles::Limited,
            Setting::Unknown(_) => OpenFiles::Unknown,
        },
        ..Rules::DEFAULT
    }
}

/// In every encoding that Filebeat has, the UTF-16 ones apart, the byte LF is the letter LF.
fn terminator(input: &LogInput) -> Terminator {
    let encoding = match &input.encoding {
        Setting::Default => Terminator::LineFeed,
        Setting::Set(name) if name.to_ascii_lowercase().starts_with("utf-16") => Terminator::Other,
        Setting::Set(_) => Terminator::LineFeed,
        Setting::Unknown(_) => Terminator::Unknown,
    };
    let line = match &input.line_terminator {
        Setting::Default => Terminator::LineFeed,
        Setting::Set(name) if name == "auto" || name == "line_feed" => Terminator::LineFeed,
        Setting::Set(_) => Terminator::Other,
        Setting::Unknown(_) => Terminator::Unknown,
    };
    match (encoding, line) {
        (Terminator::LineFeed, line) => line,
        (encoding, Terminator::LineFeed | Terminator::Other | Terminator::Unknown) => encoding,
    }
}

/// Filestream goes by fingerprints by default from 9.0 on, and from 9.5 on they grow with the file.
fn shortest(input: &LogInput, version: Option<Version>) -> u64 {
    let at_least = |major, minor| version.is_some_and(|it| (it.major, it.minor) >= (major, minor));
    let by_print = match input.identity {
        Setting::Set(Identification::Fingerprint) => true,
        Setting::Default => input.kind == Kind::Filestream && at_least(9, 0),
        Setting::Set(Identification::Native | Identification::Path | Identification::InodeMarker)
        | Setting::Unknown(_) => false,
    };
    let growing = match input.fingerprint.growing {
        Setting::Set(growing) => growing,
        Setting::Default => version.is_none() || at_least(9, 5),
        Setting::Unknown(_) => true,
    };
    match (&input.fingerprint.offset, &input.fingerprint.length) {
        (Setting::Unknown(_), _) | (_, Setting::Unknown(_)) => 0,
        (offset, length) if by_print && !growing => {
            let value = |setting: &Setting<u64>, default| setting.set().copied().unwrap_or(default);
            value(offset, 0).saturating_add(value(length, FINGERPRINT))
        }
        (Setting::Default | Setting::Set(_), Setting::Default | Setting::Set(_)) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::judge::glob::Pattern;
    use crate::drain::judge::rules::demands_of;
    use crate::drain::shipper::filebeat::config::{Flags, read};

    fn inputs(yaml: &str, version: &str) -> Vec<InputRules> {
        let text = format!("filebeat.inputs:\n{yaml}");
        let config = read("filebeat.yml", &text, &Flags::default()).unwrap();
        assert!(config.unknown.is_empty(), "{:?}", config.unknown);
        config.inputs.iter().map(|input| input_rules(input, Version::parse(version))).collect()
    }

    /// What the inputs say, as if they were one.
    fn rules_of(inputs: &[InputRules], path: &[u8], link: bool, others: Wanted) -> Rules {
        let one = |input: &InputRules| InputRules { owner: Owner::unnamed(), ..input.clone() };
        let inputs: Vec<InputRules> = inputs.iter().map(one).collect();
        demands_of(&inputs, path, link, others)[0].rules
    }

    fn of(yaml: &str, path: &str) -> Rules {
        rules_of(&inputs(yaml, "8.1.3"), path.as_bytes(), false, Wanted::No)
    }

    const LOGS: &str = "- type: log\n  paths: [/l/*.log]\n";

    #[test]
    fn a_path_is_wanted_excluded_or_nobodys() {
        let yaml = format!("{LOGS}  exclude_files: ['[.]old']\n");
        for (path, wanted) in
            [("/l/a.log", Wanted::Matched), ("/l/a.old.log", Wanted::Excluded), ("/m/a.log", Wanted::No)]
        {
            assert_eq!(of(&yaml, path).wanted, wanted, "{path}");
        }
        let unknown = rules_of(&inputs(&yaml, "8.1.3"), b"/m/a.log", false, Wanted::Unknown);
        assert_eq!(unknown.wanted, Wanted::Unknown);
    }

    #[test]
    fn a_link_counts_where_links_are_followed() {
        let wanted = |yaml: &str| rules_of(&inputs(yaml, "8.1.3"), b"/l/a.log", true, Wanted::No).wanted;
        assert_eq!(wanted(LOGS), Wanted::Link);
        assert_eq!(wanted(&format!("{LOGS}  symlinks: true\n")), Wanted::Matched);
        assert_eq!(wanted("- type: container\n  paths: [/l/*.log]\n"), Wanted::Matched);
    }

    #[test]
    fn what_the_operator_asks_for_is_asked_for_whatever_the_shipper_leaves_out() {
        let mut all = inputs(&format!("{LOGS}  exclude_files: ['a']\n"), "8.1.3");
        all.push(InputRules::asked(Pattern::parse("/l/*", true).unwrap()));
        assert_eq!(rules_of(&all, b"/l/a.log", true, Wanted::No).wanted, Wanted::Asked);
    }

    #[test]
    fn of_two_inputs_the_one_counts_that_proves_less() {
        let other = "- type: log\n  paths: [/l/a.*]\n  encoding: utf-16le\n  ignore_older: 2h\n  \
            multiline.pattern: '^ '\n  harvester_limit: 3\n";
        let rules = of(&format!("{LOGS}{other}"), "/l/a.log");
        assert_eq!(rules.terminator, Terminator::Other);
        assert!(matches!(rules.lines, Lines::Joined { .. }), "{rules:?}");
        assert_eq!(rules.open_files, OpenFiles::Limited);
        // The first one has no such limit.
        assert_eq!(rules.ignore_older, None);
        assert_eq!(of(&format!("{LOGS}{other}"), "/l/b.log").terminator, Terminator::LineFeed);
    }

    #[test]
    fn short_files_wait_in_the_versions_that_go_by_whole_fingerprints() {
        let yaml = "- type: filestream\n  id: x\n  paths: [/l/*.log]\n";
        let shortest =
            |yaml: &str, version| rules_of(&inputs(yaml, version), b"/l/a.log", false, Wanted::No).shortest;
        let found: Vec<u64> =
            ["8.19.0", "9.0.0", "9.4.2", "9.5.0", "?"].map(|version| shortest(yaml, version)).into();
        assert_eq!(found, [0, 1024, 1024, 0, 0]);
        let print = format!("{yaml}  file_identity.fingerprint: ~\n");
        assert_eq!(shortest(&print, "8.19.0"), 1024);
        assert_eq!(shortest(&print, "?"), 0, "an unknown version may let them grow");
    }
}
