//! Which state belongs to which file.
//!
//! Each file that was found meets the states that claim it: by device and inode, by path, by marker
//! or by fingerprint, whatever the shipper goes by. A file can have several claims (two inputs, the
//! two streams of a container); each is an obligation of its own. A file without one stays alone,
//! and is to be judged by what the configuration asks for. States whose file is nowhere are counted
//! only: there can be a million of them, so the files are indexed and the states pass by.
//!
//! Pure.

use crate::drain::cursor::{ByFile, Cursor, Cursors, Identity, Ttl};
use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::file::{Held, LogFile, Rules, Takers, Wanted};
use crate::drain::judge::rules::{Demand, InputRules, Owner, is_orphan, takers, worth};
use crate::drain::judge::tail::Stream;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

/// A file and one state of it.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The file's place in the list.
    pub file: usize,
    /// The state; `None` where the shipper knows nothing of the file.
    pub cursor: Option<Cursor<'a>>,
    /// Several files fit the state and nothing tells which one is meant.
    pub ambiguous: bool,
}

/// What is owed: a file, the state that the input which asks for it keeps of it, and what holds.
#[derive(Clone, Debug)]
pub struct Obligation<'a> {
    /// The file, and the state; `None` where the input has not begun with it.
    pub claim: Claim<'a>,
    /// What holds.
    pub rules: Rules,
    /// The place of the input; `None` where nobody that is known asks for the file.
    pub input: Option<usize>,
    /// Another input takes the file as well, or did once.
    pub shared: bool,
    /// Whether the shipper has the file open for this input, and how far it has read, as far as is known.
    pub held: Held,
}

impl Obligation<'_> {
    /// The file, as this input has it open.
    #[must_use]
    pub fn seen<'f>(&self, file: &'f LogFile) -> Cow<'f, LogFile> {
        if file.held == self.held {
            Cow::Borrowed(file)
        } else {
            Cow::Owned(LogFile { held: self.held, ..file.clone() })
        }
    }

    /// Whether the file, as far as this input knows it, seems to be begun anew or for the first time: a descriptor is
    /// before the position.
    #[must_use]
    pub fn is_begun(&self, file: &LogFile) -> bool {
        let position = self.position();
        matches!(file.held, Held::Open { read } if read < position.max(1) && position <= file.size)
    }

    /// Up to where it is acknowledged.
    fn position(&self) -> u64 {
        self.claim.cursor.as_ref().map_or(0, |cursor| cursor.acknowledged.prefix())
    }
}

/// What is owed of one file, from all of its claims and all that is asked for it: two inputs that take one
/// file are two obligations, and one that has not begun is one with nothing acknowledged. `known`: there
/// are no other inputs.
#[must_use]
pub fn obligations<'a>(
    claims: &[Claim<'a>],
    demands: &[Demand],
    inputs: &[InputRules],
    file: &LogFile,
    known: bool,
    checks: Checks,
) -> Vec<Obligation<'a>> {
    let demands = &with_operator(demands, inputs)[..];
    let owns = |demand: &Demand, cursor: &Cursor<'_>| {
        demand.input.and_then(|place| inputs.get(place)).is_none_or(|input| input.owner.owns(cursor))
    };
    let of = |claim: &Claim<'a>, demand: &Demand| Obligation {
        claim: claim.clone(),
        rules: Rules { takers: takers_of(claim, demand.rules.takers, inputs, file), ..demand.rules },
        input: demand.input,
        shared: false,
        held: file.held,
    };
    let mut all = Vec::with_capacity(claims.len());
    for claim in claims {
        let Some(cursor) = &claim.cursor else { continue };
        let takers = demands.iter().filter(|demand| owns(demand, cursor));
        match takers.max_by_key(|demand| worth(demand.rules.wanted)) {
            Some(demand) if demand.input.is_some() => all.push(of(claim, demand)),
            _ => all.push(unclaimed_state(claim, cursor, demands, inputs, file, known)),
        }
    }
    let wanted = |demand: &Demand| matches!(demand.rules.wanted, Wanted::Asked | Wanted::Matched);
    let begun = |demand: &Demand| {
        claims.iter().filter_map(|claim| claim.cursor.as_ref()).any(|cursor| owns(demand, cursor))
    };
    let left_out = claims_have_state(claims) && !checks.on(Check::EachInput);
    for demand in demands.iter().filter(|demand| !begun(demand) && !left_out) {
        let other = demands.iter().any(|other| wanted(other) && other.input != demand.input);
        if (wanted(demand) || !other) && !(claims_have_state(claims) && demand.input.is_none()) {
            all.push(of(&Claim { file: place_of(claims), cursor: None, ambiguous: false }, demand));
        }
    }
    let shared =
        all.first().is_some_and(|first| all.iter().any(|one| whose(one, inputs) != whose(first, inputs)));
    for one in &mut all {
        one.shared = shared;
        // The next file with its inode may be open in the other input.
        let of_removed = one.claim.cursor.as_ref().is_some_and(|cursor| cursor.ttl == Ttl::Deleted);
        if shared && of_removed && one.input.is_some() && checks.on(Check::DeletedState) {
            one.claim.cursor = None;
        }
    }
    if let Held::Open { read } = file.held {
        apart(&mut all, read, inputs);
    }
    all
}

