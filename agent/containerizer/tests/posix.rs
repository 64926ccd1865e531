//! The posix launcher against real processes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use mesos_containerizer::{
    Command, ContainerSpec, Exit, LaunchError, Launcher, PosixLauncher, Reaper, Uri, tree, usage,
};

/// No real process here needs longer; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    root: tempfile::TempDir,
    launcher: PosixLauncher,
    reaper: Reaper,
}

impl Bench {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let launcher = PosixLauncher::new(root.path().join("run")).unwrap();
        Self {
            root,
            launcher,
            reaper: Reaper::start().unwrap(),
        }
    }

    fn spec(&self, id: &str, shell: &str) -> ContainerSpec {
        ContainerSpec::new(id, self.sandbox(id), shell)
    }

    fn sandbox(&self, id: &str) -> PathBuf {
        self.root.path().join("work/executors/e/runs").join(id)
    }

    fn start(&self, spec: &ContainerSpec) -> (u32, Receiver<Exit>) {
        let container = self.launcher.launch(spec).unwrap();
        let (sender, receiver) = channel();
        self.reaper
            .watch(
                container.pid,
                Box::new(move |exit| {
                    let _ = sender.send(exit);
                }),
            )
            .unwrap();
        (container.pid, receiver)
    }

    fn run(&self, spec: &ContainerSpec) -> Exit {
        self.start(spec).1.recv_timeout(PATIENCE).unwrap()
    }

    fn read(&self, id: &str, file: &str) -> String {
        fs::read_to_string(self.sandbox(id).join(file)).unwrap()
    }
}

/// Waits for a file a container writes, by asking a process that waits for it: tests do not sleep.
fn wait_for(bench: &Bench, path: &Path) {
    let id = format!("wait-{}", path.file_name().unwrap().to_str().unwrap());
    let line = format!(
        "until [ -s '{}' ]; do read -t 0.01 _ < /dev/zero || true; done",
        path.display()
    );
    let mut spec = bench.spec(&id, "");
    spec.command = Command::Exec {
        program: "bash".into(),
        arguments: vec!["bash".into(), "-c".into(), line],
    };
    assert_eq!(bench.run(&spec), Exit::Code(0));
}

#[test]
fn exit_statuses_are_exact() {
    let bench = Bench::new();
    for (id, line, exit, wait) in [
        ("zero", "exit 0", Exit::Code(0), 0),
        ("three", "exit 3", Exit::Code(3), 3 << 8),
        ("killed", "kill -KILL $$", Exit::Signal(9), 9),
        ("terminated", "kill -TERM $$", Exit::Signal(15), 15),
    ] {
        let found = bench.run(&bench.spec(id, line));
        assert_eq!(found, exit, "{line}");
        assert_eq!(found.wait_status(), Some(wait));
    }
}

#[test]
fn the_environment_is_only_what_was_given_and_a_path() {
    let bench = Bench::new();
    let mut spec = bench.spec("env", "env | sort");
    spec.environment = vec![("MESOS_TASK".into(), "a b".into())];
    assert_eq!(bench.run(&spec), Exit::Code(0));
    let printed = bench.read("env", "stdout");
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| !line.starts_with("_=") && !line.starts_with("SHLVL"))
        .collect();
    let sandbox = format!("PWD={}", bench.sandbox("env").display());
    assert_eq!(
        lines,
        [
            "MESOS_TASK=a b",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            sandbox.as_str()
        ]
    );
}

#[test]
fn the_sandbox_has_its_mode_its_logs_and_its_latest_link() {
    let bench = Bench::new();
    let mut spec = bench.spec("box", "echo out; echo err >&2; echo more > file");
    let latest = bench.root.path().join("work/executors/e/runs/latest");
    spec.latest = Some(latest.clone());
    assert_eq!(bench.run(&spec), Exit::Code(0));
    assert_eq!(bench.read("box", "stdout"), "out\n");
    assert_eq!(bench.read("box", "stderr"), "err\n");
    assert_eq!(bench.read("box", "file"), "more\n");
    assert_eq!(
        fs::metadata(bench.sandbox("box")).unwrap().permissions().mode() & 0o777,
        0o750
    );
    assert_eq!(fs::read_link(&latest).unwrap(), bench.sandbox("box"));
    let mut next = bench.spec("box2", "true");
    next.latest = Some(latest.clone());
    assert_eq!(bench.run(&next), Exit::Code(0));
    assert_eq!(fs::read_link(&latest).unwrap(), bench.sandbox("box2"));
}

