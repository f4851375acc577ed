//! Why a file stands where it stands: one case for each way in which a shipper's position may stay
//! below a file's size, for a while or for ever.
//!
//! Pure.

use crate::drain::judge::tail::Unread;
use std::borrow::Cow;

listed! {
    /// Why a file stands where it stands.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum Reason {
        /// Every byte is acknowledged.
        Acknowledged,
        /// It has no bytes.
        Empty,
        /// A compressed file whose end is acknowledged.
        CompressedDone,

        /// The last line has no newline.
        UnterminatedLine,
        /// The last line of an event of several lines has no newline.
        UnterminatedMultiline,
        /// Only blank lines are left, and the input ships none.
        BlankLines,
        /// Only NUL bytes are left.
        NulBytes,
        /// Only lines of another stream are left.
        OtherStream,
        /// Only parts of a line are left whose end has not been written.
        PartOfLine,

        /// `exclude_files` takes it out.
        Excluded,
        /// Only a symbolic link leads to it.
        SymbolicLink,
        /// It is too short for its fingerprint, and the operator does without such files.
        ShortIgnored,
        /// It was older than `ignore_older` before anything of it was read.
        IgnoredByAge,
        /// No input asks for it any more.
        Unclaimed,

        /// It was read to its end, and the position did not follow.
        ReadToEnd(Cause),

        /// Lines are not acknowledged yet.
        Behind,
        /// It is shorter than the position; the shipper will begin anew.
        Truncated,
        /// The shipper does not know it yet.
        NotPickedUp,
        /// It is too short for its fingerprint: the shipper takes it when it has grown.
        TooShort,
        /// The shipper says that it cannot read it.
        Refused,
        /// A compressed file whose end is not acknowledged.
        Compressed,
        /// Batches between acknowledged ones are missing.
        Gaps,
        /// It has no name any more, and the shipper is not done with it.
        DeletedOpen,

        /// Its bytes could not be looked at.
        Unread(Unread),
        /// It is older than `ignore_older`, and the shipper's state of it says only that it was found: it
        /// was never begun with, or its lines are on their way.
        PerhapsAged,
        /// It was truncated and grew past the old position, or was renamed to where another position is
        /// kept, while nobody looked: the shipper may have gone on in the middle.
        PerhapsSkipped,
        /// Its lines do not end in LF.
        OtherTerminator,
        /// The shipper's configuration is not known well enough.
        ConfigurationUnknown,
        /// Several files fit the state.
        Ambiguous,
        /// The state is older than the file's last write: it may be of what the file, or another one of
        /// its name, held before.
        PositionOlder,
        /// The state is kept by name, and the shipper does not have the file open: it may be of another one,
        /// which had the name and is still read.
        PerhapsOther,
        /// Several inputs take it and keep one position of it: that of the others is not known.
        OnePosition,

        /// Gone, with bytes that were not acknowledged when it was last seen.
        Gone,
        /// Gone, and read to its end before: what was not acknowledged is in the shipper's memory, or lost.
        GoneRead,
        /// Cut shorter, with bytes that were not acknowledged when it was last seen.
        CutShort,
        /// Still there with bytes that were to be shipped, and the shipper does not take it any more.
        Forgotten,
    }
}

listed! {
    /// Why a position may stay below the end of a file that was read to its end.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Cause {
        /// The configuration leaves lines out.
        Filtered,
        /// A line is longer than the shipper ships; it counts its bytes otherwise.
        OverlongLine,
        /// Reading began at the end.
        SkippedToEnd,
        /// Lines may be on their way, or be left out by a processor.
        NotNamed,
    }
}

/// What a reason means for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonClass {
    /// Nothing is left.
    Done,
    /// What is left will provably never be shipped, as it stands.
    Unshippable,
    /// The shipper provably never takes this file.
    LeftAlone,
    /// Read to its end and unproved: lines may be on their way.
    AtRest,
    /// It cannot be known.
    Unknown,
    /// Lines remain that are to be shipped.
    Pending,
    /// Bytes are gone unshipped.
    Lost,
}

