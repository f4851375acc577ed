//! Who is who to a drain: its writers, its shipper, the network, and the hook itself. Pure.

use std::time::Duration;

/// What a service is to the drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Writes logs: must have stopped before the drain.
    Writer,
    /// Waits at shutdown until the shipper has shipped: the hook.
    Drain,
    /// Ships logs: must outlive the drain.
    Shipper,
    /// Must outlive the shipper.
    Network,
    /// Anything else.
    Other,
}

impl Role {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Drain => "drain",
            Self::Shipper => "shipper",
            Self::Network => "network",
            Self::Other => "other",
        }
    }
}

/// Who is who, and how much time the drain wants. Names without `.service`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderOptions {
    /// The hooks that wait until everything is shipped.
    pub drains: Vec<String>,
    /// What ships the logs: units without `.service`, or scripts.
    pub shippers: Vec<String>,
    /// Services that must have stopped writing before the drain begins.
    pub writers: Vec<String>,
    /// What brings the network up.
    pub network: Vec<String>,
    /// The drain's own deadline.
    pub needs: Option<Duration>,
    /// It sends EXTEND_TIMEOUT_USEC= while it works.
    pub extends_timeout: bool,
    /// The host is one that its provider switches off this long after asking it to stop.
    pub provider_limit: Option<Duration>,
}

impl OrderOptions {
    /// What this service is to the drain.
    #[must_use]
    pub fn role(&self, name: &str) -> Role {
        let stem = name.strip_suffix(".service").unwrap_or(name);
        let named = |list: &[String]| list.iter().any(|n| n == stem || n == name);
        if named(&self.drains) {
            Role::Drain
        } else if named(&self.shippers) {
            Role::Shipper
        } else if named(&self.writers) {
            Role::Writer
        } else if named(&self.network) {
            Role::Network
        } else {
            Role::Other
        }
    }
}
