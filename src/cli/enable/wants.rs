//! `enable` where there is no /etc/init.d: the links of [Install] below /etc/systemd/system, as `systemctl
//! enable` makes them in an image.
//!
//! A systemd that boots the tree follows them; in a container whoever starts it calls `amr start`.

use super::request::{Change, Changed, refuse, with_also};
use crate::cli::exit::Class;
use crate::cli::out;
use crate::job::context::Context;
use crate::job::units;
use crate::os::root::Root;
use crate::sysv::install::{InstallError, enablement};
use crate::unit::load::Loader;
use crate::unit::model::Unit;
use crate::unit::name::UnitName;
use std::path::{Path, PathBuf};

/// Where the links go.
const FOLDER: &str = "/etc/systemd/system";

/// Makes or removes the links of these units, and those of `Also=`.
pub(super) fn carry_out(ctx: &Context, change: Change, names: &[UnitName], is_dry: bool) -> Changed<()> {
    let facts = ctx.facts();
    let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
    let mut linked: Vec<UnitName> = Vec::new();
    with_also(names, |name| {
        let unit = loader.load(name);
        if let Some(what) = units::refusal(&unit) {
            return refuse(Class::Failed, what, None);
        }
        let asked = match enablement(name, &unit.install) {
            Ok(asked) => asked,
            Err(e @ InstallError::Nothing(_)) => {
                out::print_error(change.as_str(), &e.to_string(), None);
                return Ok(Vec::new());
            }
            Err(e) => return refuse(Class::Failed, e.to_string(), None),
        };
        let Some(file) = unit.fragment.clone() else { return Ok(Vec::new()) };
        for (link, text) in links(&unit, &asked.unit, &file) {
            one(&ctx.root, change, &link, &text, is_dry)?;
        }
        linked.push(name.clone());
        Ok(asked.also)
    })?;
    if change != Change::Disable && !linked.is_empty() {
        let names = linked.iter().map(UnitName::as_str).collect::<Vec<_>>().join(" ");
        let what = "there is no /etc/init.d here: only a systemd that boots this tree follows the links";
        out::print_error(
            change.as_str(),
            what,
            Some(&format!("in a container, start it with 'amr start {names}'")),
        );
    }
    Ok(())
}

/// Each link of [Install] with its text.
fn links(unit: &Unit, name: &UnitName, file: &Path) -> Vec<(PathBuf, PathBuf)> {
    let below = |target: &UnitName, kind: &str| {
        Path::new(FOLDER).join(format!("{target}.{kind}")).join(name.as_str())
    };
    let wants = unit.install.wanted_by.iter().map(|t| below(t, "wants"));
    let requires = unit.install.required_by.iter().map(|t| below(t, "requires"));
    let aliases = unit.install.alias.iter().map(|a| Path::new(FOLDER).join(a.as_str()));
    wants.chain(requires).chain(aliases).map(|link| (link, file.to_owned())).collect()
}

fn one(root: &Root, change: Change, link: &Path, text: &Path, is_dry: bool) -> Changed<()> {
    let verb = if change == Change::Disable { "remove" } else { "link" };
    let shown = if change == Change::Disable {
        format!("{verb} {}\n", link.display())
    } else {
        format!("{verb} {} -> {}\n", link.display(), text.display())
    };
    if is_dry {
        out::print_raw(&out::escape(shown.trim_end()));
        out::print_raw("\n");
        return Ok(());
    }
    let done = match (change, link.parent()) {
        (Change::Disable, _) => root.remove_file_if_there(link),
        (Change::Enable | Change::Reenable, Some(folder)) => {
            root.create_dir_all(folder, 0o755).and_then(|()| root.symlink_atomic(text, link))
        }
        (Change::Enable | Change::Reenable, None) => Ok(()),
    };
    done.or_else(|e| refuse(Class::Failed, e.to_string(), None))
}

/// Has the unit a link of [Install]?
pub(super) fn is_enabled(root: &Root, unit: &Unit) -> bool {
    let file = unit.fragment.clone().unwrap_or_default();
    links(unit, &unit.name, &file).iter().any(|(link, _)| root.lstat(link).is_ok())
}
