//! What a shipper's configuration asks for, as the judge needs it: which paths, and what holds for the
//! lines of their files. An option that amr cannot know counts as the one that proves less.
//!
//! Pure.

use crate::drain::cursor::split;
use crate::drain::file::{Compression, Lines, OpenFiles, Rules, Start, Terminator, Wanted};
use crate::drain::shipper::Version;
use crate::drain::shipper::filebeat::config::{Identification, Kind, LogInput, Setting};
use crate::drain::shipper::filebeat::glob::{Answer, Expressions, Pattern, Within};
use std::time::Duration;

/// What one input of the shipper, or the operator, asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The paths.
    pub patterns: Vec<Pattern>,
    /// `exclude_files`.
    pub excluded: Expressions,
    /// `include_files`; where there is none every file is included.
    pub included: Expressions,
    /// What holds for its files.
    pub rules: Rules,
    /// Whether symbolic links are followed (`symlinks`).
    pub links: Links,
}

/// Whether an input takes files by symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It does.
    Followed,
    /// It does not.
    LeftOut,
}

/// The fingerprint's length by default (`prospector.scanner.fingerprint.length`).
const FINGERPRINT: u64 = 1024;

impl Wish {
    /// What the operator asks for (`--logs`): files that must be shipped.
    #[must_use]
    pub fn asked(pattern: Pattern) -> Self {
        Self {
            patterns: vec![pattern],
            excluded: Expressions::default(),
            included: Expressions::default(),
            rules: Rules { wanted: Wanted::Asked, ..Rules::DEFAULT },
            links: Links::Followed,
        }
    }

    /// What an input of Filebeat asks for.
    #[must_use]
    pub fn of(input: &LogInput, version: Option<Version>) -> Self {
        let container = matches!(input.kind, Kind::Container | Kind::Docker);
        Self {
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

    /// What this wish says of a path that one of its patterns matches.
    fn says(&self, path: &[u8], link: bool) -> Rules {
        let left_out = self.excluded.match_path(path) == Answer::Yes
            || (!self.included.is_empty() && self.included.match_path(path) == Answer::No);
        let wanted = if self.rules.wanted == Wanted::Asked {
            Wanted::Asked
        } else if left_out {
            Wanted::Excluded
        } else if link && self.links == Links::LeftOut {
            Wanted::Link
        } else {
            self.rules.wanted
        };
        Rules { wanted, ..self.rules }
    }
}

/// What all wishes together say of a path. `else_wanted` holds where none asks for it.
#[must_use]
pub fn rules_of(wishes: &[Wish], path: &[u8], link: bool, else_wanted: Wanted) -> Rules {
    Here::of(wishes, split(path).0, else_wanted).rules(path, link)
}

/// What all wishes together say of the files of one folder: what is the same for all of them is found
/// out once.
#[derive(Clone, Debug)]
pub struct Here<'w> {
    wishes: Vec<(&'w Wish, Vec<Within<'w>>)>,
    others: Rules,
}

impl<'w> Here<'w> {
    /// Of a folder, an absolute path. `else_wanted` holds for files that nobody asks for.
    #[must_use]
    pub fn of(wishes: &'w [Wish], folder: &[u8], else_wanted: Wanted) -> Self {
        let within = |wish: &'w Wish| -> Vec<Within<'w>> {
            let all = wish.patterns.iter().map(|pattern| pattern.within(folder));
            all.filter(|within| *within != Within::Nothing).collect()
        };
        // A file that was renamed to where no pattern leads was read by the rules of one of them.
        let all = wishes.iter().map(|wish| wish.rules).reduce(both).unwrap_or(Rules::UNKNOWN);
        Self {
            wishes: wishes
                .iter()
                .map(|wish| (wish, within(wish)))
                .filter(|(_, within)| !within.is_empty())
                .collect(),
            others: Rules { wanted: else_wanted, ..all },
        }
    }

