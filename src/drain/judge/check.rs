//! The judgement's checks, each with a name.
//!
//! In life all of them are made: [`Checks::ALL`] is the only value that the drivers know. Tests leave
//! one out at a time and show that a wrong verdict follows: so none stands there without a reason.
//!
//! Pure.

/// Writes the enum and the list of its variants from one list.
macro_rules! checks {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// The checks of the judgement.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Check {
            $($(#[$doc])+ $name,)+
        }

        impl Check {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

checks! {
    /// Device and inode together name a file.
    Device,
    /// A file is found by its inode wherever it was renamed to.
    Moved,
    /// Each state of a file is an obligation of its own.
    EveryState,
    /// Each input that takes a file is owed a copy of its own, one that has not begun as well.
    EachInput,
    /// Of a file that several inputs take it is not known which of them has it open.
    Shared,
    /// One state that several inputs go by says nothing of the one that lags.
    OnePosition,
    /// A state that fits several files proves nothing.
    Ambiguity,
    /// A position above the size means that all is to be shipped again.
    Truncation,
    /// A file read further than it reaches will be read anew.
    Overread,
    /// A position within a line is of what the file held before.
    WithinLine,
    /// Missing ranges are missing.
    Gaps,
    /// A position older than the last write may be of what the file, or its name, held before.
    PathAge,
    /// A position that is kept by name is of a file that the shipper has open.
    Followed,
    /// The state of a removed file says nothing about the next one with its inode.
    DeletedState,
    /// A state without an input counts while a pattern still matches its file.
    Unclaimed,
    /// A file is too old only when it is.
    Age,
    /// A file that is too short to be picked up is owed, unless the operator does without it.
    Short,
    /// The size of a compressed file is not compared with its offset.
    Compressed,
    /// Tails are judged only where LF ends a line.
    Terminator,
    /// Complete lines are shippable.
    CompleteLines,
    /// Bytes that could not be looked at are not judged.
    Unread,
    /// Blank lines may be part of an event of several lines.
    JoinedBlank,
    /// Files without a state count where a pattern matches.
    Unknown,
    /// A file is at rest only when read to its end.
    ReadToEnd,
    /// Lines may wait inside the shipper for the end of their event.
    Hold,
    /// That wait begins when the shipper's queue lets the line in, not when it is read.
    Idle,
    /// Bytes that vanish are lost.
    Vanished,
    /// Bytes that are cut off are lost.
    CutShort,
    /// A truncated file that grew may have been skipped into.
    Outgrown,
    /// `settled` needs evidence.
    Evidence,
    /// The evidence must say that nothing is in flight.
    Active,
    /// The evidence must be newer than the last read.
    Newer,
    /// Lines of files that are gone may be in the shipper's memory, as states that are left say.
    GoneStates,
    /// What was read of a file before it was removed is not all that it held.
    GoneRead,
    /// A queue on disk holds lines that were acknowledged to their inputs.
    KeptBack,
    /// A closed file must have been still for the settle time.
    ClosedStill,
    /// Lines on their way speak against everything being acknowledged.
    Counters,
    /// A dead shipper ships nothing.
    Dead,
    /// A process is a shipper for its user, not for its name or what it has open.
    Believed,
    /// What others can change proves nothing.
    Changeable,
    /// Doubts about the picture are doubts about the verdict.
    Doubts,
    /// Unknown is unknown.
    Uncertain,
    /// Positions that advance on drops prove no delivery.
    Trust,
    /// Bytes that are pending are pending.
    Pending,
}

/// Which checks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks(u64);

impl Checks {
    /// All of them: the only value in life.
    pub const ALL: Self = Self(u64::MAX);

    /// All but one, for tests that show what it is good for.
    #[doc(hidden)]
    #[must_use]
    pub fn without(check: Check) -> Self {
        Self(!(1 << check as u64))
    }

    /// Whether this one is made.
    #[must_use]
    pub fn on(self, check: Check) -> bool {
        self.0 & (1 << check as u64) != 0
    }
}
