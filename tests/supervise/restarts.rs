//! How long a supervisor waits before it starts a service again.

use crate::host::*;

/// `RestartSteps=` and `RestartMaxDelaySec=` came with systemd 254, so that no recording of 252 has them:
/// the delay grows from `RestartSec=` to the maximum in so many steps.
#[test]
fn delays_grow_in_steps_up_to_the_maximum() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Unit]
StartLimitIntervalSec=0
[Service]
Restart=always
RestartSec=50ms
RestartSteps=2
RestartMaxDelaySec=800ms
ExecStart=/bin/sh -c 'cut -d\" \" -f1 /proc/uptime >> ROOT/tmp/runs'
",
    );
    host.start(&unit);
    let runs = || {
        let text = std::fs::read_to_string(host.path("tmp/runs")).unwrap_or_default();
        text.lines().map(|line| line.parse::<f64>().unwrap()).collect::<Vec<_>>()
    };
    until("the fifth run", || runs().len() == 5);
    let gaps: Vec<f64> = runs().windows(2).map(|two| two[1] - two[0]).collect();
    // /proc/uptime has hundredths; a busy machine only makes them longer.
    for (gap, least) in gaps.iter().zip([0.04, 0.19, 0.79, 0.79]) {
        assert!(*gap >= least, "{gaps:?}");
    }
}
