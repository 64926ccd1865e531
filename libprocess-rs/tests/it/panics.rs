//! What a panic and a handler that does not end do to others.

use crate::{LIMIT, Probe, start};
use libprocess::{Context, OnPanic, Process, SpawnOptions, System, Upid};
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

struct Fragile(Sender<&'static str>);

impl Process for Fragile {
    fn finalize(&mut self, _: &mut Context<Self>) {
        let _ = self.0.send("finalize");
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        let _ = self.0.send("drop");
    }
}

struct Linker(Upid, Sender<&'static str>);

impl Process for Linker {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.link(&self.0);
        let _ = self.1.send("linked");
    }

    fn exited(&mut self, _: &mut Context<Self>, _: Upid) {
        let _ = self.1.send("exited");
    }
}

#[test]
fn a_panic_ends_a_supervised_process_alone_and_its_linkers_are_told() {
    let system = start();
    let (lives, seen) = channel();
    let options = SpawnOptions {
        on_panic: OnPanic::Terminate,
        ..SpawnOptions::default()
    };
    let fragile = system.spawn_with("fragile", Fragile(lives), options).unwrap();
    let (told, heard) = channel();
    system
        .spawn("linker", Linker(fragile.upid().clone(), told))
        .unwrap();
    assert_eq!(heard.recv_timeout(LIMIT), Ok("linked"));
    let (pid, _events) = Probe::spawn(&system, "probe");
    let answer = fragile.dispatch(|_, _| -> u32 { panic!("on purpose") });
    assert!(answer.wait_for(LIMIT).unwrap().is_err(), "abandoned");
    assert_eq!(heard.recv_timeout(LIMIT), Ok("exited"));
    let last = [seen.recv_timeout(LIMIT).ok(), seen.recv_timeout(LIMIT).ok()];
    assert_eq!(
        last,
        [Some("drop"), None],
        "its state may be half-changed, so it has no last words"
    );
    assert_eq!(
        pid.dispatch(|_, _| 5).wait_for(LIMIT),
        Some(Ok(5)),
        "others live on"
    );
    assert!(
        system
            .spawn("fragile", Linker(pid.upid().clone(), channel().0))
            .is_ok(),
        "the name is free"
    );
    system.shutdown();
}

/// Run by the test below, in an OS process of its own.
#[test]
fn panicking_child() {
    if std::env::var_os("LIBPROCESS_TEST_PANIC").is_none() {
        return;
    }
    let system = System::builder().client_only().start().unwrap();
    let (lives, _seen) = channel();
    let pid = system.spawn("doomed", Fragile(lives)).unwrap();
    pid.tell(|_, _| panic!("on purpose"));
    let _ = pid.wait().wait_for(LIMIT);
    unreachable!("the OS process has ended");
}

#[test]
fn a_panic_in_any_other_process_ends_the_os_process_and_names_the_culprit() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["panics::panicking_child", "--exact", "--nocapture"])
        .env("LIBPROCESS_TEST_PANIC", "1")
        .output()
        .unwrap();
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(output.status.signal(), Some(6), "aborted");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("process `doomed` panicked"), "{errors}");
    assert!(!errors.contains("unreachable"), "{errors}");
}

#[test]
fn a_handler_that_holds_its_worker_is_named_at_its_end_and_if_that_does_not_come() {
    let (report, reports) = channel();
    let report = std::sync::Mutex::new(report);
    let system = System::builder()
        .slow_handlers(Duration::from_millis(2), move |slow| {
            let _ = report.lock().unwrap().send(slow.clone());
        })
        .start()
        .unwrap();
    let (pid, _events) = Probe::spawn(&system, "slow");
    let (release, held) = channel::<()>();
    pid.tell(move |_, _| assert!(held.recv().is_err(), "released"));
    let report = || {
        let slow = std::iter::from_fn(|| reports.recv_timeout(LIMIT).ok());
        let mut of_slow = slow.filter(|slow| slow.process.id() == "slow");
        of_slow.next().expect("it is reported")
    };
    let endless = report();
    assert!(!endless.ended);
    assert!(endless.running_for >= Duration::from_millis(200));
    drop(release);
    let slow = report();
    assert!(slow.ended);
    assert!(slow.running_for >= endless.running_for);
    system.shutdown();
}
