mod sets;

use super::*;
use crate::unit::model::{Body, Service};
use crate::unit::name::UnitKind;
use crate::unit::specifier::User;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU32, Ordering};

const SIMPLE: &str = "[Service]\nExecStart=/bin/true\n";

/// A tree in a folder of its own: files with contents, and links written `-> TARGET`.
pub(super) struct Tree {
    dir: PathBuf,
    pub root: Root,
    facts: Facts,
}

impl Tree {
    pub fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("amr-load-{}-{number}", std::process::id()));
        for (path, content) in files {
            let path = dir.join(path.trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match content.strip_prefix("-> ") {
                Some(target) => symlink(target, path).unwrap(),
                None => std::fs::write(path, content).unwrap(),
            }
        }
        std::fs::create_dir_all(&dir).unwrap();
        let facts = Facts { user: Some(User::default()), ..Facts::default() };
        Self { root: Root::at(&dir).unwrap(), dir, facts }
    }

    fn loader(&self) -> Loader<'_> {
        let loader = Loader::new(&self.root, &search_path(None), &self.facts);
        assert!(loader.problems().is_empty());
        loader
    }

    fn load(&self, name: &str) -> Unit {
        self.loader().load(&unit_name(name))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn unit_name(name: &str) -> UnitName {
    UnitName::parse(name).unwrap()
}

fn service(unit: &Unit) -> &Service {
    match &unit.body {
        Body::Service(s) => s,
        Body::Other => panic!("{} is not a service", unit.name),
    }
}

fn paths(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|p| p.to_str().unwrap()).collect()
}

fn has(unit: &Unit, kind: DepKind, on: &str) -> bool {
    unit.deps.iter().any(|d| d.kind == kind && d.on.as_str() == on)
}

#[test]
fn the_first_folder_of_the_search_path_wins() {
    let tree = Tree::new(&[
        ("/usr/lib/systemd/system/a.service", "[Unit]\nDescription=vendor\n[Service]\nExecStart=/bin/a\n"),
        ("/etc/systemd/system/a.service", "[Unit]\nDescription=admin\n[Service]\nExecStart=/bin/b\n"),
        ("/etc/systemd/system/not a unit", ""),
    ]);
    let unit = tree.load("a.service");
    assert_eq!((unit.load, unit.description.as_deref()), (LoadState::Loaded, Some("admin")));
    assert_eq!(unit.fragment.as_deref(), Some(Path::new("/etc/systemd/system/a.service")));
    assert_eq!(tree.load("b.service").load, LoadState::NotFound);
    let files = tree.loader().list_unit_files();
    assert_eq!(files.len(), 1);
}

#[test]
fn the_search_path_and_its_override() {
    assert_eq!(search_path(None).len(), 11);
    assert_eq!(search_path(Some("/a:/b")), [Path::new("/a"), Path::new("/b")]);
    assert_eq!(search_path(Some("/a:")).len(), 12);
    let tree = Tree::new(&[("/opt/u/a.service", SIMPLE), ("/etc/systemd/system/b.service", SIMPLE)]);
    let loader = Loader::new(&tree.root, &search_path(Some("/opt/u")), &tree.facts);
    assert_eq!(loader.load(&unit_name("a.service")).load, LoadState::Loaded);
    assert_eq!(loader.load(&unit_name("b.service")).load, LoadState::NotFound);
}

