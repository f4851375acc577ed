//! Who the process is: the user for the environment, the ids for the kernel.

use super::{Refused, Request, Step, at};
use crate::exec::dynamic_user::DynamicUser;
use crate::exec::stage::Stage;
use crate::os::ids::{Credentials, Ids, User, id_number};
use crate::unit::exec::ApplyMode;
use std::cell::OnceCell;

/// Both.
pub(super) struct Identity {
    /// `User=`.
    pub user: Option<User>,
    /// `None`: those of the supervisor.
    pub credentials: Option<Credentials>,
    /// The user's own groups, which a line that stays root is in as well: systemd calls initgroups(3)
    /// before it looks at the prefix.
    pub groups_of_user: Vec<u32>,
}

/// Without `User=` and `Group=` root's own, so that nothing of the caller's groups is passed on.
pub(super) fn find(request: &Request<'_>) -> Step<Identity> {
    let c = &request.context.identity;
    let ids = Ids::new(request.root);
    match (c.dynamic, request.mode) {
        (true, ApplyMode::Strict) => return dynamic(request, &ids),
        // There is none but for root: it runs as who starts it, which is said.
        (true, ApplyMode::BestEffort) => {
            let (credentials, groups_of_user) = (Some(Credentials::own()), Vec::new());
            return Ok(Identity { user: None, credentials, groups_of_user });
        }
        (false, _) => {}
    }
    let user = c.user.as_ref().map(|name| find_user(&ids, name)).transpose()?;
    let gid = match (&c.group, &user) {
        (Some(name), _) => find_group(&ids, name)?,
        (None, Some(user)) => user.gid,
        (None, None) => 0,
    };
    let mut groups = match &user {
        Some(user) => ids.groups_of(user, gid).map_err(at(Stage::Group))?,
        None => Vec::new(),
    };
    let groups_of_user = if gid == 0 { Vec::new() } else { groups.clone() };
    add(&ids, &c.supplementary_groups, &mut groups)?;
    let asked = user.is_some() || c.group.is_some() || !c.supplementary_groups.is_empty();
    let uid = user.as_ref().map_or(0, |u| u.uid);
    let wanted = asked || request.mode == ApplyMode::Strict;
    let credentials = wanted.then_some(Credentials { uid, gid, groups });
    Ok(Identity { user, credentials, groups_of_user })
}

/// `DynamicUser=`: where a database has the name, that is who it is; else numbers are taken for the run.
fn dynamic(request: &Request<'_>, ids: &Ids) -> Step<Identity> {
    let c = &request.context.identity;
    let (name, group) = (c.user.as_deref().unwrap_or_default(), c.group.as_deref());
    let user = match ids.user(name).map_err(at(Stage::User))? {
        Some(user) => without_login(user),
        None if ids.group(name).map_err(at(Stage::User))?.is_some() => {
            return Err(Refused::At(
                Stage::User,
                format!("there is a group '{name}', but no user of that name"),
            ));
        }
        None => {
            let id = held(request, &request.spaces.user, name)?;
            without_login(User { name: name.to_owned(), ..User::unnamed(id, id) })
        }
    };
    let gid = match group.filter(|group| *group != name) {
        None => user.gid,
        Some(group) => match ids.group(group).map_err(at(Stage::User))? {
            Some(group) => group.gid,
            None if ids.user(group).map_err(at(Stage::User))?.is_some() => {
                let why = format!("there is a user '{group}', but no group of that name");
                return Err(Refused::At(Stage::User, why));
            }
            None => held(request, &request.spaces.group, group)?,
        },
    };
    let mut groups = ids.groups_of(&user, gid).map_err(at(Stage::Group))?;
    let groups_of_user = groups.clone();
    add(ids, &c.supplementary_groups, &mut groups)?;
    let credentials = Some(Credentials { uid: user.uid, gid, groups });
    Ok(Identity { user: Some(user), credentials, groups_of_user })
}

/// Such a user has no HOME and no SHELL, also where a database has it.
fn without_login(user: User) -> User {
    User { home: "/".into(), shell: "".into(), ..user }
}

/// The number of the run, taken when it is first asked for.
fn held(request: &Request<'_>, cell: &OnceCell<DynamicUser>, name: &str) -> Step<u32> {
    if let Some(user) = cell.get() {
        return Ok(user.id);
    }
    let user = DynamicUser::acquire(request, name)?;
    Ok(cell.get_or_init(|| user).id)
}

/// `SupplementaryGroups=`.
fn add(ids: &Ids, names: &[String], groups: &mut Vec<u32>) -> Step<()> {
    for name in names {
        let id = find_group(ids, name)?;
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    Ok(())
}

fn find_user(ids: &Ids, name: &str) -> Step<User> {
    match ids.user(name).map_err(at(Stage::User))? {
        Some(user) => Ok(user),
        // Root needs no entry; any other number does, since the group stands there.
        None if id_number(name) == Some(0) => Ok(User::unnamed(0, 0)),
        None => Err(Refused::At(Stage::User, format!("user '{name}' does not exist"))),
    }
}

fn find_group(ids: &Ids, name: &str) -> Step<u32> {
    match ids.group(name).map_err(at(Stage::Group))? {
        Some(group) => Ok(group.gid),
        None => {
            id_number(name).ok_or_else(|| Refused::At(Stage::Group, format!("group '{name}' does not exist")))
        }
    }
}
