//! What do rc, chkconfig and insserv want?
//!
//! Readers of script headers ([`header`] as chkconfig reads them, [`lsb`] as insserv does), the
//! generator of init scripts ([`initd`]), the links in `/etc/rcN.d` ([`links`], [`level`]) and the
//! numbers in their names (chkconfig's in [`priority`], insserv's in [`depth`], ours in
//! [`assign`]), what enabling a unit means ([`install`]), what rc skips ([`subsys`]), what pid 1 runs beside rc ([`upstart`]), how a script
//! is called ([`door`]) and chkconfig's own command line ([`chkconfig`]). Pure, but for [`apply`], which reads a tree and takes steps in it.

pub mod apply;
pub mod assign;
pub mod chkconfig;
pub mod depth;
pub mod door;
pub mod header;
pub mod initd;
pub mod install;
pub mod level;
pub mod links;
pub mod lsb;
pub mod priority;
pub mod subsys;
pub mod upstart;
