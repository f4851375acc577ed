//! What a shipper's inputs ask for, as the judge needs it: which paths, and what holds for the lines of
//! their files.
//!
//! Pure.

use crate::drain::cursor::split;
use crate::drain::judge::file::{Compression, Lines, OpenFiles, Rules, Terminator, Wanted};
use crate::drain::judge::glob::{Answer, Expressions, Pattern, Within};

/// What one input of the shipper, or the operator, asks for.
#[derive(Clone, Debug)]
pub struct InputRules {
    /// The paths.
    pub patterns: Vec<Pattern>,
    /// Paths that match one of these are left out.
    pub excluded: Expressions,
    /// Paths that match none of these are left out; where there is none every path is taken.
    pub included: Expressions,
    /// What holds for its files.
    pub rules: Rules,
    /// Whether symbolic links are followed.
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

impl InputRules {
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

    /// What this input says of a path that one of its patterns matches.
    fn rules_for(&self, path: &[u8], link: bool) -> Rules {
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

/// What all inputs together say of a path. `else_wanted` holds where none asks for it.
#[must_use]
pub fn rules_of(inputs: &[InputRules], path: &[u8], link: bool, else_wanted: Wanted) -> Rules {
    FolderRules::new(inputs, split(path).0, else_wanted).rules(path, link)
}

/// What all inputs together say of the files of one folder: what is the same for all of them is found
/// out once.
#[derive(Clone, Debug)]
pub struct FolderRules<'w> {
    inputs: Vec<(&'w InputRules, Vec<Within<'w>>)>,
    others: Rules,
}

impl<'w> FolderRules<'w> {
    /// Of a folder, an absolute path. `else_wanted` holds for files that nobody asks for.
    #[must_use]
    pub fn new(inputs: &'w [InputRules], folder: &[u8], else_wanted: Wanted) -> Self {
        let within = |input: &'w InputRules| -> Vec<Within<'w>> {
            let all = input.patterns.iter().map(|pattern| pattern.within(folder));
            all.filter(|within| *within != Within::Nothing).collect()
        };
        // A file that was renamed to where no pattern leads was read by the rules of one of them.
        let all = inputs.iter().map(|input| input.rules).reduce(both).unwrap_or(Rules::UNKNOWN);
        Self {
            inputs: inputs
                .iter()
                .map(|input| (input, within(input)))
                .filter(|(_, within)| !within.is_empty())
                .collect(),
            others: Rules { wanted: else_wanted, ..all },
        }
    }

    /// What holds for the file at `path`, which lies in this folder.
    #[must_use]
    pub fn rules(&self, path: &[u8], link: bool) -> Rules {
        let name = split(path).1;
        self.inputs
            .iter()
            .filter(|(_, within)| within.iter().any(|within| within.matches(path, name)))
            .map(|(input, _)| input.rules_for(path, link))
            .reduce(both)
            .unwrap_or(self.others)
    }
}

/// How much an input asks for.
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
