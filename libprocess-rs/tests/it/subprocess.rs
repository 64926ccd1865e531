//! Programs started, their input, output, hooks and ends.

use crate::LIMIT;
use libprocess::io::{self, Interest};
use libprocess::subprocess::{ChildHook, Command, Stdio, Subprocess};
use libprocess::{Future, System, reap};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::process::ExitStatus;
use std::sync::mpsc::channel;

fn client() -> System {
    System::builder().client_only().start().unwrap()
}

fn now<T: Send + 'static>(future: Future<T>) -> Result<T, String> {
    future
        .wait_for(LIMIT)
        .expect("an end in time")
        .map_err(|error| error.to_string())
}

fn status(child: &Subprocess) -> ExitStatus {
    now(child.status()).unwrap().expect("it is a child of ours")
}

/// What a command prints, once it has succeeded.
fn printed(system: &System, command: Command) -> String {
    let mut child = now(command.stdout(Stdio::Pipe).start(system)).unwrap();
    let stdout = child.stdout.take().unwrap();
    let text = now(io::read_to_end(system, stdout, 1 << 20)).unwrap();
    assert!(status(&child).success());
    String::from_utf8(text.to_vec()).unwrap()
}

#[test]
fn input_and_output_are_pipes_files_or_descriptors() {
    let system = client();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("in"), "from a file\n").unwrap();
    std::fs::write(file("out"), "before\n").unwrap();
    let command = Subprocess::shell("cat; echo trouble >&2")
        .stdin(Stdio::path(file("in")))
        .stdout(Stdio::path(file("out")))
        .stderr(Stdio::Pipe);
    let mut child = now(command.start(&system)).unwrap();
    assert!(child.stdin.is_none() && child.stdout.is_none());
    let stderr = child.stderr.take().unwrap();
    assert_eq!(now(io::read_to_end(&system, stderr, 100)).unwrap(), "trouble\n");
    assert!(status(&child).success());
    assert_eq!(
        std::fs::read_to_string(file("out")).unwrap(),
        "before\nfrom a file\n"
    );

    let (mut reader, writer) = std::io::pipe().unwrap();
    let command = Subprocess::command("cat")
        .args([file("in")])
        .stdout(Stdio::Descriptor(writer.into()));
    assert!(status(&now(command.start(&system)).unwrap()).success());
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(
        text, "from a file\n",
        "this process has lost its copy, so there is an end"
    );
    system.shutdown();
}

#[test]
fn statuses_are_exact_and_those_of_strangers_are_unknown() {
    use std::os::unix::process::ExitStatusExt;
    let system = client();
    let child = now(Subprocess::shell("exit 7").start(&system)).unwrap();
    child.status().discard();
    assert_eq!(status(&child).code(), Some(7));
    let child = now(Subprocess::shell("kill -9 $$").start(&system)).unwrap();
    let again = reap::reap(&system, child.pid());
    assert_eq!(status(&child).signal(), Some(9));
    // Whoever asks in time learns the same; whoever comes later learns that it is gone.
    assert!(matches!(
        now(again).unwrap().map(|status| status.signal()),
        Some(Some(9)) | None
    ));
    assert_eq!(now(reap::reap(&system, child.pid())).unwrap(), None);
    assert_eq!(now(reap::reap(&system, u32::MAX)).unwrap(), None);
    // The child of a child: its end is known, its status is not.
    let mut child = now(
        Subprocess::shell("sleep 1000 >&- 2>&- & echo $!; read wait; kill $!; wait")
            .stdin(Stdio::Pipe)
            .stdout(Stdio::Pipe)
            .start(&system),
    )
    .unwrap();
    let line = now(io::read(&system, child.stdout.as_ref().unwrap(), 100)).unwrap();
    let stranger: u32 = std::str::from_utf8(&line).unwrap().trim().parse().unwrap();
    let ended = reap::reap(&system, stranger);
    assert!(ended.is_pending());
    drop(child.stdin.take());
    assert_eq!(now(ended).unwrap(), None);
    status(&child);
    system.shutdown();
}

#[test]
fn the_environment_is_inherited_or_given_whole() {
    let system = client();
    let variables = BTreeMap::from([("A".into(), "1".into())]);
    assert_eq!(
        printed(
            &system,
            Subprocess::command("/usr/bin/env").environment(variables)
        ),
        "A=1\n"
    );
    assert!(printed(&system, Subprocess::command("env")).contains("PATH="));
    let named = Subprocess::command("/bin/sh")
        .arg0("another")
        .args(["-c", "echo $0"]);
    assert_eq!(printed(&system, named), "another\n");
    system.shutdown();
}

