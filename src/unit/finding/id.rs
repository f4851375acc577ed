//! The table of what can be found, each with a word that stays the same for machines. docs/findings.md is
//! made of it. Pure.

/// Makes the type, its words and their meanings of one table.
macro_rules! ids {
    ($($name:ident $word:literal $meaning:literal)*) => {
        /// What was found, as a word for machines.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Id {
            $(#[doc = $meaning] $name,)*
        }

        impl Id {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Id] = &[$(Id::$name),*];

            /// The word: `unknown-key`. It does not change from release to release.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Id::$name => $word,)*
                }
            }

            /// What it means, as one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Id::$name => $meaning,)*
                }
            }
        }
    };
}

ids! {
    // Of unit files.
    BadHeader "bad-section-header" "A line begins like a section and does not end like one; systemd refuses the file."
    BadLinkName "bad-link-name" "A link in a `.wants` or `.requires` folder is not named like a unit."
    BadService "bad-service" "The directives of the service contradict one another, or one is missing; systemd refuses the unit."
    BadValue "bad-value" "A value cannot be read and does not count."
    CannotBeLeftOut "cannot-be-left-out" "amr does not apply the directive, and a service without it would be worse than none; amr refuses the unit."
    DoubtfulValue "doubtful-value" "A value counts and hardly does what was meant."
    Include "include" "`.include` has had no effect since systemd 246."
    InlineComment "inline-comment" "What looks like a comment behind a value is part of the value."
    LineTooLong "line-too-long" "A line is longer than systemd reads; it refuses the file."
    LinksInACircle "links-in-a-circle" "The links of a name lead back to it."
    NoEffect "no-effect" "A directive has no effect beside another one."
    NoEquals "no-equals" "A line has no `=`."
    NoKey "no-key" "A line has nothing in front of its `=`."
    NotALink "not-a-link" "What stands in a `.wants` or `.requires` folder is not a link."
    NotUtf8 "not-utf8" "A line is not UTF-8; systemd refuses the file."
    OthersCanWrite "others-can-write" "Somebody besides root can change a file of the unit, and so what root runs."
    OutsideSection "outside-section" "An assignment stands before the first section."
    PartOfValue "part-of-value" "A part of a value does not count, or is doubtful."
    RefusedValue "refused-value" "A value cannot be read, and systemd refuses the unit for it."
    UnknownKey "unknown-key" "The section has no such directive."
    UnknownSection "unknown-section" "Units of this kind have no such section."
    UnreadableFile "unreadable-file" "The unit file, or a drop-in, cannot be read."
    YoungerDirective "younger-directive" "The directive is younger than systemd 252, which does not know it."
    // Of tmpfiles.d and sysusers.d.
    BadLine "bad-line" "A line of tmpfiles.d(5) or sysusers.d(5) cannot be read and does not count."
    // Of hooks at shutdown.
    GeneratedLimit "generated-limit" "systemd made the unit from an init script, and stops it by force after five minutes."
    GeneratedOrder "generated-order" "systemd stops units made from init scripts in the reverse of the order of their S numbers."
    HiddenByUnit "hidden-by-unit" "The init script is ignored, because there is a unit of its name."
    JobTimeout "job-timeout" "systemd forces the shutdown before the drain must have ended."
    KillLinkInStartLevel "kill-link-in-start-level" "A K link in a level in which the host lives stops nothing at shutdown."
    KilledFirst "killed-first" "Everything that is left is killed before it is its turn."
    LinkBroken "link-broken" "A link of a runlevel leads to nothing, or to something else."
    LockNamedOtherwise "lock-named-otherwise" "There is a subsys lock under a name that rc does not look for."
    Masked "masked" "The unit is masked."
    NameFiltered "name-filtered" "rc passes over names like this one."
    NetworkDownFirst "network-down-first" "The network goes down, or may, before the drain has ended."
    NeverStarted "never-started" "It is not active, so there is nothing to stop."
    NoExecStart "no-exec-start" "A unit with neither ExecStart= nor RemainAfterExit=yes never becomes active."
    NoKillLink "no-kill-link" "There is no K link in the runlevel that the host goes to."
    NoLock "no-lock" "rc stops only what has a subsys lock."
    NoShutdownConflict "no-shutdown-conflict" "Nothing makes shutdown stop the unit."
    NotExecutable "not-executable" "The init script may not be executed."
    NotInDepend "not-in-depend" "Debian's rc runs what insserv wrote down, and this is not in it."
    NotInstalled "not-installed" "There is no such script or unit."
    OlderKillLink "older-kill-link" "Of two K links the wrong one runs first."
    OneshotForgets "oneshot-forgets" "A oneshot without RemainAfterExit=yes is not active when it has run."
    ProviderLimit "provider-limit" "The provider forces a stop of its own before the drain must have ended."
    ShipperStopsFirst "shipper-stops-first" "The shipper stops, or may, before the drain has ended."
    StillStarting "still-starting" "While ExecStart= runs ExecStop= is left out."
    StopLimitShort "stop-limit-short" "The time that the unit has to stop is shorter than the drain may need."
    StopsBesideRc "stops-beside-rc" "pid 1 stops the shipper itself, whatever rc does then."
    WriterStillRuns "writer-still-runs" "Somebody writes, or may, while the drain runs."
}

/// Words that were ids once. Machines may still look for them: none is ever given to something else.
pub const RETIRED: &[&str] = &["not-evaluated"];

#[cfg(test)]
mod tests {
    use super::{Id, RETIRED};
    use std::collections::BTreeSet;

    #[test]
    fn each_word_is_there_once_and_fit_for_machines() {
        let words: BTreeSet<_> = Id::ALL.iter().map(|id| id.as_str()).collect();
        assert_eq!(words.len(), Id::ALL.len());
        assert!(RETIRED.iter().all(|word| !words.contains(word)), "an id that was another's");
        for id in Id::ALL {
            assert!(id.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            assert!(id.meaning().ends_with('.') && !id.meaning().contains('|'), "{}", id.as_str());
        }
    }
}
