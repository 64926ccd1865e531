//! Actors of actix and processes reach each other, in order, and notice each other's end.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use actix::{Actor, ActorContext as _, Context, Handler, MailboxError, Message};
use libprocess::codec::Bincode;
use libprocess::{Process, System, Upid};
use libprocess_actix::{CHECK_INTERVAL, Host, Receive, recipient, remote_recipient};
use serde::{Deserialize, Serialize};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "u64")]
struct Add(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

/// Remembers every number it was given.
#[derive(Default)]
struct Numbers(Vec<u64>);

impl Actor for Numbers {
    type Context = Context<Self>;
}

impl Handler<Add> for Numbers {
    type Result = u64;

    fn handle(&mut self, Add(n): Add, _: &mut Context<Self>) -> u64 {
        assert_eq!(n, u64::try_from(self.0.len()).unwrap(), "in order");
        self.0.push(n);
        n
    }
}

impl Handler<Stop> for Numbers {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// Tells a test what it saw.
struct Probe {
    seen: Sender<String>,
    link: Option<Upid>,
}

impl Probe {
    fn spawn(system: &System, link: Option<Upid>) -> (libprocess::Pid<Probe>, Receiver<String>) {
        let (seen, news) = channel();
        (system.spawn("probe", Probe { seen, link }).unwrap(), news)
    }
}

impl Process for Probe {
    fn initialize(&mut self, ctx: &mut libprocess::Context<Self>) {
        ctx.install_as::<Bincode, u64>("Sum", |probe, _, from, sum| {
            probe.seen.send(format!("{sum} from {}", from.id())).unwrap();
        });
        ctx.install_as::<Bincode, Add>("Add", |probe, _, _, Add(n)| {
            probe.seen.send(n.to_string()).unwrap()
        });
        if let Some(link) = self.link.take() {
            ctx.link(&link);
        }
    }

    fn exited(&mut self, _: &mut libprocess::Context<Self>, who: Upid) {
        self.seen.send(format!("exited {}", who.id())).unwrap();
    }
}

impl Receive<Add> for Probe {
    fn receive(&mut self, _: &mut libprocess::Context<Self>, Add(n): Add) -> u64 {
        self.seen.send(n.to_string()).unwrap();
        n * 2
    }
}

fn host(address: actix::Addr<Numbers>) -> Host<Numbers> {
    Host::new(address).answer::<Bincode, Add>("Add", "Sum")
}

#[test]
fn an_actor_is_told_and_asked_in_order_beyond_the_size_of_its_mailbox() {
    actix::System::new().block_on(async {
        let system = System::builder().client_only().start().unwrap();
        let hosted = host(Numbers::default().start())
            .spawn(&system, "numbers")
            .unwrap();
        let mut answers = Vec::new();
        for n in 0..1000 {
            if n % 2 == 0 {
                hosted.tell(Add(n));
            } else {
                answers.push(hosted.ask(Add(n)));
            }
        }
        let answers = libprocess::future::collect(answers).await.unwrap();
        assert_eq!(answers, (0..1000).filter(|n| n % 2 == 1).collect::<Vec<_>>());
        system.shutdown();
    });
}

#[test]
fn a_process_on_another_system_talks_to_an_actor_and_hears_its_answers() {
    actix::System::new().block_on(async {
        let (here, there) = (
            System::builder().start().unwrap(),
            System::builder().start().unwrap(),
        );
        let hosted = host(Numbers::default().start()).spawn(&here, "numbers").unwrap();
        let (probe, news) = Probe::spawn(&there, None);
        let to = hosted.upid().clone();
        probe.tell(move |_, ctx| {
            for n in 0..100 {
                ctx.send_as::<Bincode, _>(&to, "Add", &Add(n)).unwrap();
            }
        });
        let heard = there.run(async move {
            tokio_free(move || {
                (0..100)
                    .map(|_| news.recv_timeout(PATIENCE).unwrap())
                    .collect::<Vec<_>>()
            })
            .await
        });
        // The actor got them in order, or it would have said so; answers have none.
        let mut heard = heard.await.unwrap();
        heard.sort();
        let mut expected: Vec<_> = (0..100).map(|n| format!("{n} from numbers")).collect();
        expected.sort();
        assert_eq!(heard, expected);
        here.shutdown();
        there.shutdown();
    });
}

/// Waits on a thread of its own, so that the actors of this one go on.
async fn tokio_free<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (promise, future) = libprocess::Promise::new();
    std::thread::spawn(move || promise.set(work()));
    future.await.unwrap()
}

#[test]
fn the_end_of_an_actor_is_seen_through_links_to_its_pid() {
    actix::System::new().block_on(async {
        let system = System::builder()
            .client_only()
            .paused_clock(true)
            .start()
            .unwrap();
        let address = Numbers::default().start();
        let hosted = host(address.clone()).spawn(&system, "numbers").unwrap();
        let (_probe, news) = Probe::spawn(&system, Some(hosted.upid().clone()));
        system.clock().settle().await.unwrap();
        address.send(Stop).await.unwrap();
        system.clock().advance(CHECK_INTERVAL);
        let seen = tokio_free(move || news.recv_timeout(PATIENCE).unwrap()).await;
        assert_eq!(seen, "exited numbers");
        assert!(hosted.ask(Add(0)).is_abandoned());
        system.shutdown();
    });
}

#[test]
fn an_actor_whose_pid_was_taken_away_goes_on() {
    actix::System::new().block_on(async {
        let system = System::builder().client_only().start().unwrap();
        let hosted = host(Numbers::default().start())
            .spawn(&system, "numbers")
            .unwrap();
        hosted.terminate();
        assert!(system.wait(hosted.upid()).await.is_ok());
        assert_eq!(hosted.address().send(Add(0)).await, Ok(0));
        system.shutdown();
    });
}

#[test]
fn a_process_is_a_recipient_until_it_ends() {
    actix::System::new().block_on(async {
        let system = System::builder().client_only().start().unwrap();
        let (probe, news) = Probe::spawn(&system, None);
        let to = recipient::<_, Add>(&probe);
        to.do_send(Add(1));
        assert_eq!(to.send(Add(21)).await, Ok(42));
        assert_eq!(news.try_iter().collect::<Vec<_>>(), ["1", "21"]);
        probe.terminate();
        probe.wait().await.unwrap();
        assert_eq!(to.send(Add(1)).await, Err(MailboxError::Closed));
        system.shutdown();
    });
}

#[test]
fn a_process_on_another_system_is_a_recipient() {
    actix::System::new().block_on(async {
        let (here, there) = (
            System::builder().start().unwrap(),
            System::builder().start().unwrap(),
        );
        let (probe, news) = Probe::spawn(&there, None);
        let to = remote_recipient::<Bincode, Told>(&here, probe.upid().clone(), "Add");
        for n in 0..10 {
            to.do_send(Told(n));
        }
        let heard = tokio_free(move || {
            (0..10)
                .map(|_| news.recv_timeout(PATIENCE).unwrap())
                .collect::<Vec<_>>()
        })
        .await;
        assert_eq!(heard, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
        here.shutdown();
        there.shutdown();
    });
}

/// [`Add`] for a receiver that does not answer.
#[derive(Message, Serialize)]
#[rtype(result = "()")]
struct Told(u64);