#[test]
fn what_cannot_be_started_fails_with_its_name() {
    let system = client();
    let error = |command: Command| now(command.start(&system)).unwrap_err();
    let missing = error(Subprocess::command("/no/such/program"));
    assert!(
        missing.starts_with("Failed to start '/no/such/program': No such file"),
        "{missing}"
    );
    let missing = error(Subprocess::shell("true").stdin(Stdio::path("/no/such/file")));
    assert!(missing.contains("Failed to open '/no/such/file'"), "{missing}");
    let refused = error(Subprocess::shell("true").child_hook(ChildHook::Chdir("/no/such/folder".into())));
    assert!(
        refused.starts_with("Failed to start 'sh': No such file"),
        "{refused}"
    );
    system.shutdown();
}

#[test]
fn the_child_waits_for_the_hooks_of_its_parent() {
    let system = client();
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let (seen, sees) = channel();
    let (wanted, noted) = (mark.clone(), mark.clone());
    let command = Subprocess::command("cat")
        .args([&mark])
        .parent_hook(move |pid| {
            let program =
                std::fs::read_link(format!("/proc/{pid}/exe")).map_err(|error| error.to_string())?;
            let _ = seen.send((pid, program == std::env::current_exe().unwrap()));
            Ok(())
        })
        .parent_hook(move |_| {
            std::fs::write(&wanted, "written by a hook").map_err(|error| error.to_string())
        });
    assert_eq!(printed(&system, command), "written by a hook");
    assert!(
        sees.recv().unwrap().1,
        "the program has not begun when the hook runs"
    );

    std::fs::remove_file(&noted).unwrap();
    let (seen, sees) = channel();
    let command = Subprocess::command("touch")
        .args([&noted])
        .parent_hook(move |pid| {
            let _ = seen.send(pid);
            Err("no room".to_owned())
        });
    let error = now(command.start(&system)).unwrap_err();
    let pid = sees.recv().unwrap();
    let said = format!("Failed to execute Subprocess::ParentHook in parent for child '{pid}': no room");
    assert!(error.ends_with(&said), "{error}");
    assert!(!noted.exists() && !std::path::Path::new(&format!("/proc/{pid}")).exists());
    system.shutdown();
}

#[test]
fn the_child_runs_its_own_hooks() {
    let system = client();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    let command = Subprocess::command("pwd").environment(BTreeMap::new());
    let command = command.child_hook(ChildHook::Chdir(here.clone()));
    assert_eq!(printed(&system, command).trim(), here.to_str().unwrap());
    // The sixth field of its statistics is its session.
    let session = Subprocess::shell("cut -d' ' -f6 /proc/$$/stat; echo $$").child_hook(ChildHook::Setsid);
    let session = printed(&system, session);
    let (session, pid) = session.trim().split_once('\n').unwrap();
    assert_eq!(session, pid, "it leads its session");
    system.shutdown();
}

#[test]
fn only_descriptors_that_are_kept_or_moved_are_open_in_the_child() {
    let system = client();
    let listing = || Subprocess::shell("ls /proc/self/fd | tr '\\n' ' '");
    let leaked = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
    // The shell, and 3 for the listing itself.
    assert_eq!(printed(&system, listing()), "0 1 2 3 ");
    let kept = std::fs::File::open("/dev/null").unwrap();
    let number = kept.as_raw_fd();
    let shown = printed(&system, listing().keep(kept.into()));
    assert!(
        shown.split(' ').any(|shown| shown == number.to_string()),
        "{shown}"
    );
    let (mut reader, writer) = std::io::pipe().unwrap();
    let moved = Subprocess::command("sh")
        .args(["-c", "echo by another number >&9"])
        .child_hook(ChildHook::Dup2(writer.into(), 9));
    assert!(status(&now(moved.start(&system)).unwrap()).success());
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "by another number\n");
    system.shutdown();
}

#[test]
fn a_supervisor_hands_the_status_on_and_takes_the_child_along() {
    let system = client();
    let supervised = |line: &str| {
        let command = Subprocess::shell(line)
            .stdout(Stdio::Pipe)
            .child_hook(ChildHook::Supervisor);
        now(command.start(&system)).unwrap()
    };
    assert_eq!(status(&supervised("exit 5")).code(), Some(5));
    let child = supervised("echo $$; exec sleep 1000");
    let line = now(io::read(&system, child.stdout.as_ref().unwrap(), 100)).unwrap();
    let sleeper: u32 = std::str::from_utf8(&line).unwrap().trim().parse().unwrap();
    assert_ne!(sleeper, child.pid(), "the pid is that of the supervisor");
    let ended = reap::reap(&system, sleeper);
    let kill = Subprocess::command("kill").args(["-TERM", &child.pid().to_string()]);
    assert!(status(&now(kill.start(&system)).unwrap()).success());
    assert!(!status(&child).success());
    assert_eq!(now(ended).unwrap(), None);
    system.shutdown();
}

