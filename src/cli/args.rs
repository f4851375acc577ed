//! The hand door: what a person may type, as clap knows it.
//!
//! These definitions are the one source of help, usage errors and completions. They become
//! `Request` values in `door`; nothing below the doors sees them.

mod boot;
mod drain;

pub use boot::{Cgroups, Chkconfig, FamilyArg, Initd, Order, Sysusers, Tmpfiles, UnitFiles};
pub use drain::{Drain, FreezeArg, OnStallArg};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Runs systemd unit files on hosts without systemd, and waits until every log line is shipped.
#[derive(Debug, Parser)]
#[command(name = "amr", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Amr {
    /// Take DIR for /: unit files, state and logs are read and written below it
    #[arg(long, global = true, value_name = "DIR", default_value = "/", hide_default_value = true)]
    pub root: PathBuf,
    /// Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Start units and what they require, in order
    Start(Jobs),
    /// Stop units and what depends on them, in order
    Stop(Jobs),
    /// Stop units, then start them
    Restart(Jobs),
    /// Restart units that run
    #[command(visible_alias = "condrestart")]
    TryRestart(Jobs),
    /// Tell units to read their configuration again
    Reload(Jobs),
    /// Reload units that can, restart the others; start those that are down
    ReloadOrRestart(Jobs),
    /// Reload units that run and can, restart the others that run
    #[command(visible_alias = "force-reload")]
    TryReloadOrRestart(Jobs),
    /// Send a signal to the processes of units
    Kill(Kill),
    /// Show what units do, and their last log lines
    Status(Status),
    /// Exit with 0 if one of the units is active
    IsActive(Names),
    /// Exit with 0 if one of the units has failed
    IsFailed(Names),
    /// Forget that units have failed, and their start limits
    ResetFailed(Names),
    /// Print properties of units, one KEY=VALUE a line
    Show(Show),
    /// Print the files of units, drop-ins included
    Cat(Names),
    /// Show how much services could do to this host, as systemd-analyze security; what is not applied here counts as bad
    Security(Security),
    /// List units that amr knows to be active, failed or wanted
    ListUnits(List),
    /// List all unit files that are installed
    ListUnitFiles(List),
    /// Print the tree of units that a unit pulls in
    ListDependencies(Dependencies),
    /// Have running services go by their unit files as they are now
    DaemonReload,
    /// Run a unit once, in the foreground, and exit with its status
    Run(Run),
    /// Print the log of a unit
    Logs(Logs),
    /// Has the log shipper shipped every byte?
    Drain(Drain),
    /// What a boot or a shutdown does, in order and why; exit 0 if the hook runs in time and in order
    Order(Order),
    /// Start units at boot, or with those that [Install] names: init script and links, or systemctl enable
    Enable(UnitFiles),
    /// Start units no more at boot, nor with others: all links to them go, their other names among them
    Disable(UnitFiles),
    /// Set links anew, as [Install] asks for them now
    Reenable(UnitFiles),
    /// Print whether units are started at boot or with others; exit 0 if one is
    IsEnabled(Names),
    /// chkconfig's own command line: --list, --add, --del, on, off, reset and the rest
    #[command(disable_help_flag = true)]
    Chkconfig(Chkconfig),
    /// Print an init script for a unit
    Initd(Initd),
    /// Show which hierarchy has which controller of control groups; mount those that none has
    Cgroups(Cgroups),
    /// Create the folders, files and links that packages expect, by tmpfiles.d(5)
    Tmpfiles(Tmpfiles),
    /// Make the users and groups that packages expect, by sysusers.d(5)
    Sysusers(Sysusers),
    /// Show the main job end to end below a throw-away folder
    Demo(Demo),
    /// What the demo runs in place of python and mosquitto
    #[command(hide = true)]
    StandIn {
        /// In whose place
        role: String,
    },
    /// What a supervisor runs when its unit ended by itself
    #[command(hide = true)]
    Reaction {
        /// The unit
        unit: String,
        /// How it ended
        ending: String,
    },
}

/// Names of units; shell patterns are allowed.
#[derive(Debug, Args)]
pub struct Names {
    /// Units; `.service` may be left out; `*`, `?` and `[]` match loaded units
    #[arg(value_name = "UNIT")]
    pub units: Vec<String>,
    /// Print nothing, only exit
    #[arg(short, long)]
    pub quiet: bool,
}