#[test]
fn a_container_leads_its_own_session_and_group() {
    let bench = Bench::new();
    let (pid, exit) = bench.start(&bench.spec("leader", "echo up > up; exec sleep 1000"));
    wait_for(&bench, &bench.sandbox("leader").join("up"));
    let stat = tree::stat(pid).unwrap();
    assert_eq!((stat.session, stat.group), (pid, pid));
    let used = usage::usage([("leader", pid)]);
    assert_eq!(used["leader"].processes, 1);
    assert!(used["leader"].resident_bytes > 0);
    bench.launcher.destroy("leader", pid);
    assert_eq!(exit.recv_timeout(PATIENCE).unwrap(), Exit::Signal(9));
}

#[test]
fn destroy_reaches_children_in_other_groups_and_sessions() {
    let bench = Bench::new();
    let line = "sleep 1000 & setsid sleep 1000 & (sleep 1000 & echo x > up) ; wait";
    let (pid, exit) = bench.start(&bench.spec("family", line));
    wait_for(&bench, &bench.sandbox("family").join("up"));
    let members = tree::members(pid, &tree::processes());
    assert!(members.len() >= 4, "{members:?}");
    let (sender, others) = channel();
    for member in members.iter().filter(|member| **member != pid) {
        let sender = sender.clone();
        bench
            .reaper
            .watch(
                *member,
                Box::new(move |exit| {
                    let _ = sender.send(exit);
                }),
            )
            .unwrap();
    }
    bench.launcher.destroy("family", pid);
    assert_eq!(exit.recv_timeout(PATIENCE).unwrap(), Exit::Signal(9));
    for _ in 1..members.len() {
        // They are nobody's children here, so only their end is known.
        assert_eq!(others.recv_timeout(PATIENCE).unwrap(), Exit::Unknown);
    }
}

#[test]
fn cleanup_ends_what_the_first_process_left_in_its_session() {
    let bench = Bench::new();
    let (pid, exit) = bench.start(&bench.spec("orphans", "sleep 1000 & echo $! > child"));
    assert_eq!(exit.recv_timeout(PATIENCE).unwrap(), Exit::Code(0));
    let child: u32 = bench.read("orphans", "child").trim().parse().unwrap();
    assert_eq!(tree::stat(child).unwrap().session, pid);
    let (sender, ended) = channel();
    bench
        .reaper
        .watch(
            child,
            Box::new(move |exit| {
                let _ = sender.send(exit);
            }),
        )
        .unwrap();
    bench.launcher.cleanup("orphans", pid);
    assert_eq!(ended.recv_timeout(PATIENCE).unwrap(), Exit::Unknown);
}

#[test]
fn the_next_launcher_finds_living_containers_and_forgets_dead_ones() {
    let bench = Bench::new();
    let mut spec = bench.spec("alive", "echo up > up; exec sleep 1000");
    spec.environment = vec![(
        "MESOS_SANDBOX".into(),
        bench.sandbox("alive").display().to_string(),
    )];
    let (pid, exit) = bench.start(&spec);
    wait_for(&bench, &bench.sandbox("alive").join("up"));
    assert_eq!(bench.run(&bench.spec("dead", "true")), Exit::Code(0));
    let next = PosixLauncher::new(bench.root.path().join("run")).unwrap();
    let found = next.recover();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.as_str(), found[0].1.pid), ("alive", pid));
    next.destroy("alive", pid);
    next.cleanup("alive", pid);
    assert_eq!(exit.recv_timeout(PATIENCE).unwrap(), Exit::Signal(9));
    assert!(next.recover().is_empty());
}

