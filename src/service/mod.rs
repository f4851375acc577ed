//! One supervised service.