/// Whose an obligation is: the input's that asks for it, and by its state's own id and stream also where none does any
/// more, or one who takes any state (the operator).
type Whose = (Option<usize>, Box<[u8]>, Option<Stream>);

fn whose(one: &Obligation<'_>, inputs: &[InputRules]) -> Whose {
    let owner = one.input.and_then(|place| inputs.get(place)).map(|input| &input.owner);
    let (id, stream) = match (&one.claim.cursor, owner) {
        (Some(cursor), _) => (cursor.input_id, cursor.stream().and_then(Stream::named)),
        (None, Some(owner)) => (owner.id(), owner.stream()),
        (None, None) => (&[][..], None),
    };
    (one.input, id.into(), stream)
}

/// Several inputs have the file open, and of their descriptors the one that was read least is known. Where that is
/// behind one's position and not behind another's, it is that other's, as far as can be seen, and says nothing of how
/// far this one has read.
fn apart(all: &mut [Obligation<'_>], read: u64, inputs: &[InputRules]) {
    let takers = all.iter().filter(|one| one.rules.wanted != Wanted::Orphaned);
    let positions: Vec<_> = takers.map(|one| (whose(one, inputs), one.position())).collect();
    for one in all.iter_mut().filter(|one| one.position() > read) {
        let own = whose(one, inputs);
        let mut others = positions.iter().filter(|(other, _)| *other != own);
        if others.any(|(_, position)| *position <= read) {
            one.held = Held::Apart;
        }
    }
}

/// How many inputs go by the state, also those that take the file by the name alone which the state has: it was renamed.
fn takers_of(claim: &Claim<'_>, asking: Takers, inputs: &[InputRules], file: &LogFile) -> Takers {
    let renamed =
        |cursor: &&Cursor<'_>| file.path.strip_prefix(cursor.folder).is_none_or(|name| name != cursor.name);
    match (asking, claim.cursor.as_ref().filter(renamed)) {
        (Takers::One, Some(cursor)) => takers(inputs, cursor),
        (asking, _) => asking,
    }
}

/// What the operator asks for is asked of the inputs that take the file; of nobody, where none does.
fn with_operator(demands: &[Demand], inputs: &[InputRules]) -> Vec<Demand> {
    let operators = |demand: &&Demand| {
        let input = demand.input.and_then(|place| inputs.get(place));
        input.is_some_and(|input| input.owner == Owner::Operator)
    };
    let others: Vec<Demand> = demands.iter().filter(|demand| !operators(demand)).copied().collect();
    if others.len() == demands.len() || !others.iter().any(|demand| demand.rules.wanted == Wanted::Matched) {
        return demands.to_vec();
    }
    let asked = |demand: Demand| match demand.rules.wanted {
        Wanted::Matched => Demand { rules: Rules { wanted: Wanted::Asked, ..demand.rules }, ..demand },
        Wanted::Asked | Wanted::Excluded | Wanted::Link | Wanted::No | Wanted::Orphaned | Wanted::Unknown => {
            demand
        }
    };
    others.into_iter().map(asked).collect()
}

fn claims_have_state(claims: &[Claim<'_>]) -> bool {
    claims.iter().any(|claim| claim.cursor.is_some())
}

fn place_of(claims: &[Claim<'_>]) -> usize {
    claims.first().map_or(0, |claim| claim.file)
}

/// A state that none of those who ask for the file keeps.
fn unclaimed_state<'a>(
    claim: &Claim<'a>,
    cursor: &Cursor<'_>,
    demands: &[Demand],
    inputs: &[InputRules],
    file: &LogFile,
    known: bool,
) -> Obligation<'a> {
    let asked = demands.iter().any(|demand| demand.input.is_some());
    // What is open is read, by those who ask for it or by the one that is thought to be gone.
    let read = matches!(file.held, Held::Open { .. }) && !asked;
    let orphan = known && !read && is_orphan(inputs, cursor);
    let rules = demands.first().map_or(Rules::UNKNOWN, |demand| demand.rules);
    let wanted = match (orphan, demands.first()) {
        (true, _) => Wanted::Orphaned,
        (false, Some(demand)) if demand.input.is_none() => demand.rules.wanted,
        (false, _) if known => Wanted::No,
        (false, _) => Wanted::Unknown,
    };
    let rules = Rules { wanted, takers: takers_of(claim, Takers::One, inputs, file), ..rules };
    Obligation { claim: claim.clone(), rules, input: None, shared: false, held: file.held }
}

/// Every claim, and the states that have none.
#[derive(Clone, Debug, Default)]
pub struct Claims<'a> {
    /// Every file has at least one.
    pub claims: Vec<Claim<'a>>,
    /// States whose file was found nowhere.
    pub gone: u64,
    /// Those of them that may have been read further than is acknowledged.
    pub gone_owing: u64,
}