#[test]
fn local_files_are_copied_and_others_refused() {
    let bench = Bench::new();
    let source = bench.root.path().join("tool.sh");
    fs::write(&source, "echo tool $1").unwrap();
    let uri = |value: String| Uri {
        value,
        ..Uri::default()
    };
    let mut spec = bench.spec("fetch", "sh tool.sh one; ./sub/t two");
    spec.uris = vec![
        uri(format!("file://{}", source.display())),
        Uri {
            executable: true,
            output_file: Some("sub/t".into()),
            ..uri(source.display().to_string())
        },
    ];
    fs::write(&source, "#!/bin/sh\necho tool $1\n").unwrap();
    assert_eq!(bench.run(&spec), Exit::Code(0));
    assert_eq!(bench.read("fetch", "stdout"), "tool one\ntool two\n");
    for (value, output) in [
        ("http://host/x", None),
        ("relative", None),
        ("/etc/passwd", Some("../up")),
    ] {
        let mut spec = bench.spec("refused", "true");
        spec.uris = vec![Uri {
            output_file: output.map(str::to_owned),
            ..uri(value.to_owned())
        }];
        let error = bench.launcher.launch(&spec).unwrap_err();
        assert!(matches!(&error, LaunchError::Fetch { .. }), "{error}");
        assert!(error.to_string().starts_with("failed to fetch '"), "{error}");
    }
}

#[test]
fn a_program_that_is_not_there_is_an_error_at_launch() {
    let bench = Bench::new();
    let mut spec = bench.spec("absent", "");
    assert!(matches!(
        bench.launcher.launch(&spec),
        Err(LaunchError::EmptyCommand)
    ));
    spec.command = Command::Exec {
        program: "/no/such/program".into(),
        arguments: Vec::new(),
    };
    let error = bench.launcher.launch(&spec).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("failed to start '/no/such/program': No such file"),
        "{error}"
    );
    spec.user = Some("nobody-has-this-name".into());
    assert!(matches!(
        bench.launcher.launch(&spec),
        Err(LaunchError::UnknownUser { .. })
    ));
}

#[test]
fn argument_vectors_are_passed_as_they_are() {
    let bench = Bench::new();
    let mut spec = bench.spec("argv", "");
    let arguments = [
        "zero",
        "-c",
        "printf '%s|' \"$0\" \"$@\"",
        "own name",
        "a b",
        "*",
        "",
    ]
    .map(str::to_owned);
    spec.command = Command::Exec {
        program: "sh".into(),
        arguments: arguments.to_vec(),
    };
    assert_eq!(bench.run(&spec), Exit::Code(0));
    assert_eq!(bench.read("argv", "stdout"), "own name|a b|*||");
}

#[test]
fn root_another_user_owns_the_sandbox_and_runs_in_it() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: needs root to become another user");
        return;
    }
    let bench = Bench::new();
    // The directories above the sandbox must be passable for the other user.
    fs::set_permissions(bench.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut spec = bench.spec("nobody", "id -un; touch mine");
    spec.user = Some("nobody".into());
    assert_eq!(
        bench.run(&spec),
        Exit::Code(0),
        "{}",
        bench.read("nobody", "stderr")
    );
    assert_eq!(bench.read("nobody", "stdout"), "nobody\n");
}

#[test]
fn root_another_user_gets_no_file_it_may_not_read() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: needs root to become another user");
        return;
    }
    let bench = Bench::new();
    fs::set_permissions(bench.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = |name: &str, mode: u32| {
        let path = bench.root.path().join(name);
        fs::write(&path, name).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let (open, secret) = (file("open", 0o644), file("secret", 0o600));
    let uri = |value: String| Uri {
        value,
        executable: false,
        extract: false,
        output_file: Some("sub/copy".into()),
    };
    let mut spec = bench.spec("allowed", "cat sub/copy; touch sub/mine");
    spec.user = Some("nobody".into());
    spec.uris = vec![uri(open)];
    assert_eq!(
        bench.run(&spec),
        Exit::Code(0),
        "{}",
        bench.read("allowed", "stderr")
    );
    assert_eq!(bench.read("allowed", "stdout"), "open");
    let mut spec = bench.spec("refused", "cat sub/copy");
    spec.user = Some("nobody".into());
    spec.uris = vec![uri(secret)];
    let error = bench.launcher.launch(&spec).unwrap_err().to_string();
    assert!(error.contains("Permission denied"), "{error}");
}
