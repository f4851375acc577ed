//! What chkconfig says when it will not: of scripts that it cannot use, and of callers who may not. Pure.

use super::env::{Env, Privilege};
use super::outcome::Outcome;
use super::view::{Refusal, View};
use crate::sysv::header::OverrideError;
use crate::sysv::level::Runlevel;
use crate::sysv::links::shown;
use std::ffi::OsStr;

pub(super) fn refuse(out: &mut Outcome, name: &OsStr, refusal: &Refusal) {
    let name = shown(name);
    out.code = 1;
    match refusal {
        Refusal::Unsupported(e) => {
            out.stderr += &format!("service {name} does not support chkconfig\n");
            out.notes.push(format!("'/etc/init.d/{name}': {e}; {}", e.remedy()));
        }
        Refusal::Unreadable(why) => {
            out.stderr += &format!("error reading information on service {name}: {why}\n");
        }
        Refusal::Override(e) => {
            out.stderr += &format!(
                "error reading information on service {name}: override '/etc/chkconfig.d/{name}': {e}\n"
            );
            out.notes.push(format!("chkconfig would go on and damage the links of '{name}'; {}", e.remedy()));
        }
    }
}

pub(super) fn override_note(name: &OsStr, e: &OverrideError) -> String {
    format!("override '/etc/chkconfig.d/{}' is not applied: {e}; {}", shown(name), e.remedy())
}

/// access(2) on /etc/rc3.d, which is where chkconfig looks whether it may write.
pub(super) fn privileged(view: &View, env: &Env, out: &mut Outcome) -> bool {
    let is_missing = Runlevel::new(3).is_some_and(|l| view.found.missing().contains(l));
    if env.privilege == Privilege::Full && !is_missing {
        return true;
    }
    out.stderr += "You do not have enough privileges to perform this operation.\n";
    out.code = 1;
    if is_missing {
        out.notes
            .push("'/etc/rc3.d', by which chkconfig tells whether it may write, does not exist".to_owned());
    }
    false
}
