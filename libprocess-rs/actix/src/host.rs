//! An actix actor under a PID.

use std::time::Duration;

use actix::dev::{Request, ToEnvelope};
use actix::{Actor, Addr, Handler, Message};
use libprocess::codec::Codec;
use libprocess::{Context, Future, Pid, Process, SpawnError, System, Upid};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

/// How often a host looks whether its actor is still there; actix tells nobody.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(1);

type Install<A> = Box<dyn FnOnce(&mut Context<Host<A>>) + Send>;

/// The process that stands for an actix actor: what it receives, it hands on.
///
/// It holds the `Addr`, so that the actor lives at least as long as its PID unless it stops itself.
pub struct Host<A: Actor> {
    address: Addr<A>,
    installs: Vec<Install<A>>,
}

impl<A: Actor> Host<A> {
    /// A host that hands on nothing yet.
    pub fn new(address: Addr<A>) -> Self {
        Self {
            address,
            installs: Vec::new(),
        }
    }

    /// Hands on messages called `name`, whose body is an `M` in the form of `C`. What the actor returns is dropped.
    #[must_use]
    pub fn on<C, M>(mut self, name: &str) -> Self
    where
        C: Codec,
        M: Message + DeserializeOwned + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let name = name.to_owned();
        self.installs.push(Box::new(move |ctx| {
            ctx.install_as::<C, M>(&name, |host, ctx, _, message| host.hand_on(ctx, message));
        }));
        self
    }

    /// As [`Host::on`], and sends what the actor returns back to the sender as a message called `reply`.
    ///
    /// An answer leaves when it is there: answers to several questions that are on their way together come in any order. None
    /// is sent when the actor stops before.
    #[must_use]
    pub fn answer<C, M>(mut self, name: &str, reply: &str) -> Self
    where
        C: Codec,
        M: Message + DeserializeOwned + Send + 'static,
        M::Result: Serialize + Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let (name, reply) = (name.to_owned(), reply.to_owned());
        self.installs.push(Box::new(move |ctx| {
            ctx.install_as::<C, M>(&name, move |host, ctx, from, message| {
                let reply = reply.clone();
                ctx.defer(host.request(message), move |_, ctx, result| match result {
                    Ok(value) => {
                        if let Err(error) = ctx.send_as::<C, _>(&from, &reply, &value) {
                            warn!(%reply, %error, "dropping an answer that cannot be written");
                        }
                    }
                    Err(_) => ctx.terminate_self(),
                });
            });
        }));
        self
    }

    /// Puts the actor under `id`.
    ///
    /// # Errors
    ///
    /// When the name is taken or the system has ended.
    pub fn spawn(self, system: &System, id: impl Into<String>) -> Result<Hosted<A>, SpawnError> {
        let address = self.address.clone();
        let pid = system.spawn(id, self)?;
        Ok(Hosted { pid, address })
    }

    fn hand_on<M>(&self, ctx: &Context<Self>, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        if self.address.connected() {
            self.address.do_send(message);
        } else {
            ctx.terminate_self();
        }
    }

    /// Sends with an answer. A sender that has filled the mailbox must wait, and what others send meanwhile overtakes it;
    /// a new sender each time never has, so the order stays that of the PID.
    fn request<M>(&self, message: M) -> Request<A, M>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        self.address.clone().send(message)
    }

    fn check(&mut self, ctx: &mut Context<Self>) {
        if self.address.connected() {
            ctx.delay(CHECK_INTERVAL, Self::check);
        } else {
            ctx.terminate_self();
        }
    }
}

impl<A: Actor> Process for Host<A> {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        for install in std::mem::take(&mut self.installs) {
            install(ctx);
        }
        self.check(ctx);
    }
}

/// A handle to an actix actor that has a PID.
pub struct Hosted<A: Actor> {
    pid: Pid<Host<A>>,
    address: Addr<A>,
}

impl<A: Actor> Hosted<A> {
    /// Its PID, valid on every machine.
    pub fn upid(&self) -> &Upid {
        self.pid.upid()
    }

    /// The actor as actix knows it.
    pub fn address(&self) -> &Addr<A> {
        &self.address
    }

    /// Sends a message behind all that has been sent to the PID from here.
    pub fn tell<M>(&self, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        self.pid.tell(move |host, ctx| host.hand_on(ctx, message));
    }

    /// As [`Hosted::tell`], with the actor's answer; failed when the actor has stopped, abandoned when its host has ended.
    pub fn ask<M>(&self, message: M) -> Future<M::Result>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let system = self.pid.system();
        self.pid.dispatch_future(move |host, _| {
            let answer = system.run(host.request(message));
            answer.then(|result| match result {
                Ok(value) => Future::ready(value),
                Err(error) => Future::failed(format!("the actix actor does not answer: {error}")),
            })
        })
    }

    /// Takes the PID away; the actor goes on.
    pub fn terminate(&self) {
        self.pid.terminate();
    }
}

impl<A: Actor> Clone for Hosted<A> {
    fn clone(&self) -> Self {
        Self {
            pid: self.pid.clone(),
            address: self.address.clone(),
        }
    }
}
