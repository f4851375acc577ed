//! Single paths, each as systemd 252 was measured to go (the conformance cases are named).
