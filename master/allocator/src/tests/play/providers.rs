//! What agents have changes: resource providers come and go, more or less can be spared.

use std::collections::BTreeMap;

use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use super::{Held, Play};
use crate::{AgentUpdate, Allocator};

impl Play {
    /// A resource provider brings disks or cpus, of which a framework may use some.
    pub(super) fn add_provider(&mut self, agent: &AgentId, framework: Option<&FrameworkId>) {
        self.made += 1;
        let id = format!("provider{}", self.made);
        let of_provider = |text: &str| {
            let mut messages = Resources::parse(text, "*").unwrap().to_protos();
            for message in &mut messages {
                message.provider_id = Some(Box::new(v0::ResourceProviderID {
                    value: id.clone(),
                    ..Default::default()
                }));
            }
            Resources::from_protos(&messages).unwrap()
        };
        let total = of_provider(
            ["disk:100", "disk:64;disk(a):64", "cpus:2;mem:128;ports:[7-9]"][self.dice.roll(3) as usize],
        );
        let mut used = BTreeMap::new();
        if let Some(framework) = framework
            && self.dice.once(2)
        {
            let roles: Vec<String> = self.frameworks[framework].iter().cloned().collect();
            let role = self.dice.pick(&roles).unwrap();
            let part: Resources = total.iter().next().cloned().into_iter().collect();
            let part = part.allocated(role);
            used.insert(framework.clone(), part.clone());
            self.held.push(Held {
                framework: framework.clone(),
                agent: agent.clone(),
                resources: part,
                used: true,
            });
        }
        if let Some(plain) = &mut self.plain {
            plain.add_provider(agent, &total, used.iter().next());
        }
        self.real.add_resource_provider(self.now, agent, &total, &used);
        *self.agents.get_mut(agent).unwrap() += &total;
    }

    /// A resource provider of an agent is gone, or something else can be spared, or the agent can do something else.
    /// Offers of what is gone were taken back before; what is used of it stays booked.
    pub(super) fn change_agent(&mut self, agent: &AgentId) {
        let mut total = self.agents[agent].clone();
        let mut capabilities = None;
        match self.dice.roll(4) {
            0 => {
                capabilities = Some(mesos::capabilities::agent_capabilities());
            }
            1 => {
                let mut spare = Resources::new();
                if self.dice.once(2) {
                    let text = format!("cpus:{}", 1 + self.dice.roll(4));
                    let mut messages = Resources::parse(&text, "*").unwrap().to_protos();
                    messages[0].revocable = Some(Box::default());
                    spare = Resources::from_protos(&messages).unwrap();
                }
                total = total.non_revocable() + &spare;
                self.take_back(agent, |resource| resource.is_revocable());
            }
            _ => {
                let providers: Vec<mesos::ids::ResourceProviderId> = total
                    .iter()
                    .filter_map(|one| one.provider_id().cloned())
                    .collect();
                let Some(gone) = self.dice.pick(&providers).cloned() else {
                    return;
                };
                total = total.filter(|one| one.provider_id() != Some(&gone));
                self.take_back(agent, |resource| resource.provider_id() == Some(&gone));
            }
        }
        let mut info = v0::SlaveInfo::default();
        if let Some(known) = self.infos.get(agent) {
            info.clone_from(known);
        }
        if let Some(plain) = &mut self.plain {
            let known = plain.agents.get_mut(agent).unwrap();
            known.total.clone_from(&total);
            if let Some(capabilities) = &capabilities {
                known.capabilities.clone_from(capabilities);
            }
        }
        self.agents.insert(agent.clone(), total.clone());
        let update = AgentUpdate {
            info,
            total: Some(total),
            capabilities,
        };
        self.real.update_agent(self.now, agent, update);
    }

    /// Takes back the offers of an agent that hold something of a kind.
    fn take_back(&mut self, agent: &AgentId, kind: impl Fn(&mesos::Resource) -> bool) {
        let (back, kept) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.agent == *agent && !held.used && held.resources.iter().any(&kind));
        self.held = kept;
        let back: Vec<Held> = back;
        for held in back {
            if let Some(plain) = &mut self.plain {
                plain.recover(self.now, &held.framework, agent, &held.resources, None);
            }
            self.real
                .recover_resources(self.now, &held.framework, agent, &held.resources, None, false);
        }
    }
}
