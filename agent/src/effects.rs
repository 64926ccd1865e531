//! Performs what the core wants, in its order, and decides nothing.

use std::{path::Path, sync::Arc, time::Duration};

use libprocess::{Context, http::Response, http::pipe};
use mesos::ids::ContainerId;
use mesos_agent_core::{ContainerEnd, Effect, ExecutorAnswer, Input, LaunchContainer, Load, Ticket};
use mesos_containerizer::{Command, ContainerSpec, Exit, Launcher, Uri};
use mesos_daemon::api::EventStream;
use procfs::Current as _;
use tracing::warn;

use crate::{
    agent::AgentProcess,
    disk::{Write, Written},
};

impl AgentProcess {
    /// Performs one effect.
    pub(crate) fn perform(&mut self, ctx: &mut Context<Self>, effect: Effect) {
        match effect {
            Effect::Detect => {
                let master = self.parts.master.clone();
                ctx.tell_self(move |agent, ctx| agent.handle(ctx, Input::MasterDetected(Some(master))));
            }
            Effect::Link(to) => ctx.link(&to),
            Effect::Send { to, message } => ctx.send(&to, message.name, message.body),
            Effect::WakeAfter(after) => self.wake_after(ctx, after),
            Effect::Checkpoint { ticket, path, bytes } => {
                self.write(ctx, Write::Replace { path, bytes }, ticket)
            }
            Effect::Append { ticket, path, bytes } => self.write(ctx, Write::Append { path, bytes }, ticket),
            Effect::Symlink { link, target } => self.write(ctx, Write::Link { link, target }, None),
            Effect::Rename { from, to } => self.write(ctx, Write::Rename { from, to }, None),
            Effect::Remove { path } => self.write(ctx, Write::Remove { path }, None),
            Effect::MakeVolume { path } => self.write(ctx, Write::MakeDirectory { path }, None),
            Effect::RemoveVolume { path, keep_root } => {
                let write = if keep_root {
                    Write::Empty { path }
                } else {
                    Write::Remove { path }
                };
                self.write(ctx, write, None);
            }
            Effect::LinkVolumes {
                ticket,
                directory,
                volumes,
            } => self.write(ctx, Write::Volumes { directory, volumes }, Some(ticket)),
            Effect::MeasureLoad => match procfs::LoadAverage::current() {
                Ok(found) => {
                    let load = Load {
                        five_minutes: f64::from(found.five),
                        fifteen_minutes: f64::from(found.fifteen),
                    };
                    ctx.tell_self(move |agent, ctx| agent.handle(ctx, Input::LoadMeasured(load)));
                }
                Err(error) => warn!(%error, "failed to fetch system load"),
            },
            Effect::Barrier(ticket) => self.write(ctx, Write::Barrier, Some(ticket)),
            Effect::Launch { ticket, container } => self.launch(ctx, ticket, *container),
            Effect::Destroy { container_id, pid } => {
                let launcher = Arc::clone(&self.parts.launcher);
                ctx.blocking(
                    move || launcher.destroy(container_id.as_str(), pid),
                    |_, _, ()| {},
                );
            }
            Effect::Watch { container_id, pid } => self.watch(ctx, container_id, pid),
            Effect::Respond { request, answer } => self.respond(ctx, request, answer),
            Effect::Event { connection, event } => {
                if let Some(stream) = self.streams.get(&connection) {
                    // A stream that does not take it is closed, and its end reported.
                    stream.send(&*event);
                }
            }
            Effect::CloseStream { connection } => {
                if let Some(stream) = self.streams.remove(&connection) {
                    stream.close();
                }
            }
            Effect::Attach { name, path } => self.parts.files.attach(&name, Path::new(&path)),
            Effect::DetachWhenCollected { name, path } => self.parts.gc.detach_with(&path, name),
            Effect::Collect { path, since } => self.collect_later(ctx, path, since),
            Effect::Keep { path } => self.parts.gc.keep(&path),
            Effect::Terminate { error } => self.end(ctx, error),
        }
    }

    fn wake_after(&mut self, ctx: &mut Context<Self>, after: Duration) {
        if let Some(timer) = self.wake.take() {
            ctx.cancel(timer);
        }
        self.wake = Some(ctx.delay(after, |agent, ctx| {
            agent.wake = None;
            agent.handle(ctx, Input::Wake);
        }));
    }

    fn launch(&mut self, ctx: &mut Context<Self>, ticket: Ticket, container: LaunchContainer) {
        let launcher = Arc::clone(&self.parts.launcher);
        let container_id = container.container_id.clone();
        let spec = spec_of(container);
        ctx.blocking(
            move || launcher.launch(&spec),
            move |agent, ctx, launched| {
                let result = launched
                    .map(|container| container.pid)
                    .map_err(|error| error.to_string());
                let pid = result.clone().ok();
                agent.handle(ctx, Input::ContainerLaunched { ticket, result });
                if let Some(pid) = pid {
                    agent.watch(ctx, container_id, pid);
                }
            },
        );
    }

