//! One file for each shipper.
