//! Who is who on this host: the hooks that wait for a shipper, the shippers, who writes logs, and
//! what brings the network up. By name, and for hooks also by what they run.

use crate::cli::args::Order;
use crate::drain::shipper;
use crate::order::step::OrderOptions;
use crate::os::root::Root;
use crate::unit::model::{Body, ExecCommand, Service, Unit};
use crate::unit::value::{Timeout, time};
use std::path::Path;
use std::time::Duration;

/// Shippers whose positions amr cannot read: their place in the order counts all the same.
const OTHER_SHIPPERS: [&str; 7] =
    ["awslogs", "awslogsd", "fluent-bit", "fluentd", "promtail", "td-agent", "vector"];

/// Their last lines matter; names that begin so and go on with a digit or a dash count too.
const WRITERS: [&str; 6] = ["amr", "apache2", "httpd", "jetty", "nginx", "tomcat"];

const NETWORK: [&str; 5] = ["NetworkManager", "network", "networking", "systemd-networkd", "network.target"];

/// What a drain that names no deadline may need: its `--timeout` by default.
const NEEDS: Duration = Duration::from_secs(20 * 60);

/// From asking a machine of EC2 to stop until it is switched off, outside of a lifecycle hook: plan
/// for two to four minutes.
const EC2: Duration = Duration::from_secs(2 * 60);

/// A service of the host.
pub struct HostService<'a> {
    /// Without `.service`.
    pub name: &'a str,
    /// Its unit, where there is one.
    pub unit: Option<&'a Unit>,
}

/// Who is who among the services that the host has; what `args` name counts as it is.
#[must_use]
pub fn order_options(
    args: &Order,
    known: &[HostService],
    root: &Root,
    needs: Option<Duration>,
) -> OrderOptions {
    let named = |given: &[String], is: &dyn Fn(&HostService) -> bool| -> Vec<String> {
        if given.is_empty() {
            known.iter().filter(|k| is(k)).map(|k| k.name.to_owned()).collect()
        } else {
            given.iter().map(|n| n.strip_suffix(".service").unwrap_or(n).to_owned()).collect()
        }
    };
    let drains = named(&args.hook, &is_hook);
    let hook = known.iter().filter(|k| drains.iter().any(|d| d == k.name)).find_map(|k| k.unit);
    OrderOptions {
        shippers: named(&args.shipper, &|k| is_shipper(k.name)),
        writers: named(&args.writer, &|k| is_writer(k.name) && !is_hook(k)),
        network: named(&[], &|k| NETWORK.contains(&k.name)),
        needs: needs.or_else(|| hook.and_then(deadline)),
        // amr's drain asks for more time while it works.
        extends_timeout: hook.and_then(service).is_some_and(|s| s.exec.stop.iter().any(is_drain)),
        provider_limit: is_ec2(root).then_some(EC2),
        drains,
    }
}

fn is_hook(known: &HostService) -> bool {
    let runs_drain = known.unit.and_then(service).is_some_and(|s| s.exec.stop.iter().any(is_drain));
    runs_drain || known.name.starts_with("shutdown-")
}

/// A service has the name of the program that it runs.
fn is_shipper(name: &str) -> bool {
    shipper::ALL.iter().any(|known| known.programs().contains(&name)) || OTHER_SHIPPERS.contains(&name)
}

fn is_writer(name: &str) -> bool {
    WRITERS.iter().any(|w| {
        name.strip_prefix(w)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    })
}

fn service(unit: &Unit) -> Option<&Service> {
    match &unit.body {
        Body::Service(service) => Some(service),
        Body::Other => None,
    }
}

/// `/usr/sbin/amr drain …`.
fn is_drain(command: &ExecCommand) -> bool {
    command.path.rsplit('/').next() == Some("amr") && command.argv.iter().any(|w| w == "drain")
}

/// From the option of the drain that says it; a hook of another kind does not say.
fn deadline(unit: &Unit) -> Option<Duration> {
    let command = service(unit)?.exec.stop.iter().find(|c| is_drain(c))?;
    for option in ["--timeout", "--deadline"] {
        let mut words = command.argv.iter();
        while let Some(word) = words.next() {
            let value = match word.strip_prefix(option) {
                Some("") => words.next().map(String::as_str),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            match value.and_then(|v| time::parse(v).ok()) {
                Some(Timeout::After(needs)) => return Some(needs),
                Some(Timeout::Never) | None => {}
            }
        }
    }
    Some(NEEDS)
}

fn is_ec2(root: &Root) -> bool {
    let text = |path: &str| {
        let bytes = root.read(Path::new(path), 4096).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    };
    text("/sys/class/dmi/id/sys_vendor") == "Amazon EC2" || text("/sys/hypervisor/uuid").starts_with("ec2")
}
