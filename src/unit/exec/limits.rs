//! PROCESS PROPERTIES, resource limits: `LimitCPU=` to `LimitRTTIME=`.

use super::{ExecContext, Field};
use crate::unit::line::{Line, ValueProblem};
use crate::unit::value::limits::{Resource, ResourceLimit, parse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The limits that the unit sets; the others are those of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limits(pub BTreeMap<Resource, ResourceLimit>);

macro_rules! limit {
    ($name:literal, $resource:ident) => {
        Field {
            name: $name,
            property: $name,
            read: |c, l| read(c, l, Resource::$resource),
            show: |c| show(c, Resource::$resource),
        }
    };
}

pub(super) const FIELDS: &[Field] = &[
    limit!("LimitAS", As),
    limit!("LimitCORE", Core),
    limit!("LimitCPU", Cpu),
    limit!("LimitDATA", Data),
    limit!("LimitFSIZE", Fsize),
    limit!("LimitLOCKS", Locks),
    limit!("LimitMEMLOCK", Memlock),
    limit!("LimitMSGQUEUE", Msgqueue),
    limit!("LimitNICE", Nice),
    limit!("LimitNOFILE", Nofile),
    limit!("LimitNPROC", Nproc),
    limit!("LimitRSS", Rss),
    limit!("LimitRTPRIO", Rtprio),
    limit!("LimitRTTIME", Rttime),
    limit!("LimitSIGPENDING", Sigpending),
    limit!("LimitSTACK", Stack),
];

/// The soft limits, each under the name of its property, which the hard one has without `Soft`.
pub fn soft(limits: &Limits) -> impl Iterator<Item = (&'static str, String)> {
    let show = |resource| limits.0.get(&resource).map_or_else(String::new, |limit| number(limit.soft));
    SOFT.into_iter().map(move |(property, resource)| (property, show(resource)))
}

const SOFT: [(&str, Resource); 16] = [
    ("LimitASSoft", Resource::As),
    ("LimitCORESoft", Resource::Core),
    ("LimitCPUSoft", Resource::Cpu),
    ("LimitDATASoft", Resource::Data),
    ("LimitFSIZESoft", Resource::Fsize),
    ("LimitLOCKSSoft", Resource::Locks),
    ("LimitMEMLOCKSoft", Resource::Memlock),
    ("LimitMSGQUEUESoft", Resource::Msgqueue),
    ("LimitNICESoft", Resource::Nice),
    ("LimitNOFILESoft", Resource::Nofile),
    ("LimitNPROCSoft", Resource::Nproc),
    ("LimitRSSSoft", Resource::Rss),
    ("LimitRTPRIOSoft", Resource::Rtprio),
    ("LimitRTTIMESoft", Resource::Rttime),
    ("LimitSIGPENDINGSoft", Resource::Sigpending),
    ("LimitSTACKSoft", Resource::Stack),
];

fn read(c: &mut ExecContext, l: &Line<'_>, resource: Resource) -> Result<(), ValueProblem> {
    c.limits.0.insert(resource, parse(resource, l.text)?);
    Ok(())
}

/// The hard limit, as the property without `Soft` has it.
fn show(c: &ExecContext, resource: Resource) -> String {
    c.limits.0.get(&resource).map_or_else(String::new, |limit| number(limit.hard))
}

fn number(limit: u64) -> String {
    if limit == u64::MAX { "infinity".into() } else { limit.to_string() }
}
