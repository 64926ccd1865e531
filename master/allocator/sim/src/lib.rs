//! Offers and shares of a cluster described in a few lines: to try a policy, to explain one, to see what a quota would do.
//!
//! ```
//! let mut session = mesos_allocator_sim::Session::default();
//! for line in ["agent a cpus:9;mem:18", "framework x role=x task=cpus:1;mem:4", "tick"] {
//!     print!("{}", session.line(line).unwrap());
//! }
//! ```
//!
//! `session` takes the lines, `script` says what they mean, `cluster` plays the frameworks, `plot` draws shares over time.
#![forbid(unsafe_code)]

mod cluster;
mod plot;
mod script;
mod session;

pub use session::Session;

/// What there is to say.
pub const HELP: &str = "\
options [seed=N] [sorter=drf|random] [events=on|off] [interval=SECONDS]   before anything else
agent NAME RESOURCES            an agent
agents N PREFIX RESOURCES       many alike
framework NAME role=ROLE [task=RESOURCES] [tasks=N] [each=N] [time=SECONDS] [refuse=SECONDS] [caps=A,B]
                                launches up to `each` tasks an offer, `tasks` at once, each for `time`; without `task` it
                                declines; `refuse` is what it refuses the rest for (default: for no time)
task NAME RESOURCES             from now on its tasks are like this
tasks NAME N                    from now on it wants so many at once
weight ROLE WEIGHT
quota ROLE [guarantee=RESOURCES] [limit=RESOURCES]
suppress NAME | revive NAME     offers for all its roles
finish NAME [N]                 N of its tasks end, the oldest first (default: all)
remove NAME                     an agent or a framework goes
tick [SECONDS]                  time passes, one second if not said; offers are made and answered
quiet on|off                    whether offers are printed
shares                          dominant shares of roles now
free                            what is free on agents
plot FILE TITLE...              draws the shares of roles over time (SVG)
help, quit
";
