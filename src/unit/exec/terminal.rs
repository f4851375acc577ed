//! The terminal of a service: `TTYPath=`, `TTYRows=`, `TTYColumns=`. `TTYReset=`, `TTYVHangup=` and
//! `TTYVTDisallocate=` are switches of which their rows say all.

use super::{ExecContext, Field};
use crate::unit::line::{Line, ValueProblem, set};
use serde::{Deserialize, Serialize};

/// Which it is, and how large.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terminal {
    /// `TTYPath=`; `None`: the console.
    pub path: Option<String>,
    /// `TTYRows=`; `None`: as it is. So with the columns.
    pub rows: Option<u32>,
    /// `TTYColumns=`.
    pub columns: Option<u32>,
}

/// The console of the host.
pub const CONSOLE: &str = "/dev/console";

impl Terminal {
    /// The one that `tty` stands for.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(CONSOLE)
    }
}

impl ExecContext {
    /// Does it have to do with a terminal (`exec_context_needs_term`)? Then TERM says of which kind that is.
    #[must_use]
    pub fn has_terminal(&self) -> bool {
        let io = self.io.streams();
        let outputs = [io.stdout, io.stderr];
        let shows = |output: &&super::io::Output| output.is_terminal();
        io.stdin.is_terminal() || outputs.iter().any(shows) || self.terminal.path.is_some()
    }
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "TTYColumns",
        property: "TTYColumns",
        read: |c, l| size(&mut c.terminal.columns, l),
        show: |c| show(c.terminal.columns),
    },
    Field {
        name: "TTYPath",
        property: "TTYPath",
        read: |c, l| set(&mut c.terminal.path, l.absolute_or_none()),
        show: |c| c.terminal.path.clone().unwrap_or_default(),
    },
    Field {
        name: "TTYRows",
        property: "TTYRows",
        read: |c, l| size(&mut c.terminal.rows, l),
        show: |c| show(c.terminal.rows),
    },
];

fn size(size: &mut Option<u32>, l: &Line<'_>) -> Result<(), ValueProblem> {
    *size = if l.text.is_empty() { None } else { Some(l.number()?) };
    Ok(())
}

fn show(size: Option<u32>) -> String {
    size.map_or_else(String::new, |size| size.to_string())
}