/// The digest of a part of a file, as the fingerprint identity makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// SHA-256.
    pub sha256: [u8; 32],
    /// Offset of its first byte.
    pub offset: u64,
    /// In bytes; 1024 by default, 64 at least.
    pub len: u64,
    /// The digest of their hexadecimal text.
    pub growing: bool,
}

/// The files, indexed by everything that a state may know them by. What few registries need is made
/// when it is asked for.
#[derive(Debug)]
pub struct Index<'f> {
    files: &'f [LogFile],
    inodes: &'f ByFile<usize>,
    bare: OnceCell<HashMap<u64, Vec<usize>>>,
    paths: OnceCell<HashMap<&'f [u8], usize>>,
    prints: HashMap<Fingerprint, Vec<usize>>,
}

/// A claim as a file's place, a state's number and whether it is ambiguous.
type Pair = (usize, Option<u32>, bool);

impl<'f> Index<'f> {
    /// Indexes files, whose places by device and inode are `inodes`, and the fingerprints taken of them,
    /// which name files by their place.
    #[must_use]
    pub fn new(files: &'f [LogFile], inodes: &'f ByFile<usize>, taken: &[(usize, Fingerprint)]) -> Self {
        let mut prints: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (place, print) in taken {
            prints.entry(*print).or_default().push(*place);
        }
        Self { files, inodes, bare: OnceCell::new(), paths: OnceCell::new(), prints }
    }