#[test]
fn dropins_of_all_folders_in_the_order_of_their_names() {
    let tree = Tree::new(&[
        ("/usr/lib/systemd/system/a-b.service", "[Service]\nExecStart=/bin/a\nEnvironment=V=0\n"),
        ("/usr/lib/systemd/system/a-b.service.d/50-x.conf", "[Service]\nEnvironment=HIDDEN=1\n"),
        ("/run/systemd/system/a-b.service.d/50-x.conf", "[Service]\nEnvironment=HIDDEN=2\n"),
        ("/etc/systemd/system/a-b.service.d/50-x.conf", "[Service]\nEnvironment=V=50\n"),
        ("/etc/systemd/system/a-.service.d/50-x.conf", "[Service]\nEnvironment=HIDDEN=3\n"),
        ("/usr/lib/systemd/system/a-.service.d/60-p.conf", "[Service]\nEnvironment=V=60\n"),
        ("/etc/systemd/system/service.d/10-all.conf", "[Service]\nEnvironment=V=10 W=10\n"),
        ("/usr/lib/systemd/system/a-b.service.d/70-m.conf", "[Service]\nEnvironment=HIDDEN=4\n"),
        ("/etc/systemd/system/a-b.service.d/70-m.conf", "-> /dev/null"),
        ("/etc/systemd/system/a-b.service.d/80.txt", "[Service]\nEnvironment=HIDDEN=5\n"),
    ]);
    let unit = tree.load("a-b.service");
    let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(service(&unit).context.environment.set, [own("V", "60"), own("W", "10")]);
    assert_eq!(
        paths(&unit.dropins),
        [
            "/etc/systemd/system/service.d/10-all.conf",
            "/etc/systemd/system/a-b.service.d/50-x.conf",
            "/usr/lib/systemd/system/a-.service.d/60-p.conf",
        ]
    );
}

#[test]
fn aliases_lead_to_one_unit_with_the_dropins_of_all_names() {
    let tree = Tree::new(&[
        ("/usr/lib/systemd/system/real.service", SIMPLE),
        ("/etc/systemd/system/other.service", "-> /usr/lib/systemd/system/real.service"),
        ("/etc/systemd/system/third.service", "-> other.service"),
        ("/etc/systemd/system/other.service.d/x.conf", "[Service]\nNice=4\n"),
        ("/etc/systemd/system/wrong.target", "-> /usr/lib/systemd/system/real.service"),
        ("/etc/systemd/system/out.service", "-> /opt/app/app.service"),
        ("/opt/app/app.service", SIMPLE),
        ("/etc/systemd/system/gone.service", "-> /opt/app/gone.service"),
        ("/etc/systemd/system/l1.service", "-> l2.service"),
        ("/etc/systemd/system/l2.service", "-> l1.service"),
    ]);
    for name in ["real.service", "other.service", "third.service"] {
        let unit = tree.load(name);
        assert_eq!((unit.name.as_str(), unit.load), ("real.service", LoadState::Loaded), "{name}");
        let aliases: Vec<_> = unit.aliases.iter().map(UnitName::as_str).collect();
        assert_eq!(aliases, ["other.service", "third.service"]);
        assert_eq!(service(&unit).context.scheduling.nice, Some(4), "{name}");
    }
    assert_eq!(tree.load("wrong.target").load, LoadState::NotFound, "an alias has the type of its unit");
    let out = tree.load("out.service");
    assert_eq!((out.name.as_str(), out.load), ("out.service", LoadState::Loaded), "linked from outside");
    assert_eq!(tree.load("gone.service").load, LoadState::NotFound);
    assert_eq!(tree.load("l1.service").load, LoadState::Error);
}

#[test]
fn masks_are_links_to_dev_null_and_empty_files() {
    let tree = Tree::new(&[
        ("/usr/lib/systemd/system/a.service", SIMPLE),
        ("/etc/systemd/system/a.service", "-> /dev/null"),
        ("/etc/systemd/system/b.service", "-> ../../../dev/null"),
        ("/etc/systemd/system/c.service", ""),
        ("/etc/systemd/system/d@.service", "-> /dev/null"),
    ]);
    for name in ["a.service", "b.service", "c.service", "d@x.service"] {
        let unit = tree.load(name);
        assert_eq!((unit.load, unit.name.as_str()), (LoadState::Masked, name));
        assert!(unit.fragment.is_some() && unit.deps.is_empty());
    }
}

