//! What do rc, chkconfig and insserv want?
