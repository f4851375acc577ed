//! What a shipper's inputs ask for, as the judge needs it: which paths, and what holds for the lines of
//! their files.
//!
//! Pure.

use crate::drain::cursor::{Cursor, split};
use crate::drain::judge::file::{Compression, Lines, OpenFiles, Rules, Takers, Terminator, Wanted};
use crate::drain::judge::glob::{Answer, Expressions, Pattern, Within};
use crate::drain::judge::tail::Stream;

/// Which of a file's states are an input's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The operator's: whichever state there is.
    Operator,
    /// An input whose states cannot be told from others'.
    Unknown,
    /// Those with this input id (empty where states have none), and of a container's log those of this
    /// stream.
    Input {
        /// The id.
        id: Box<[u8]>,
        /// The stream, where the input takes one alone.
        stream: Option<Stream>,
    },
}

impl Owner {
    /// Of inputs whose states name none.
    #[must_use]
    pub fn unnamed() -> Self {
        Self::Input { id: Box::default(), stream: None }
    }

    /// Whether this state is the input's own.
    #[must_use]
    pub fn owns(&self, cursor: &Cursor<'_>) -> bool {
        match self {
            Self::Operator | Self::Unknown => true,
            Self::Input { id, stream } => {
                let stream = stream.is_none_or(|own| cursor.stream().and_then(Stream::named) == Some(own));
                stream && **id == *cursor.input_id
            }
        }
    }

    /// Whether several inputs of this owner each ship a copy of a file and keep one state of it. Filestreams of one id
    /// take turns (`lockResource`): each goes on where the one before has ended.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Operator => false,
            Self::Unknown => true,
            Self::Input { id, .. } => id.is_empty(),
        }
    }

    /// The id of its states.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        match self {
            Self::Operator | Self::Unknown => b"",
            Self::Input { id, .. } => id,
        }
    }

    /// The stream of its states.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        match self {
            Self::Operator | Self::Unknown => None,
            Self::Input { stream, .. } => *stream,
        }
    }
}

/// What one input of the shipper, or the operator, asks for.
#[derive(Clone, Debug)]
pub struct InputRules {
    /// Which states are its own.
    pub owner: Owner,
    /// `paths`, in Go's glob; a file is taken by any of them.
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
            owner: Owner::Operator,
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

/// What one input asks for a file: each is an obligation of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The place of the first input with this owner; `None`: nobody asks for the file.
    pub input: Option<usize>,
    /// The place of the input that asks, where each of this owner ships a copy; else as `input`.
    pub taker: Option<usize>,
    /// What holds.
    pub rules: Rules,
}

/// What each input says of a path. `else_wanted` holds where none asks for it.
#[must_use]
pub fn demands_of(inputs: &[InputRules], path: &[u8], link: bool, else_wanted: Wanted) -> Vec<Demand> {
    FolderRules::new(inputs, split(path).0, else_wanted).demands(path, link)
}

/// What the inputs say of the files of one folder: what is the same for all of them is found out once.
#[derive(Clone, Debug)]
pub struct FolderRules<'w> {
    inputs: Vec<([usize; 2], &'w InputRules, Vec<Within<'w>>)>,
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
        let first = |owner: &Owner| inputs.iter().position(|input| input.owner == *owner).unwrap_or(0);
        let places = |place: usize, owner: &Owner| match first(owner) {
            first if owner.is_shared() => [first, place],
            first => [first; 2],
        };
        // A file that was renamed to where no pattern leads was read by the rules of one of them.
        let all = inputs.iter().map(|input| input.rules).reduce(both).unwrap_or(Rules::UNKNOWN);
        Self {
            inputs: inputs
                .iter()
                .enumerate()
                .map(|(place, input)| (place, input, within(input)))
                .filter(|(.., within)| !within.is_empty())
                .map(|(place, input, within)| (places(place, &input.owner), input, within))
                .collect(),
            others: Rules { wanted: else_wanted, ..all },
        }
    }

    /// What is asked for the file at `path`, which lies in this folder: by each owner once.
    #[must_use]
    pub fn demands(&self, path: &[u8], link: bool) -> Vec<Demand> {
        let name = split(path).1;
        // Nearly always one.
        let mut all: Vec<Demand> = Vec::with_capacity(1);
        for ([first, own], input, within) in &self.inputs {
            if within.iter().any(|within| within.matches(path, name)) {
                let rules = input.rules_for(path, link);
                add(&mut all, Demand { input: Some(*first), taker: Some(*own), rules });
            }
        }
        if all.is_empty() {
            all.push(Demand { input: None, taker: None, rules: self.others });
        }
        all
    }
}

/// Adds what another input, or another name of the file, asks for.
pub fn add(all: &mut Vec<Demand>, demand: Demand) {
    if demand.input.is_some() {
        all.retain(|other| other.input.is_some());
    } else if !all.is_empty() {
        return;
    }
    match all.iter_mut().find(|other| other.input == demand.input) {
        Some(other) => merge(other, &demand),
        None => all.push(demand),
    }
}

/// Of one owner, what another input or another name of the file asks for.
fn merge(one: &mut Demand, other: &Demand) {
    let takes = |demand: &Demand| matches!(demand.rules.wanted, Wanted::Asked | Wanted::Matched);
    let several = takes(one) && takes(other) && one.taker != other.taker;
    if !takes(one) {
        one.taker = other.taker;
    }
    one.rules = both(one.rules, other.rules);
    if several {
        one.rules.takers = Takers::Several;
    }
}

/// Whether several inputs that run take the file by the name which its state has, and go by that state.
#[must_use]
pub fn takers(inputs: &[InputRules], cursor: &Cursor<'_>) -> Takers {
    if inputs.iter().filter(|input| input.owner.is_shared()).count() < 2 {
        return Takers::One;
    }
    let path = [cursor.folder, cursor.name].concat();
    let taken = demands_of(inputs, &path, false, Wanted::No).into_iter().filter(|demand| {
        demand.input.and_then(|place| inputs.get(place)).is_some_and(|input| input.owner.owns(cursor))
    });
    taken.map(|demand| demand.rules.takers).find(|takers| *takers == Takers::Several).unwrap_or(Takers::One)
}

/// Whether the input that kept this state is no more: none that is configured keeps such states of files
/// of that name.
#[must_use]
pub fn is_orphan(inputs: &[InputRules], cursor: &Cursor<'_>) -> bool {
    let path = [cursor.folder, cursor.name].concat();
    let takes = |input: &InputRules| {
        input.owner.owns(cursor) && input.patterns.iter().any(|pattern| pattern.matches(&path))
    };
    // One without a name may be anybody's of its id.
    let nameless = path.is_empty() && inputs.iter().any(|input| input.owner.owns(cursor));
    !nameless && !inputs.iter().any(takes)
}

/// How much an input asks for.
#[must_use]
pub fn worth(wanted: Wanted) -> u8 {
    match wanted {
        Wanted::No | Wanted::Orphaned => 0,
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
        takers: if one.takers == other.takers { one.takers } else { Takers::Several },
        ..more
    }
}