#[test]
fn templates_and_instances() {
    let tree = Tree::new(&[
        (
            "/usr/lib/systemd/system/t@.service",
            "[Unit]\nDescription=%p of %I\n[Service]\nExecStart=/bin/a %i\n",
        ),
        ("/etc/systemd/system/t@own.service", "[Unit]\nDescription=own\n[Service]\nExecStart=/bin/b\n"),
        ("/etc/systemd/system/t@linked.service", "-> /usr/lib/systemd/system/t@.service"),
        ("/etc/systemd/system/s@.service", "-> /usr/lib/systemd/system/t@.service"),
        ("/etc/systemd/system/t@.service.d/1.conf", "[Service]\nEnvironment=A=%i\n"),
        ("/etc/systemd/system/t@x.service.d/2.conf", "[Service]\nNice=1\n"),
    ]);
    let unit = tree.load(r"t@x.service");
    assert_eq!((unit.name.as_str(), unit.description.as_deref()), ("t@x.service", Some("t of x")));
    assert_eq!(service(&unit).exec.start[0].argv, ["/bin/a", "x"]);
    assert_eq!((unit.dropins.len(), service(&unit).context.scheduling.nice), (2, Some(1)));
    assert_eq!(unit.aliases.iter().map(UnitName::as_str).collect::<Vec<_>>(), ["s@x.service"]);
    assert_eq!(tree.load("t@own.service").description.as_deref(), Some("own"));
    let linked = tree.load("t@linked.service");
    assert_eq!((linked.name.as_str(), linked.load), ("t@linked.service", LoadState::Loaded));
    assert_eq!(tree.load("s@y.service").name.as_str(), "t@y.service");
    assert_eq!(tree.load(r"t@a-b.service").description.as_deref(), Some("t of a/b"));
}

#[test]
fn wants_and_requires_folders() {
    let tree = Tree::new(&[
        ("/etc/systemd/system/a.service", SIMPLE),
        ("/etc/systemd/system/al.service", "-> a.service"),
        ("/etc/systemd/system/a.service.wants/b.service", "-> ../b.service"),
        ("/etc/systemd/system/a.service.wants/t@i.service", "-> ../t@.service"),
        ("/etc/systemd/system/a.service.wants/masked.service", "-> /dev/null"),
        ("/etc/systemd/system/a.service.wants/file.service", "x"),
        ("/etc/systemd/system/a.service.wants/README", "-> x"),
        ("/usr/lib/systemd/system/al.service.requires/c.service", "-> ../c.service"),
    ]);
    let unit = tree.load("a.service");
    assert!(has(&unit, DepKind::Wants, "b.service") && has(&unit, DepKind::Wants, "t@i.service"));
    assert!(has(&unit, DepKind::Requires, "c.service"), "of an alias");
    assert!(!unit.deps.iter().any(|d| ["masked.service", "file.service"].contains(&d.on.as_str())));
    assert_eq!(unit.findings.len(), 2, "{:?}", unit.findings);
}

#[test]
fn built_in_targets_where_there_is_no_file() {
    let tree = Tree::new(&[
        ("/etc/systemd/system/network.target", "[Unit]\nDescription=mine\n"),
        ("/etc/systemd/system/basic.target.d/x.conf", "[Unit]\nWants=y.service\n"),
        ("/etc/systemd/system/multi-user.target.wants/a.service", "-> /opt/a.service"),
    ]);
    assert_eq!(tree.load("network.target").description.as_deref(), Some("mine"));
    let basic = tree.load("basic.target");
    assert_eq!((basic.load, basic.fragment.as_ref()), (LoadState::Loaded, None));
    assert!(basic.findings.is_empty(), "{:?}", basic.findings);
    assert!(has(&basic, DepKind::Requires, "sysinit.target") && has(&basic, DepKind::Wants, "y.service"));
    let default = tree.load("default.target");
    assert_eq!(default.name.as_str(), "multi-user.target");
    assert!(
        default.aliases.contains(&unit_name("default.target")) && has(&default, DepKind::Wants, "a.service")
    );
    for name in builtin::names() {
        let unit = tree.loader().load(&name);
        assert_eq!((unit.load, unit.findings.len()), (LoadState::Loaded, 0), "{name}");
    }
    let tree =
        Tree::new(&[("/etc/systemd/system/default.target", "-> /usr/lib/systemd/system/graphical.target")]);
    assert_eq!(tree.load("default.target").name.as_str(), "graphical.target");
}