    /// Pairs each file with its states. `known`: these are all inputs.
    #[must_use]
    pub fn pair<'c>(
        &self,
        cursors: &'c Cursors,
        inputs: &[InputRules],
        known: bool,
        checks: Checks,
    ) -> Claims<'c> {
        let native = checks.on(Check::Device) && checks.on(Check::Moved);
        let (mut gone, mut gone_owing) = (0u64, 0u64);
        // What no running input has claimed was not read since the shipper began, and of an input that is
        // no more nothing is read.
        let owes = |cursor: &Cursor<'_>| {
            cursor.ttl != Ttl::Unclaimed
                && cursor.input.is_acknowledged_alone()
                && !(known && is_orphan(inputs, cursor))
        };
        let mut pairs: Vec<Pair> = Vec::with_capacity(self.files.len());
        let mut claimed = vec![false; self.files.len()];
        let mut path = Vec::new();
        for (number, id) in cursors.of_files() {
            let found = match id.filter(|_| native) {
                Some(id) => Candidates::from_index(self.inodes.get(&id)),
                None => match cursors.get(number) {
                    Some(cursor) => self.find(&cursor, &mut path, checks),
                    None => continue,
                },
            };
            if found.is_empty() {
                gone = gone.saturating_add(1);
                gone_owing = gone_owing.saturating_add(cursors.get(number).filter(owes).map_or(0, |_| 1));
            }
            let ambiguous = found.as_slice().len() > 1 && checks.on(Check::Ambiguity);
            for &file in found.as_slice() {
                if let Some(mark) = claimed.get_mut(file) {
                    *mark = true;
                }
                pairs.push((file, Some(number), ambiguous));
            }
        }
        let alone = claimed.iter().enumerate().filter(|(_, claimed)| !**claimed);
        pairs.extend(alone.map(|(file, _)| (file, None, false)));
        pairs.sort_by_key(|&(file, ..)| file);
        if !checks.on(Check::EveryState) {
            pairs.dedup_by_key(|&mut (file, ..)| file);
        }
        let claim = |(file, number, ambiguous): Pair| Claim {
            file,
            cursor: number.and_then(|number| cursors.get(number)),
            ambiguous,
        };
        Claims { claims: pairs.into_iter().map(claim).collect(), gone, gone_owing }
    }

    /// By the inode alone.
    fn bare(&self, ino: u64) -> &[usize] {
        let table = self.bare.get_or_init(|| {
            let mut table: HashMap<u64, Vec<usize>> = HashMap::new();
            for (place, file) in self.files.iter().enumerate() {
                table.entry(file.id.ino).or_default().push(place);
            }
            table
        });
        table.get(&ino).map(Vec::as_slice).unwrap_or_default()
    }

    fn find(&self, cursor: &Cursor<'_>, path: &mut Vec<u8>, checks: Checks) -> Candidates<'_> {
        match cursor.identity {
            Identity::Inode(id) if !checks.on(Check::Device) => {
                Candidates::from_index(self.bare(id.ino).first())
            }
            Identity::Inode(_) if !checks.on(Check::Moved) => self.by_path(cursor, path),
            Identity::Inode(id) => Candidates::from_index(self.inodes.get(&id)),
            Identity::Path => self.by_path(cursor, path),
            Identity::InodeMarker { ino, .. } => match cursor.seen.and_then(|id| self.inodes.get(&id)) {
                Some(&place) => Candidates::One(place),
                None => Candidates::Many(self.bare(ino)),
            },
            Identity::Fingerprint { sha256, offset, len, growing } => {
                let print = Fingerprint { sha256, offset, len, growing };
                Candidates::Many(self.prints.get(&print).map(Vec::as_slice).unwrap_or_default())
            }
        }
    }

    fn by_path(&self, cursor: &Cursor<'_>, path: &mut Vec<u8>) -> Candidates<'_> {
        path.clear();
        path.extend_from_slice(cursor.folder);
        path.extend_from_slice(cursor.name);
        let paths = self.paths.get_or_init(|| {
            let named = self.files.iter().enumerate().filter(|(_, file)| file.links > 0);
            named.map(|(place, file)| (&*file.path, place)).collect()
        });
        Candidates::from_index(paths.get(path.as_slice()))
    }
}

/// The files that a state may mean.
enum Candidates<'i> {
    One(usize),
    Many(&'i [usize]),
}

impl Candidates<'_> {
    fn from_index(place: Option<&usize>) -> Self {
        match place {
            Some(&place) => Self::One(place),
            None => Self::Many(&[]),
        }
    }

    fn as_slice(&self) -> &[usize] {
        match self {
            Self::One(place) => std::slice::from_ref(place),
            Self::Many(places) => places,
        }
    }

    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

#[cfg(test)]
mod tests;