    /// What holds for the file at `path`, which lies in this folder.
    #[must_use]
    pub fn rules(&self, path: &[u8], link: bool) -> Rules {
        let name = split(path).1;
        self.wishes
            .iter()
            .filter(|(_, within)| within.iter().any(|within| within.matches(path, name)))
            .map(|(wish, _)| wish.says(path, link))
            .reduce(both)
            .unwrap_or(self.others)
    }
}

/// How much a wish asks for.
#[must_use]
pub fn worth(wanted: Wanted) -> u8 {
    match wanted {
        Wanted::No => 0,
        Wanted::Unknown => 1,
        Wanted::Link => 2,
        Wanted::Excluded => 3,
        Wanted::Matched => 4,
        Wanted::Asked => 5,
    }
}

/// Two inputs take one file: what proves less counts.
fn both(one: Rules, other: Rules) -> Rules {
    let more = if worth(one.wanted) >= worth(other.wanted) { one } else { other };
    Rules {
        terminator: if one.terminator == other.terminator { one.terminator } else { Terminator::Other },
        lines: match (one.lines, other.lines) {
            (Lines::Joined { wait }, Lines::Joined { wait: longer }) => {
                Lines::Joined { wait: wait.max(longer) }
            }
            (joined @ Lines::Joined { .. }, _) | (_, joined @ Lines::Joined { .. }) => joined,
            (Lines::Unknown, _) | (_, Lines::Unknown) => Lines::Unknown,
            (Lines::Filtered, _) | (_, Lines::Filtered) => Lines::Filtered,
            (Lines::AsTheyAre, Lines::AsTheyAre) => Lines::AsTheyAre,
        },
        ignore_older: one.ignore_older.zip(other.ignore_older).map(|(one, other)| one.max(other)),
        shortest: one.shortest.min(other.shortest),
        compression: if one.compression == other.compression {
            one.compression
        } else {
            Compression::ByContent
        },
        open_files: if one.open_files == other.open_files { one.open_files } else { OpenFiles::Limited },
        ..more
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
    use crate::drain::shipper::filebeat::config::{Flags, read};

    fn wishes(yaml: &str, version: &str) -> Vec<Wish> {
        let text = format!("filebeat.inputs:\n{yaml}");
        let config = read("filebeat.yml", &text, &Flags::default()).unwrap();
        assert!(config.unknown.is_empty(), "{:?}", config.unknown);
        config.inputs.iter().map(|input| Wish::of(input, Version::parse(version))).collect()
    }

    fn of(yaml: &str, path: &str) -> Rules {
        rules_of(&wishes(yaml, "8.1.3"), path.as_bytes(), false, Wanted::No)
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
        let unknown = rules_of(&wishes(&yaml, "8.1.3"), b"/m/a.log", false, Wanted::Unknown);
        assert_eq!(unknown.wanted, Wanted::Unknown);
    }

    #[test]
    fn a_link_counts_where_links_are_followed() {
        let wanted = |yaml: &str| rules_of(&wishes(yaml, "8.1.3"), b"/l/a.log", true, Wanted::No).wanted;
        assert_eq!(wanted(LOGS), Wanted::Link);
        assert_eq!(wanted(&format!("{LOGS}  symlinks: true\n")), Wanted::Matched);
        assert_eq!(wanted("- type: container\n  paths: [/l/*.log]\n"), Wanted::Matched);
    }

    #[test]
    fn what_the_operator_asks_for_is_asked_for_whatever_the_shipper_leaves_out() {
        let mut all = wishes(&format!("{LOGS}  exclude_files: ['a']\n"), "8.1.3");
        all.push(Wish::asked(Pattern::parse("/l/*", true).unwrap()));
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
            |yaml: &str, version| rules_of(&wishes(yaml, version), b"/l/a.log", false, Wanted::No).shortest;
        let found: Vec<u64> =
            ["8.19.0", "9.0.0", "9.4.2", "9.5.0", "?"].map(|version| shortest(yaml, version)).into();
        assert_eq!(found, [0, 1024, 1024, 0, 0]);
        let print = format!("{yaml}  file_identity.fingerprint: ~\n");
        assert_eq!(shortest(&print, "8.19.0"), 1024);
        assert_eq!(shortest(&print, "?"), 0, "an unknown version may let them grow");
    }
}