#[test]
fn a_closure_holds_what_is_reached_and_orders_targets_after_their_members() {
    let tree = Tree::new(&[
        (
            "/etc/systemd/system/a.service",
            "[Unit]\nWants=al.service t.target gone.service\nAfter=only-order.service\n[Service]\nExecStart=/bin/a\n",
        ),
        ("/etc/systemd/system/only-order.service", SIMPLE),
        ("/etc/systemd/system/b.service", SIMPLE),
        ("/etc/systemd/system/al.service", "-> b.service"),
        ("/etc/systemd/system/c.service", "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/a\n"),
        ("/etc/systemd/system/d.service", "[Unit]\nAfter=t.target\n[Service]\nExecStart=/bin/a\n"),
        ("/etc/systemd/system/t.target", "[Unit]\nWants=b.service c.service d.service\n"),
        ("/etc/systemd/system/broken.service", "[Service]\nType=oneshot\n"),
    ]);
    let units = tree.loader().load_closure(&[unit_name("a.service")]);
    assert!(units.get(&unit_name("only-order.service")).is_none());
    assert_eq!(units.get(&unit_name("al.service")).unwrap().name.as_str(), "b.service");
    assert_eq!(units.get(&unit_name("gone.service")).unwrap().load, LoadState::NotFound);
    assert!(
        units.get(&unit_name("basic.target")).is_none() && units.get(&unit_name("sysinit.target")).is_some()
    );
    let target = units.get(&unit_name("t.target")).unwrap();
    assert!(has(target, DepKind::After, "b.service"));
    assert!(!has(target, DepKind::After, "c.service"), "DefaultDependencies=no");
    assert!(!has(target, DepKind::After, "d.service"), "ordered the other way");
    let all = tree.loader().load_all(&[]);
    assert_eq!(all.get(&unit_name("broken.service")).unwrap().load, LoadState::BadSetting);
    assert!(all.get(&unit_name("multi-user.target")).is_some() && all.len() > units.len());
    assert_eq!(all.iter().filter(|u| u.name.as_str() == "b.service").count(), 1);
}

#[test]
fn a_file_by_its_path_with_the_dropins_beside_it() {
    let tree = Tree::new(&[
        ("/opt/x.service", SIMPLE),
        ("/opt/x.service.d/1.conf", "[Service]\nNice=2\n"),
        ("/etc/systemd/system/x.service.d/2.conf", "[Service]\nNice=3\n"),
        ("/opt/notes", ""),
    ]);
    let unit = tree.loader().load_file(Path::new("/opt/x.service")).unwrap();
    assert_eq!((unit.load, service(&unit).context.scheduling.nice), (LoadState::Loaded, Some(2)));
    assert!(tree.loader().load_file(Path::new("/opt/notes")).is_err());
    assert_eq!(tree.loader().load_file(Path::new("/opt/y.service")).unwrap().load, LoadState::NotFound);
}

#[test]
fn the_path_of_the_unit_itself_can_be_asked_for() {
    let tree = Tree::new(&[("/etc/systemd/system/p.service", "[Service]\nExecStart=/bin/a %y\n")]);
    let unit = tree.load("p.service");
    assert_eq!(service(&unit).exec.start[0].argv, ["/bin/a", "/etc/systemd/system/p.service"]);
}

#[test]
fn a_folder_in_the_place_of_a_unit_or_a_file_that_cannot_be_read() {
    let tree = Tree::new(&[
        ("/etc/systemd/system/d.service/x", ""),
        ("/etc/systemd/system/l.service", "-> /opt"),
        ("/opt/x", ""),
        ("/etc/systemd/system/big.service", &"#".repeat(SIZE_MAX as usize + 1)),
    ]);
    assert_eq!(tree.load("d.service").load, LoadState::NotFound);
    for name in ["l.service", "big.service"] {
        let unit = tree.load(name);
        assert_eq!((unit.load, unit.findings.len()), (LoadState::Error, 1), "{name}");
        assert!(unit.findings[0].message.starts_with("cannot read the unit file: "), "{:?}", unit.findings);
    }
}