/// What start, stop and their kin take.
#[derive(Debug, Args)]
pub struct Jobs {
    /// Units; `.service` may be left out; `*`, `?` and `[]` match loaded units
    #[arg(value_name = "UNIT", required = true)]
    pub units: Vec<String>,
    /// Print what would be done, in order and why, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do not wait until it is done
    #[arg(long, visible_alias = "no-block")]
    pub no_wait: bool,
    /// Give up waiting after this time, e.g. `90` or `2min`
    #[arg(long, value_name = "SPAN")]
    pub timeout: Option<String>,
    /// Refuse units with directives that amr would not apply, or files that others can write
    #[arg(long)]
    pub strict: bool,
    /// Touch the named units only
    #[arg(long)]
    pub ignore_dependencies: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `amr kill`
#[derive(Debug, Args)]
pub struct Kill {
    /// Units
    #[arg(value_name = "UNIT", required = true)]
    pub units: Vec<String>,
    /// Which signal, by name or number
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGTERM")]
    pub signal: String,
    /// To whom
    #[arg(long, alias = "kill-who", value_enum, default_value_t = Whom::All)]
    pub kill_whom: Whom,
}

/// Which processes `amr kill` means.
#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum Whom {
    /// The main process
    Main,
    /// The command that runs beside it (start, stop, reload)
    Control,
    /// Every process
    All,
}

/// `amr status`
#[derive(Debug, Args)]
pub struct Status {
    /// Units; none means all that are active or failed
    #[arg(value_name = "UNIT")]
    pub units: Vec<String>,
    /// How many of the last log lines to show
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub lines: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `amr show`
#[derive(Debug, Args)]
pub struct Show {
    /// Units
    #[arg(value_name = "UNIT", required = true)]
    pub units: Vec<String>,
    /// Only these properties, comma separated; repeatable
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub property: Vec<String>,
    /// Also properties that are empty
    #[arg(short, long)]
    pub all: bool,
    /// Print the values without their names
    #[arg(long)]
    pub value: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `amr security`
#[derive(Debug, Args)]
pub struct Security {
    /// Services; `.service` may be left out; `*`, `?` and `[]` match loaded units
    #[arg(value_name = "UNIT", required = true)]
    pub units: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `amr list-units`, `amr list-unit-files`
#[derive(Debug, Args)]
pub struct List {
    /// Only units that match
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// Also those that are inactive
    #[arg(short, long)]
    pub all: bool,
    /// No heading and no legend
    #[arg(long)]
    pub no_legend: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `amr list-dependencies`
#[derive(Debug, Args)]
pub struct Dependencies {
    /// The unit at the top
    #[arg(value_name = "UNIT")]
    pub unit: String,
    /// What pulls it in, not what it pulls in
    #[arg(long)]
    pub reverse: bool,
    /// What it is ordered after
    #[arg(long, conflicts_with_all = ["before", "reverse"])]
    pub after: bool,
    /// What is ordered after it
    #[arg(long, conflicts_with = "reverse")]
    pub before: bool,
    /// Unfold services too, not only targets
    #[arg(short, long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `amr run`
#[derive(Debug, Args)]
pub struct Run {
    /// A unit by name, or the path of a unit file
    #[arg(value_name = "UNIT|PATH")]
    pub unit: String,
    /// Refuse to run with directives that amr would not apply, or files that others can write
    #[arg(long)]
    pub strict: bool,
}

/// `amr logs`
#[derive(Debug, Args)]
pub struct Logs {
    /// The unit
    #[arg(value_name = "UNIT")]
    pub unit: String,
    /// Go on printing what is added
    #[arg(short, long)]
    pub follow: bool,
    /// The last N lines only
    #[arg(short = 'n', long, value_name = "N")]
    pub lines: Option<u64>,
    /// From this time on: RFC 3339, `YYYY-MM-DD [HH:MM[:SS]]`, `HH:MM`, or a span such as `-1h`
    #[arg(long, short = 'S', value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Up to this time
    #[arg(long, short = 'U', value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// This priority and more urgent ones: 0-7, or emerg, alert, crit, err, warning, notice, info, debug
    #[arg(short, long, value_name = "PRIO")]
    pub priority: Option<String>,
    /// Since the last boot only
    #[arg(short, long)]
    pub boot: bool,
}

/// `amr demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the folder and print its name
    #[arg(long)]
    pub keep: bool,
}
