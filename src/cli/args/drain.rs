//! `amr drain`.

use crate::drain::shipper::{self, Shipper};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `amr drain`
#[derive(Debug, Args)]
pub struct Drain {
    /// Which shipper; `auto` judges every one that runs or is installed
    #[arg(value_parser = shippers(), default_value = AUTO)]
    pub shipper: String,
    /// Judge now and exit: 0 drained, 10 settled, 11 cannot tell, 12 stalled, 13 gave up, 14 shipper dead, 15 lost
    #[arg(long, conflicts_with_all = [
        "soft_timeout", "settle", "stall", "on_stall", "freeze", "exec", "exec_timeout", "console"
    ])]
    pub once: bool,
    /// Give up waiting after this time; one look (--once) takes two minutes at most in any case
    #[arg(long, value_name = "SPAN", default_value = "20min")]
    pub timeout: String,
    /// Tell how things stand after this time, also to the command of --exec, and go on
    #[arg(long, value_name = "SPAN", default_value = "90s")]
    pub soft_timeout: String,
    /// How long silence must last before it counts; above every latency of the shipper if not given
    #[arg(long, value_name = "SPAN")]
    pub settle: Option<String>,
    /// After how long without movement the drain is stalled
    #[arg(long, value_name = "SPAN", default_value = "2min")]
    pub stall: String,
    /// Whether a stalled drain waits on until its timeout
    #[arg(long, value_enum, default_value_t = OnStallArg::Wait)]
    pub on_stall: OnStallArg,
    /// Which files keep the size that they have at the start; auto: those that log daemons write
    #[arg(long, value_enum, default_value_t = FreezeArg::Auto)]
    pub freeze: FreezeArg,
    /// Run CMD, without a shell, with the verdict (or `so-far`) and the report's path as last arguments
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,
    /// How long the command of --exec may take
    #[arg(long, value_name = "SPAN", default_value = "30s")]
    pub exec_timeout: String,
    /// Keep reports and drain.log in DIR
    #[arg(long, value_name = "DIR")]
    pub reports: Option<PathBuf>,
    /// Show progress on the console, too
    #[arg(long)]
    pub console: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Write the report to FILE as well
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Where the shipper keeps its positions
    #[arg(long, value_name = "PATH")]
    pub registry: Option<PathBuf>,
    /// The shipper's configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Files that must be shipped even if the registry does not know them; repeatable
    #[arg(long, value_name = "GLOB")]
    pub logs: Vec<String>,
    /// Do without files that Filebeat 9 leaves alone since they are shorter than its fingerprint
    #[arg(long)]
    pub ignore_short: bool,
    /// Print the last report that was kept, and exit with its code
    #[arg(long, conflicts_with = "once")]
    pub last: bool,
}

/// What follows when nothing moves.
#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum OnStallArg {
    /// Wait until the timeout
    Wait,
    /// End with `stalled`
    Fail,
}

/// Which files are frozen at their size.
#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum FreezeArg {
    /// Those that log daemons hold open for writing
    Auto,
    /// All
    All,
    /// None
    None,
}

/// The word for every shipper that is found.
const AUTO: &str = "auto";

/// The shippers that amr reads, by their names.
fn shippers() -> PossibleValuesParser {
    let all = shipper::ALL.iter().map(|one| PossibleValue::new(one.name()).help(one.about()));
    let auto = PossibleValue::new(AUTO).help("Every one that is found");
    PossibleValuesParser::new(std::iter::once(auto).chain(all))
}

impl Drain {
    /// The shipper that is asked for; `None` for every one.
    pub fn shipper(&self) -> Option<&'static dyn Shipper> {
        shipper::named(&self.shipper)
    }
}
