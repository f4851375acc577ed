//! The CloudWatch agent as the drain sees it. A driver: it reads files and `/proc`.

use super::follow::{States, states};
use super::own_log::OwnLog;
use super::state::STATES;
use crate::drain::cursor::Positions;
use crate::drain::judge::facts::Trust;
use crate::drain::shipper::host::{Host, Process};
use crate::drain::shipper::interface::{Error, Found, Latency, PositionSource, Shipper, Version};
use crate::os::error::Error as OsError;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The names of the agent's executable.
const EXECUTABLES: [&str; 1] = ["amazon-cloudwatch-agent"];

/// Where its package writes its version.
const VERSION: &str = "/opt/aws/amazon-cloudwatch-agent/bin/CWAGENT_VERSION";

/// Amazon's CloudWatch agent.
#[derive(Clone, Copy, Debug)]
pub struct CloudWatchAgent;

impl Shipper for CloudWatchAgent {
    fn name(&self) -> &'static str {
        "cloudwatch-agent"
    }

    fn about(&self) -> &'static str {
        "The Amazon CloudWatch agent"
    }

    fn programs(&self) -> &'static [&'static str] {
        &EXECUTABLES
    }

    /// They also move past what was dropped: an unretryable error, retries spent, a stop meanwhile.
    fn trust(&self) -> Trust {
        Trust::AlsoDropped
    }

    fn find(&self, host: &Host) -> Result<Vec<Found>, OsError> {
        let mut running = host.processes.iter();
        let place = host.asker.registry.as_deref().unwrap_or(Path::new(STATES));
        let owners = || host.root.stat(place).ok().map(|stat| stat.uid).into_iter().collect();
        let own = |process: &&Process| {
            EXECUTABLES.contains(&process.name()) && host.takes(process.pid, &EXECUTABLES, owners)
        };
        let process = running.rfind(own).map(|process| process.pid);
        let here = process.is_some() || host.root.exists(Path::new(STATES));
        let version = host.root.read(Path::new(VERSION), 4096).ok();
        let version = version.and_then(|text| Version::parse(String::from_utf8_lossy(&text).trim()));
        let found = Found { process, version, ..self.at(host, Path::new(STATES)) };
        Ok(here.then_some(found).into_iter().collect())
    }

    fn at(&self, host: &Host, positions: &Path) -> Found {
        Found {
            shipper: &CloudWatchAgent,
            root: host.root.clone(),
            process: None,
            started: None,
            began: None,
            own: positions.to_owned(),
            positions: positions.to_owned(),
            inputs: Vec::new(),
            latency: LATENCY,
            version: None,
            unknown: vec!["which files the CloudWatch agent takes is not read from its configuration".into()],
            unreadable: None,
            others: Vec::new(),
            sources: Vec::new(),
            changeable: Vec::new(),
            notes: Vec::new(),
            witness: Some(Arc::new(OwnLog)),
        }
    }

    fn configure(&self, _: &Path, _: &mut Found) -> Result<(), Error> {
        Err(Error::Unreadable("cannot take --config: the CloudWatch agent's is not read".into()))
    }

    fn open(&self, found: &Found) -> Result<Box<dyn PositionSource>, Error> {
        let (root, folder) = (found.root.clone(), found.positions.clone());
        let positions = states(&root, &folder)?;
        Ok(Box::new(States { root, folder, positions }))
    }

    fn format(&self, _: &Positions) -> &'static str {
        "cloudwatch-agent"
    }
}

/// The agent polls by inotify and every second; `force_flush_interval` is 5 s, states are saved every
/// 100 ms.
const LATENCY: Latency = Latency {
    scan: Duration::from_secs(1),
    backoff: Duration::from_secs(1),
    flush: Duration::from_secs(5),
    registry: Duration::from_millis(100),
};