impl Reason {
    /// One of each, with each cause and an example of each fault: what a page about them is made from.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Acknowledged,
            Self::Empty,
            Self::CompressedDone,
            Self::UnterminatedLine,
            Self::UnterminatedMultiline,
            Self::BlankLines,
            Self::NulBytes,
            Self::OtherStream,
            Self::PartOfLine,
            Self::Excluded,
            Self::SymbolicLink,
            Self::ShortIgnored,
            Self::IgnoredByAge,
            Self::Unclaimed,
            Self::ReadToEnd(Cause::Filtered),
            Self::ReadToEnd(Cause::OverlongLine),
            Self::ReadToEnd(Cause::SkippedToEnd),
            Self::ReadToEnd(Cause::NotNamed),
            Self::Behind,
            Self::Truncated,
            Self::NotPickedUp,
            Self::TooShort,
            Self::Refused,
            Self::Compressed,
            Self::Gaps,
            Self::DeletedOpen,
            Self::PerhapsAged,
            Self::PerhapsSkipped,
            Self::OtherTerminator,
            Self::ConfigurationUnknown,
            Self::Ambiguous,
            Self::PositionOlder,
            Self::PerhapsOther,
            Self::OnePosition,
            Self::Gone,
            Self::GoneRead,
            Self::CutShort,
            Self::Forgotten,
        ];
        let unread = [
            Unread::TooMany(16 << 20),
            Unread::Shrank,
            Unread::Hangs,
            Unread::Failed("Permission denied".to_owned()),
            Unread::NotAsked,
        ];
        all.extend(unread.map(Self::Unread));
        all
    }

    /// What it means for the verdict.
    #[must_use]
    pub fn class(&self) -> ReasonClass {
        match self {
            Self::Acknowledged | Self::Empty | Self::CompressedDone => ReasonClass::Done,
            Self::UnterminatedLine
            | Self::UnterminatedMultiline
            | Self::BlankLines
            | Self::NulBytes
            | Self::OtherStream
            | Self::PartOfLine => ReasonClass::Unshippable,
            Self::Excluded
            | Self::SymbolicLink
            | Self::ShortIgnored
            | Self::IgnoredByAge
            | Self::Unclaimed => ReasonClass::LeftAlone,
            Self::ReadToEnd(_) => ReasonClass::AtRest,
            Self::Behind
            | Self::Truncated
            | Self::NotPickedUp
            | Self::TooShort
            | Self::Refused
            | Self::Compressed
            | Self::Gaps
            | Self::DeletedOpen => ReasonClass::Pending,
            Self::Unread(_)
            | Self::PerhapsAged
            | Self::PerhapsSkipped
            | Self::OtherTerminator
            | Self::ConfigurationUnknown
            | Self::Ambiguous
            | Self::PositionOlder
            | Self::PerhapsOther
            | Self::OnePosition => ReasonClass::Unknown,
            Self::Gone | Self::GoneRead | Self::CutShort | Self::Forgotten => ReasonClass::Lost,
        }
    }

    /// The word of the report's `reason` field. Part of its schema: words are added, never changed.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Empty => "empty",
            Self::CompressedDone => "compressed-done",
            Self::UnterminatedLine => "unterminated-line",
            Self::UnterminatedMultiline => "unterminated-multiline",
            Self::BlankLines => "blank-lines",
            Self::NulBytes => "nul-bytes",
            Self::OtherStream => "other-stream",
            Self::PartOfLine => "part-of-line",
            Self::Excluded => "excluded",
            Self::SymbolicLink => "symbolic-link",
            Self::TooShort => "too-short",
            Self::ShortIgnored => "short-ignored",
            Self::IgnoredByAge => "ignored-by-age",
            Self::Unclaimed => "unclaimed",
            Self::ReadToEnd(Cause::Filtered) => "read-filtered",
            Self::ReadToEnd(Cause::OverlongLine) => "read-overlong-line",
            Self::ReadToEnd(Cause::SkippedToEnd) => "read-skipped-to-end",
            Self::ReadToEnd(Cause::NotNamed) => "read-to-end",
            Self::Behind => "behind",
            Self::Truncated => "truncated",
            Self::NotPickedUp => "not-picked-up",
            Self::Refused => "refused",
            Self::Compressed => "compressed",
            Self::Gaps => "gaps",
            Self::DeletedOpen => "deleted-open",
            Self::Unread(_) => "unread",
            Self::PerhapsAged => "perhaps-aged",
            Self::PerhapsSkipped => "perhaps-skipped",
            Self::OtherTerminator => "other-terminator",
            Self::ConfigurationUnknown => "configuration-unknown",
            Self::Ambiguous => "ambiguous",
            Self::PositionOlder => "position-older",
            Self::PerhapsOther => "perhaps-other",
            Self::OnePosition => "one-position",
            Self::Gone => "gone",
            Self::GoneRead => "gone-read",
            Self::CutShort => "cut-short",
            Self::Forgotten => "forgotten",
        }
    }

    /// What it means, as the operator reads it.
    #[must_use]
    pub fn sentence(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Acknowledged => "every byte is acknowledged",
            Self::Empty => "the file is empty",
            Self::CompressedDone => "the end of the compressed file is acknowledged",
            Self::UnterminatedLine => "the last line has no newline, the shipper waits for it",
            Self::UnterminatedMultiline => {
                "the last line of an event has no newline, the shipper waits for it"
            }
            Self::BlankLines => "only blank lines are left, which the input does not ship",
            Self::NulBytes => "only NUL bytes are left",
            Self::OtherStream => "only lines of the container's other stream are left",
            Self::PartOfLine => "only parts of a line are left whose end has not been written",
            Self::Excluded => "exclude_files takes it out",
            Self::SymbolicLink => "only a symbolic link leads to it, and 'symlinks' is off",
            Self::TooShort => {
                "shorter than the fingerprint (prospector.scanner.fingerprint.length): the shipper leaves it alone until it grows"
            }
            Self::ShortIgnored => {
                "shorter than the fingerprint, the shipper leaves it alone, and --ignore-short does without it"
            }
            Self::IgnoredByAge => "it is older than ignore_older, the shipper never began with it",
            Self::Unclaimed => "no input of the shipper asks for it any more",
            Self::ReadToEnd(Cause::Filtered) => {
                "read to its end; the position did not follow, as with lines that the configuration leaves out"
            }
            Self::ReadToEnd(Cause::OverlongLine) => {
                "read to its end; the position did not follow, as after a line longer than the shipper ships"
            }
            Self::ReadToEnd(Cause::SkippedToEnd) => {
                "read to its end; the position did not follow, as reading began at the end"
            }
            Self::ReadToEnd(Cause::NotNamed) => "read to its end; lines may be on their way, or be left out",
            Self::Behind => "lines are not acknowledged yet",
            Self::Truncated => "shorter than the acknowledged offset, the shipper will begin anew",
            Self::NotPickedUp => "the shipper does not know the file yet",
            Self::Refused => "the shipper says that it cannot read the file",
            Self::Compressed => "the end of the compressed file is not acknowledged",
            Self::Gaps => "batches before the last acknowledged one are missing",
            Self::DeletedOpen => "the file is deleted, the shipper holds it open and is not done",
            Self::Unread(why) => return format!("its bytes are not known: {why}").into(),
            Self::PerhapsAged => {
                "older than ignore_older, and the state does not say whether it was ever begun with"
            }
            Self::PerhapsSkipped => {
                "truncated and grown, or renamed to where another position is kept: bytes may be skipped"
            }
            Self::OtherTerminator => "its lines do not end in LF, so what is left cannot be judged",
            Self::ConfigurationUnknown => "the shipper's configuration is not known well enough to judge it",
            Self::Ambiguous => "several files fit the shipper's state",
            Self::PositionOlder => {
                "the position is older than the last write: it may be of what the file held before"
            }
            Self::PerhapsOther => {
                "the shipper does not have the file open: the position may be of another one that had its name"
            }
            Self::OnePosition => {
                "several inputs take it and keep one position, which says nothing of the one that lags; let one input take it"
            }
            Self::Gone => "gone, with bytes that were not acknowledged when it was last seen",
            Self::GoneRead => {
                "gone, read to its end before: its last lines are in the shipper's memory alone"
            }
            Self::CutShort => "cut shorter, with bytes that were not acknowledged when it was last seen",
            Self::Forgotten => {
                "still there with bytes to be shipped, and the shipper does not take it any more"
            }
        };
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reason that is missing here is missing in amr-drain(8).
    #[test]
    fn all_of_them_are_listed() {
        let all: Vec<String> = Reason::all().iter().map(|reason| format!("{reason:?}")).collect();
        let is_listed = |name: &str| {
            let with = |text: &String| {
                text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', ')']))
            };
            all.iter().any(with)
        };
        let inner = |outer: &str, names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("{outer}({name}")).collect()
        };
        let mut names: Vec<String> = Reason::NAMES.iter().map(|name| (*name).to_owned()).collect();
        names.extend(inner("ReadToEnd", Cause::NAMES));
        names.extend(inner("Unread", Unread::NAMES));
        let missing: Vec<&String> = names.iter().filter(|name| !is_listed(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(all.len(), names.len() - 2, "each once, but those that have others in them");
    }
}
