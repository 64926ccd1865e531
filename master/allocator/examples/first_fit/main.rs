//! Writes an allocator of one's own, and tries it: `cargo run --package mesos-allocator --example first_fit`.
//!
//! How a master is started with it is shown by `master/examples/own_policy.rs`.

mod first_fit;

use std::collections::BTreeMap;
use std::time::Duration;

use first_fit::FirstFit;
use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_allocator::{Allocators, Factory, FrameworkOptions, NewAgent, Options};
use mesos_proto::v0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let allocators = Allocators::default().with(
        "first_fit",
        Factory::new(|options, _| Box::new(FirstFit::new(options))),
    );
    let factory = allocators.get("first_fit").ok_or("it was added just now")?;
    let mut allocator = factory.make(&Options::default(), 1);
    let mut now = Time::EPOCH;
    allocator.recover(now, 0, BTreeMap::new());
    for name in ["ada", "bob"] {
        let info = v0::FrameworkInfo {
            role: Some("*".to_owned()),
            ..Default::default()
        };
        let options = FrameworkOptions::default();
        allocator.add_framework(
            now,
            &FrameworkId::new(name),
            &info,
            &BTreeMap::new(),
            true,
            options,
        );
    }
    for name in ["north", "south", "west"] {
        allocator.add_agent(
            now,
            NewAgent {
                id: AgentId::new(name),
                info: v0::SlaveInfo::default(),
                capabilities: mesos::capabilities::agent_capabilities(),
                unavailability: None,
                total: Resources::parse("cpus:4;mem:1024", "*")?,
                used: BTreeMap::new(),
            },
        );
    }
    for _ in 0..2 {
        for offer in allocator.run(now).offers {
            println!(
                "{} is offered {}: {}",
                offer.framework_id, offer.agent_id, offer.resources
            );
            let (id, filters) = (&offer.framework_id, v0::Filters::default());
            allocator.recover_resources(now, id, &offer.agent_id, &offer.resources, Some(&filters), false);
        }
        allocator.check()?;
        now += Duration::from_secs(1);
    }
    Ok(())
}