#[test]
fn a_supervisor_ends_with_its_parent() {
    // The parent is a copy of this test, which is told by a variable what to do.
    const TOLD: &str = "LIBPROCESS_TEST_SUPERVISED_PARENT";
    let system = client();
    if std::env::var_os(TOLD).is_some() {
        let command = Subprocess::shell("echo $$; exec sleep 1000").child_hook(ChildHook::Supervisor);
        now(command.start(&system)).unwrap();
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        std::process::exit(0);
    }
    let mut parent = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "subprocess::a_supervisor_ends_with_its_parent",
            "--nocapture",
        ])
        .env(TOLD, "1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = parent.stdout.take().unwrap();
    let sleeper = std::io::BufRead::lines(std::io::BufReader::new(stdout))
        .map_while(Result::ok)
        .find_map(|line| {
            line.trim()
                .rsplit(' ')
                .next()?
                .parse::<u32>()
                .ok()
                .filter(|pid| *pid > 100)
        });
    let ended = reap::reap(&system, sleeper.unwrap());
    assert!(ended.is_pending());
    parent.kill().unwrap();
    parent.wait().unwrap();
    now(ended).unwrap();
    system.shutdown();
}

#[test]
fn descriptors_are_read_written_and_joined() {
    let system = client();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    let (from, mut to) = std::io::pipe().unwrap();
    let ready = io::poll(&system, &from, Interest::READABLE);
    assert!(ready.is_pending());
    to.write_all(b"x").unwrap();
    assert!(now(ready).unwrap().is_readable());
    assert_eq!(now(io::read(&system, &from, 10)).unwrap(), "x");
    let waiting = io::read(&system, &from, 10);
    assert!(waiting.discard());
    assert_eq!(now(waiting).unwrap_err(), "discarded future");

    // More than a pipe holds, from a pipe to a file, seen on the way.
    let file = std::fs::File::create(&path).unwrap();
    let (seen, sees) = channel();
    let moved = io::redirect(&system, &from, Some(&file), move |piece| {
        let _ = seen.send(piece.len());
    });
    now(io::write(&system, &to, "y".repeat(300_000))).unwrap();
    drop(to);
    now(moved).unwrap();
    assert_eq!(std::fs::read(&path).unwrap().len(), 300_000);
    assert_eq!(sees.iter().sum::<usize>(), 300_000);
    let file = std::fs::File::open(&path).unwrap();
    assert_eq!(
        now(io::read_to_end(&system, &file, 400_000)).unwrap().len(),
        300_000
    );
    let file = std::fs::File::open(&path).unwrap();
    assert_eq!(
        now(io::read_to_end(&system, &file, 1000)).unwrap_err(),
        "more than 1000 bytes"
    );
    system.shutdown();
}

#[test]
fn what_is_peeked_at_stays() {
    let system = client();
    let (here, mut there) = std::os::unix::net::UnixStream::pair().unwrap();
    there.write_all(b"abc").unwrap();
    assert_eq!(now(io::peek(&system, &here, 2)).unwrap(), "ab");
    assert_eq!(now(io::read(&system, &here, 10)).unwrap(), "abc");
    let (reader, _writer) = std::io::pipe().unwrap();
    let looked = io::peek(&system, &reader, 1);
    drop(_writer);
    assert!(now(looked).unwrap_err().contains("socket"));
    drop(there);
    assert_eq!(now(io::peek(&system, &here, 2)).unwrap(), "", "the end");
    system.shutdown();
}

#[test]
fn many_children_at_once_are_each_told_apart() {
    let system = System::builder().workers(2).start().unwrap();
    let started: Vec<_> = (0..60)
        .map(|code| {
            let command = Subprocess::shell(format!("cat; exit {code}")).stdin(Stdio::Pipe);
            let command = if code % 3 == 0 {
                command.child_hook(ChildHook::Supervisor)
            } else {
                command
            };
            let command = if code % 2 == 0 {
                command.parent_hook(|_| Ok(()))
            } else {
                command
            };
            command.start(&system)
        })
        .collect();
    let children: Vec<_> = started.into_iter().map(|child| now(child).unwrap()).collect();
    let statuses: Vec<_> = children.iter().map(Subprocess::status).collect();
    assert!(statuses.iter().all(Future::is_pending));
    // Their input ends here: none of them may hold that of another open.
    drop(children);
    for (code, status) in (0..).zip(statuses) {
        assert_eq!(now(status).unwrap().and_then(|status| status.code()), Some(code));
    }
    system.shutdown();
}
