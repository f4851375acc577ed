//! What follows from what was seen: pure throughout.
//!
//! * [`belief`]: which processes are taken for a shipper.
//! * [`file`], [`facts`], [`moment`], [`tail`]: what a judgement is made of.
//! * [`glob`], [`rules`]: which files an input asks for, and what holds for them.
//! * [`claim`], [`progress`], [`reason`]: which position is which file's, and why the file stands there.
//! * [`history`]: what earlier looks saw.
//! * [`verdict`]: the one answer; [`check`]: the checks it is made of, each with a name.

/// An enum that knows the names of its variants, so that a test can hold a list of them complete.
macro_rules! listed {
    ($(#[$about:meta])* pub enum $Enum:ident { $($(#[$doc:meta])* $Variant:ident $(($inner:ty))?,)+ }) => {
        $(#[$about])*
        pub enum $Enum {
            $($(#[$doc])* $Variant $(($inner))?,)+
        }

        #[cfg(test)]
        impl $Enum {
            pub(in crate::drain::judge) const NAMES: &[&str] = &[$(stringify!($Variant)),+];
        }
    };
}

pub mod belief;
pub mod check;
pub mod claim;
pub mod facts;
pub mod file;
pub mod glob;
pub mod history;
pub mod moment;
pub mod progress;
pub mod reason;
pub mod rules;
pub mod tail;
pub mod verdict;
