//! Which links below /etc/systemd/system are made and which go, as `systemctl enable`, `disable` and `reenable`
//! have it. Where runlevels start units, the links of the targets that stand for them are not made: rc's are in
//! their place.

use super::links::LinkStep;
use super::request::{Change, Changed, LinkedUnit, Request, has_scripts, refuse};
use crate::cli::exit::Class;
use crate::sysv::install::levels_of;
use crate::unit::install::{FoundLink, InstallLink, to_remove};
use crate::unit::name::UnitName;

/// What a request makes of the links that are there.
///
/// # Errors
/// Another unit has a name that is to be made, or it is no link.
pub(super) fn plan(request: &Request) -> Changed<Vec<LinkStep>> {
    let by_runlevels = has_scripts(request.ctx);
    let mut steps: Vec<LinkStep> = Vec::new();
    if request.change != Change::Disable {
        for unit in &request.linked {
            let is_rc = |link: &&InstallLink| link.puller.as_ref().is_some_and(|p| !levels_of(p).is_empty());
            for link in unit.links.iter().filter(|link| !(by_runlevels && is_rc(link))) {
                let step = make(request, unit, link)?;
                steps.extend(step.filter(|step| !steps.contains(step)));
            }
        }
    }
    if request.change != Change::Enable {
        let names: Vec<UnitName> = request.linked.iter().flat_map(|unit| unit.names.clone()).collect();
        let asked = |found: &FoundLink| {
            request.linked.iter().any(|unit| unit.links.iter().any(|link| link.path == found.path))
        };
        // Under a name of [Install] that its instance alone has.
        let own = |found: &&FoundLink| {
            let leads = |unit: &LinkedUnit| unit.file.as_ref() == Some(&found.to);
            request.linked.iter().any(|u| leads(u) && u.links.iter().any(|link| link.path == found.path))
        };
        let mut gone = to_remove(&names, &request.found);
        gone.extend(request.found.iter().filter(own));
        for found in gone.into_iter().filter(|f| request.change == Change::Disable || !asked(f)) {
            let step = LinkStep { path: found.path.clone(), text: None };
            if !steps.iter().any(|other| other.path == step.path) {
                steps.push(step);
            }
        }
    }
    Ok(steps)
}

/// A link that is there and leads to the unit's file stays. One that says who pulls the unit in is made
/// anew; a name that another unit has is not taken from it.
fn make(request: &Request, unit: &LinkedUnit, link: &InstallLink) -> Changed<Option<LinkStep>> {
    let root = &request.ctx.root;
    let Some(file) = unit.file.clone() else { return Ok(None) };
    let taken = |what: String| refuse(Class::Failed, format!("'{}' {what}", link.path.display()), None);
    match request.found.iter().find(|found| found.path == link.path) {
        Some(found) if found.to == file => return Ok(None),
        Some(found) => {
            if let (Ok(there), Ok(own)) = (root.stat(&found.to), root.stat(&file)) {
                if there.same_file(&own) {
                    return Ok(None);
                }
                if link.puller.is_none() {
                    return taken(format!("leads to '{}' already", found.to.display()));
                }
            }
        }
        None if root.lstat(&link.path).is_ok() => {
            return taken("is there already, and is no link".to_owned());
        }
        None => {}
    }
    Ok(Some(LinkStep { path: link.path.clone(), text: Some(file) }))
}
