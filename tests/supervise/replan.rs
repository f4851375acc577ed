//! Unit files that change while the service runs: what counts is the plan of the start, and after a
//! daemon-reload the one that was there then.

use crate::host::*;
use amr::supervisor::client;

fn says(word: &str) -> String {
    format!(
        "[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/sh -c 'echo {word} >> ROOT/tmp/said'\n\
         ExecStopPost=/bin/sh -c 'echo {word}-post >> ROOT/tmp/said'\n"
    )
}

#[test]
fn a_new_plan_counts_from_the_daemon_reload_on() {
    let host = Host::new(None);
    host.start(&host.unit(&says("first")));
    let second = host.unit(&says("second"));
    host.stop(&second);
    assert_eq!(host.text("tmp/said"), "first\nfirst-post\n", "without a daemon-reload");
    host.start(&second);
    let main = host.status().main.unwrap();
    let third = host.unit(&says("third").replace("[Service]", "[Unit]\nDescription=three\n[Service]"));
    client::replan(&host.state_dir, &third, &host.options).unwrap();
    let record = host.status();
    assert_eq!((record.main, record.description.as_deref()), (Some(main), Some("three")));
    std::fs::remove_file(host.path("tmp/said")).unwrap();
    host.stop(&host.unit(&says("fourth")));
    assert_eq!(host.text("tmp/said"), "third\nthird-post\n");
    assert!(!host.state_dir.root.exists(&host.state_dir.files("app.service").plan), "it goes with the run");
}

#[test]
fn the_next_supervisor_goes_by_the_plan_of_the_daemon_reload() {
    let host = Host::new(None);
    host.start(&host.unit(&says("first")));
    client::replan(&host.state_dir, &host.unit(&says("second")), &host.options).unwrap();
    host.kill_supervisor();
    host.stop(&host.unit(&says("third")));
    assert_eq!(host.text("tmp/said"), "second\nsecond-post\n");
    // That of the start, where there was none.
    std::fs::remove_file(host.path("tmp/said")).unwrap();
    host.start(&host.unit(&says("start")));
    host.kill_supervisor();
    host.stop(&host.unit(&says("third")));
    assert_eq!(host.text("tmp/said"), "start\nstart-post\n");
    // A lost one is given it, too.
    host.start(&host.unit(&says("fourth")));
    host.kill_supervisor();
    client::replan(&host.state_dir, &host.unit(&says("fifth")), &host.options).unwrap();
    std::fs::remove_file(host.path("tmp/said")).unwrap();
    std::fs::remove_file(host.path("etc/systemd/system/app.service")).unwrap();
    host.stop(&host.load());
    assert_eq!(host.text("tmp/said"), "fifth\nfifth-post\n");
}
