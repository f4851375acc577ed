//! What do rc, chkconfig and insserv want?
//!
//! Readers of script headers ([`header`] as chkconfig reads them, [`lsb`] as insserv does), the
//! generator of init scripts (`initd`), the links in `/etc/rcN.d` ([`links`]), the numbers in
//! their names ([`priority`], `assign`) and chkconfig's own command line (`chkconfig`). Pure,
//! but for `apply`, which reads a tree and carries a plan out in it.

pub mod door;
pub mod header;
pub mod level;
pub mod links;
pub mod lsb;
pub mod priority;
pub mod subsys;
