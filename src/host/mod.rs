//! Which init is pid 1, which family of distribution, which kernel features.
