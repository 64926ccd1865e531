//! The order of clients by itself, apart from offers, quota and filters.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use crate::{FrameworkOptions, NewAgent, Options};

use super::Hierarchical;
use super::parts::Parts;
use super::standing::Change;

/// What Mesos calls a sorter: what frameworks of one role hold of agents, and the order that follows from it.
///
/// It is the part of [`Hierarchical`] that does this, not another one: the same sums and lists, changed by the same
/// code. What an agent has left, quota and filters are not kept. For benchmarks that stand beside those of Mesos'
/// sorter, which measure no more than that.
///
/// Clients and agents are numbers here, as they are inside: ids are looked up once for each input, where it comes in.
#[derive(Debug)]
pub struct Sorter {
    books: Hierarchical,
    role: u32,
}

impl Sorter {
    /// A sorter of nobody, for the frameworks of this role.
    pub fn new(role: &str) -> Self {
        let mut books = Hierarchical::new(Options::default(), 0);
        let role = books.tree.make(role);
        Self { books, role }
    }

    /// Adds a client that wants offers. Its number, for the other calls.
    pub fn add(&mut self, id: &FrameworkId) -> u32 {
        let info = v0::FrameworkInfo {
            roles: vec![self.books.tree.node(self.role).path.to_string()],
            capabilities: vec![v0::framework_info::Capability {
                r#type: Some(v0::framework_info::capability::Type::MultiRole),
                ..Default::default()
            }],
            ..Default::default()
        };
        let options = FrameworkOptions::default();
        self.books
            .framework_added(Time::EPOCH, id, &info, &BTreeMap::new(), true, options);
        let number = self.books.intern_framework(id);
        let role = self.books.tree.node(self.role).path.clone();
        self.books.make_pair(number, &role)
    }

    /// Adds an agent, and what it has to the measure of shares. Its number, for the other calls.
    pub fn add_agent(&mut self, id: &AgentId, total: Resources) -> u32 {
        let agent = NewAgent {
            id: id.clone(),
            info: v0::SlaveInfo::default(),
            capabilities: Vec::new(),
            unavailability: None,
            total,
            used: BTreeMap::new(),
        };
        self.books.agent_added(Time::EPOCH, agent);
        self.books
            .agent_number(id)
            .expect("an agent that was added is known")
    }

    /// A client is given something of an agent: what it holds there, its sums and its place, and those of its role.
    pub fn allocated(&mut self, client: u32, agent: u32, resources: &Resources) {
        let framework = self.books.pair(client).framework;
        self.books.agent_mut(agent).held.add(framework, resources);
        let parts = Parts::of(resources, &mut self.books.names);
        self.books.stand(client, Change::Add(agent, &parts));
    }

    /// Something of an agent comes back from a client.
    pub fn unallocated(&mut self, client: u32, agent: u32, resources: &Resources) {
        let framework = self.books.pair(client).framework;
        self.books.agent_mut(agent).held.sub(framework, resources);
        let parts = Parts::of(resources, &mut self.books.names);
        self.books.stand(client, Change::Sub(agent, &parts));
    }

    /// What a client holds of an agent.
    pub fn allocation(&self, client: u32, agent: u32) -> Option<&Resources> {
        let framework = self.books.pair(client).framework;
        self.books.agent(agent).held.get(framework)
    }

    /// The clients in their order, which is sorted anew if shares changed that nobody touched.
    pub fn sort(&mut self) -> &[u32] {
        self.books.refresh_pairs(self.role);
        &self.books.tree.node(self.role).order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn clients_come_by_share_then_by_how_often_they_were_given_something_then_by_id() {
        let parse = |text: &str| Resources::parse(text, "*").unwrap();
        let mut sorter = Sorter::new("web");
        let [c, a, b] = ["c", "a", "b"].map(|id| sorter.add(&id.into()));
        let agents: Vec<u32> = (0..4)
            .map(|n| sorter.add_agent(&format!("s{n}").as_str().into(), parse("cpus:10;mem:100")))
            .collect();
        assert_eq!(sorter.sort(), [a, b, c]);
        let (much, little) = (
            parse("cpus:8;mem:10").allocated("web"),
            parse("cpus:1;mem:20").allocated("web"),
        );
        sorter.allocated(a, agents[0], &much);
        sorter.allocated(b, agents[1], &little);
        assert_eq!(sorter.sort(), [c, b, a]);
        // One more agent changes all shares: now memory is dear.
        sorter.add_agent(&"s4".into(), parse("cpus:1000"));
        assert_eq!(sorter.sort(), [c, a, b]);
        assert_eq!(sorter.allocation(a, agents[0]), Some(&much));
        for (client, agent, resources) in [(a, 0, &much), (b, 1, &little)] {
            sorter.unallocated(client, agents[agent], resources);
            assert_eq!(sorter.allocation(client, agents[agent]), None);
        }
        // All have nothing again, but not all had nothing before.
        assert_eq!(sorter.sort(), [c, a, b]);
        let ids: BTreeSet<u32> = sorter.sort().iter().copied().collect();
        assert_eq!(ids, BTreeSet::from([a, b, c]));
    }

    #[test]
    fn alike_clients_come_by_id_in_whichever_order_they_came() {
        let mut sorter = Sorter::new("*");
        let mut ids = vec!["a".to_owned(), "z".to_owned()];
        // Always right behind the first, until there is no room for a number between the two.
        ids.extend((0..100).map(|n| format!("m{:03}", 999 - n)));
        // Always right before the last.
        ids.extend((0..100).map(|n| format!("y{n:03}")));
        let mut clients = BTreeMap::new();
        for (n, id) in ids.iter().enumerate() {
            clients.insert(id.clone(), sorter.add(&id.as_str().into()));
            if n % 7 == 0 {
                // What is in order already must stay so when numbers change.
                let by_id: Vec<u32> = clients.values().copied().collect();
                assert_eq!(sorter.sort(), by_id);
            }
        }
        let by_id: Vec<u32> = clients.into_values().collect();
        assert_eq!(sorter.sort(), by_id);
    }
}
