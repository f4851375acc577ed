//! What concerns boot and shutdown: links, scripts, their order.

use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// `amr order`
#[derive(Debug, Args)]
pub struct Order {
    /// The way up
    #[arg(long)]
    pub boot: bool,
    /// The way down, runlevel 0; this is meant if nothing is said
    #[arg(long)]
    pub shutdown: bool,
    /// The way down, runlevel 6
    #[arg(long)]
    pub reboot: bool,
    /// The way to runlevel N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=6))]
    pub runlevel: Option<u8>,
    /// Why A comes before B: the chain of edges, with file and line; exit 1 if it does not
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub why: Vec<String>,
    /// Only what is wrong, each with a remedy; both ways down if none is named
    #[arg(long)]
    pub check: bool,
    /// Show every step, not only those around the hook
    #[arg(short, long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print a graph for dot(1)
    #[arg(long, conflicts_with_all = ["json", "check", "why"])]
    pub dot: bool,
    /// Write a picture to FILE; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dot", "why"])]
    pub svg: Option<PathBuf>,
    /// The hook that waits for the shipper; found by itself if not given; repeatable
    #[arg(long, value_name = "NAME")]
    pub hook: Vec<String>,
    /// The shipper; repeatable
    #[arg(long, value_name = "NAME")]
    pub shipper: Vec<String>,
    /// A service that must have stopped writing before the hook begins; repeatable
    #[arg(long, value_name = "NAME")]
    pub writer: Vec<String>,
    /// How long the hook may need
    #[arg(long, value_name = "SPAN")]
    pub needs: Option<String>,
    /// What units do now, as printed by systemctl show '*' -p Id -p ActiveState -p TimeoutStopUSec
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// `amr chkconfig`, whose words are chkconfig's
#[derive(Debug, Args)]
pub struct Chkconfig {
    /// As chkconfig takes them, and --dry-run, which prints what would be done
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

/// `amr enable`, `amr disable`, `amr reenable`
#[derive(Debug, Args)]
pub struct UnitFiles {
    /// Units; `.service` may be left out
    #[arg(value_name = "UNIT", required = true)]
    pub units: Vec<String>,
    /// Start or stop them as well
    #[arg(long)]
    pub now: bool,
    /// Leave services that run with the plan that they have; else as after `amr daemon-reload`
    #[arg(long)]
    pub no_reload: bool,
    /// Print what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// `amr initd`
#[derive(Debug, Args)]
pub struct Initd {
    /// Print the script for this unit
    #[arg(long, value_name = "NAME", required = true)]
    pub print: String,
    /// For which family; the host's own if not given
    #[arg(long, value_enum)]
    pub family: Option<FamilyArg>,
}

/// Families of distributions that want different headers.
#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum FamilyArg {
    /// `# chkconfig:` and no LSB block
    Redhat,
    /// A complete LSB block
    Debian,
}

/// `amr tmpfiles`
#[derive(Debug, Args)]
pub struct Tmpfiles {
    /// Only what the start of these units needs
    #[arg(value_name = "UNIT")]
    pub units: Vec<String>,
    /// Also the lines that are for the boot alone (`!`)
    #[arg(long)]
    pub boot: bool,
    /// Print what would be done and what would not, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Print what is done and which lines are passed over
    #[arg(short, long)]
    pub verbose: bool,
}

/// `amr sysusers`
#[derive(Debug, Args)]
pub struct Sysusers {
    /// Print who would be made, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// `amr cgroups`
#[derive(Debug, Args)]
pub struct Cgroups {
    /// Mount each controller that no hierarchy has, by itself, below /sys/fs/cgroup; never one that is mounted or in use
    #[arg(long)]
    pub mount: bool,
}
