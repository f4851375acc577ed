//! Who the process is: the user for the environment, the ids for the kernel.

use super::{Refused, Request, Step, at};
use crate::exec::stage::Stage;
use crate::os::ids::{Credentials, Ids, User, id_number};
use crate::unit::exec::ApplyMode;

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
    for name in &c.supplementary_groups {
        let id = find_group(&ids, name)?;
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    let asked = user.is_some() || c.group.is_some() || !c.supplementary_groups.is_empty();
    let uid = user.as_ref().map_or(0, |u| u.uid);
    let wanted = asked || request.mode == ApplyMode::Strict;
    let credentials = wanted.then_some(Credentials { uid, gid, groups });
    Ok(Identity { user, credentials, groups_of_user })
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