    /// Reports the end of a container's first process, after nothing of the container is left.
    fn watch(&mut self, ctx: &mut Context<Self>, container_id: ContainerId, pid: u32) {
        let (agent, launcher, id) = (ctx.pid(), Arc::clone(&self.parts.launcher), container_id.clone());
        let on_exit = move |exit: Exit| {
            agent.tell(move |agent, ctx| {
                let end = ContainerEnd {
                    wait_status: exit.wait_status(),
                };
                agent.handle(
                    ctx,
                    Input::ContainerExited {
                        container_id: id.clone(),
                        end,
                    },
                );
                ctx.blocking(move || launcher.cleanup(id.as_str(), pid), |_, _, ()| {});
            });
        };
        if let Err(error) = self.parts.reaper.watch(pid, Box::new(on_exit)) {
            warn!(%container_id, pid, %error, "cannot watch a container that is gone already");
            let end = ContainerEnd { wait_status: None };
            let (launcher, id) = (Arc::clone(&self.parts.launcher), container_id.clone());
            ctx.tell_self(move |agent, ctx| {
                agent.handle(ctx, Input::ContainerExited { container_id, end });
                // Its first process is gone, others of the container may have outlived it.
                ctx.blocking(move || launcher.cleanup(id.as_str(), pid), |_, _, ()| {});
            });
        }
    }

    fn respond(&mut self, ctx: &mut Context<Self>, request: u64, answer: ExecutorAnswer) {
        let Some((responder, content_type)) = self.waiting.remove(&request) else {
            return;
        };
        responder.respond(match answer {
            ExecutorAnswer::Accepted => Response::accepted(),
            ExecutorAnswer::BadRequest(text) => Response::bad_request(text),
            ExecutorAnswer::Forbidden(text) => Response::forbidden(text),
            ExecutorAnswer::NotImplemented => Response::not_implemented(""),
            ExecutorAnswer::Unavailable(text) => Response::service_unavailable(text),
            ExecutorAnswer::Stream => {
                let (writer, reader) = pipe();
                let stream = EventStream::new(writer, content_type);
                ctx.then(stream.closed(), move |agent, ctx, _| {
                    agent.streams.remove(&request);
                    agent.handle(ctx, Input::ExecutorDisconnected { connection: request });
                });
                self.streams.insert(request, stream);
                Response::stream(content_type.as_str(), reader)
            }
        });
    }

    fn write(&mut self, ctx: &mut Context<Self>, write: Write, ticket: Option<Ticket>) {
        self.disk.push(write, ticket);
        self.write_next(ctx);
    }

    /// Writes what waits, all at once, unless a write is under way.
    fn write_next(&mut self, ctx: &mut Context<Self>) {
        let Some(batch) = self.disk.next() else { return };
        ctx.blocking(
            move || batch.write(),
            |agent, ctx, written| {
                agent.disk.done();
                match written {
                    // An agent that cannot write must not promise anything more.
                    Err(error) => agent.end(ctx, Some(error)),
                    Ok(done) => {
                        for Written { ticket, failed } in done {
                            let input = match failed {
                                None => Input::Stored(ticket),
                                Some(reason) => Input::VolumesNotLinked { ticket, reason },
                            };
                            agent.handle(ctx, input);
                        }
                        agent.write_next(ctx);
                    }
                }
            },
        );
    }
}

/// The containerizer's words for what the core wants.
fn spec_of(container: LaunchContainer) -> ContainerSpec {
    let command = container.command;
    let value = command.value.clone().unwrap_or_default();
    ContainerSpec {
        container_id: container.container_id.to_string(),
        directory: container.directory.into(),
        latest: Some(container.latest.into()),
        command: if command.shell_or_default() {
            Command::Shell(value)
        } else {
            Command::Exec {
                program: value,
                arguments: command.arguments.clone(),
            }
        },
        environment: container.environment,
        uris: command
            .uris
            .iter()
            .map(|uri| Uri {
                value: uri.value.clone(),
                executable: uri.executable.unwrap_or(false),
                extract: uri.extract_or_default(),
                output_file: uri.output_file.clone(),
            })
            .collect(),
        user: container.user,
        forked_pid_path: container.forked_pid_path.map(Into::into),
        volumes: container
            .volumes
            .into_iter()
            .map(|volume| (volume.name, volume.path.into()))
            .collect(),
    }
}
