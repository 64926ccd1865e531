//! People on several machines talk: messages by name, links that tell who has left.
//!
//! ```text
//! cargo run --example remote_chat -- ada                        on one machine; it prints its address
//! cargo run --example remote_chat -- bob room@10.0.0.1:40123    on another
//! ```
//!
//! Without a terminal behind it, the room closes when its input ends.

use libprocess::codec::Bincode;
use libprocess::{Context, Process, System, Upid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::BufRead as _;

/// What travels.
#[derive(Serialize, Deserialize)]
enum Said {
    /// Somebody came; who gets this tells their own name back once.
    Joined {
        name: String,
        answer: bool,
    },
    Line(String),
}

/// One person's end of the conversation.
struct Room {
    name: String,
    others: BTreeMap<Upid, String>,
}

impl Room {
    fn hear(&mut self, ctx: &mut Context<Self>, from: Upid, said: Said) {
        match said {
            Said::Joined { name, answer } => {
                println!("* {name} is here");
                ctx.link(&from);
                if answer {
                    self.greet(ctx, &from, false);
                }
                self.others.insert(from, name);
            }
            Said::Line(text) => {
                let name = self.others.get(&from).map_or("somebody", String::as_str);
                println!("{name}: {text}");
            }
        }
    }

    fn greet(&self, ctx: &Context<Self>, to: &Upid, answer: bool) {
        let joined = Said::Joined {
            name: self.name.clone(),
            answer,
        };
        ctx.send_as::<Bincode, _>(to, "Said", &joined)
            .expect("it has a form");
    }

    fn say(&self, ctx: &Context<Self>, text: &str) {
        for other in self.others.keys() {
            let line = Said::Line(text.to_owned());
            ctx.send_as::<Bincode, _>(other, "Said", &line)
                .expect("it has a form");
        }
    }
}

impl Process for Room {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install_as::<Bincode, Said>("Said", Self::hear);
    }

    fn exited(&mut self, _: &mut Context<Self>, who: Upid) {
        if let Some(name) = self.others.remove(&who) {
            println!("* {name} has left");
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "somebody".to_owned());
    let system = System::builder().from_env()?.start()?;
    let others = BTreeMap::new();
    let room = system
        .spawn("room", Room { name, others })
        .expect("the name is free");
    println!("* you are {}", room.upid());
    if let Some(first) = arguments.next() {
        let first: Upid = first
            .parse()
            .map_err(|error| std::io::Error::other(format!("{first}: {error}")))?;
        room.tell(move |room, ctx| room.greet(ctx, &first, true));
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        room.tell(move |room, ctx| room.say(ctx, &line));
    }
    // What was said last is on its way before the room closes.
    drop(room.dispatch(|_, _| ()).wait());
    system.shutdown();
    Ok(())
}
