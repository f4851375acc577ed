//! The hand door: what a person may type, as clap knows it.
//!
//! These definitions are the one source of help, usage errors and completions. They become
//! `Request` values in `door`; nothing below the doors sees them.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
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
    /// List units that amr knows to be active, failed or wanted
    ListUnits(List),
    /// List all unit files that are installed
    ListUnitFiles(List),
    /// Print the tree of units that a unit pulls in
    ListDependencies(Dependencies),
    /// Does nothing: every command reads the unit files anew
    DaemonReload,
    /// Run a unit once, in the foreground, and exit with its status
    Run(Run),
    /// Print the log of a unit
    Logs(Logs),
    /// Has the log shipper shipped every byte?
    Drain(Drain),
    /// What a boot or a shutdown does, in order and why; exit 0 if the hook runs in time and in order
    Order(Order),
    /// Start units at boot: init script and links, or systemctl enable
    Enable(UnitFiles),
    /// Start units at boot no more
    Disable(UnitFiles),
    /// Set links anew, as [Install] asks for them now
    Reenable(UnitFiles),
    /// Print whether units are started at boot; exit 0 if one is
    IsEnabled(Names),
    /// chkconfig's own command line: --list, --add, --del, on, off, reset and the rest
    #[command(disable_help_flag = true)]
    Chkconfig(Chkconfig),
    /// Print an init script for a unit
    Initd(Initd),
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
    /// Refuse units with directives that amr would not apply
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
    #[arg(long, value_enum, default_value_t = Whom::All)]
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
    /// Print the values without their names
    #[arg(long)]
    pub value: bool,
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
    /// Refuse to run with directives that amr would not apply
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

/// `amr drain`
#[derive(Debug, Args)]
pub struct Drain {
    /// Which shipper; `auto` judges every one that runs or is installed
    #[arg(value_enum, default_value_t = ShipperArg::Auto)]
    pub shipper: ShipperArg,
    /// Judge now and exit: 0 drained, 10 settled, 11 cannot tell, 12 stalled, 13 gave up, 14 shipper dead, 15 lost
    #[arg(long, conflicts_with_all = [
        "timeout", "soft_timeout", "settle", "stall", "on_stall", "freeze", "exec", "exec_timeout", "console"
    ])]
    pub once: bool,
    /// Give up waiting after this time
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

/// The shippers that amr reads.
#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum ShipperArg {
    /// Every one that is found
    Auto,
    /// Filebeat, any generation, Elastic Agent's too
    Filebeat,
    /// The Amazon CloudWatch agent
    CloudwatchAgent,
}

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

/// `amr demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the folder and print its name
    #[arg(long)]
    pub keep: bool,
}
