//! What must hold after every input.

use mesos::Resources;

use crate::state::{Agent, Master};

impl Master {
    /// Checks the books: every sum equals its parts, every index points somewhere, nothing is given twice.
    ///
    /// # Errors
    ///
    /// Says what does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.allocator.check()?;
        self.check_agents()?;
        self.check_frameworks()?;
        self.check_offers()?;
        self.check_operations()
    }

    fn check_operations(&self) -> Result<(), String> {
        for agent in self.agents.values() {
            if agent.checkpointed != agent.total.needing_checkpointing() {
                return Err(format!(
                    "agent {} keeps {} of {}",
                    agent.id, agent.checkpointed, agent.total
                ));
            }
        }
        for (id, framework) in &self.frameworks {
            for (uuid, agent_id) in &framework.operations {
                let agent = self.agents.get(agent_id);
                if !agent.is_some_and(|agent| agent.operations.contains_key(uuid)) {
                    return Err(format!("an operation of framework {id} is on no agent"));
                }
            }
            let known = |uuid| framework.operations.contains_key(uuid);
            if !framework.operation_ids.values().all(known) {
                return Err(format!("framework {id} names an operation it has not"));
            }
        }
        for (id, offer) in &self.inverse_offers {
            let agent = self.agents.get(&offer.agent_id);
            let framework = self.frameworks.get(&offer.framework_id);
            if !agent.is_some_and(|agent| agent.inverse_offers.contains(id))
                || !framework.is_some_and(|framework| framework.inverse_offers.contains(id))
            {
                return Err(format!("inverse offer {id} outlived its agent or framework"));
            }
        }
        Ok(())
    }

    fn check_agents(&self) -> Result<(), String> {
        let at = |agent: &Agent| self.addresses.contains(&(agent.pid.clone(), agent.id.clone()));
        if self.addresses.len() != self.agents.len() || !self.agents.values().all(at) {
            return Err("agents are not where their addresses say".to_owned());
        }
        for (id, agent) in &self.agents {
            let mut used = Resources::default();
            for (framework_id, tasks) in &agent.tasks {
                let framework = self
                    .frameworks
                    .get(framework_id)
                    .ok_or_else(|| format!("agent {id} has tasks of unknown framework {framework_id}"))?;
                for task_id in tasks {
                    let task = framework
                        .tasks
                        .get(task_id)
                        .ok_or_else(|| format!("agent {id} has unknown task {task_id}"))?;
                    if task.holds_resources() {
                        used += &task.resources;
                    }
                }
            }
            for executor in agent.executors.values().flat_map(|executors| executors.values()) {
                used += &Resources::from_protos(&executor.resources).unwrap_or_default();
            }
            if used != agent.used_total() {
                return Err(format!(
                    "agent {id} books {} but {used} is used",
                    agent.used_total()
                ));
            }
            let mut taken = used;
            for offer_id in &agent.offers {
                let offer = self
                    .offers
                    .get(offer_id)
                    .ok_or_else(|| format!("unknown offer {offer_id}"))?;
                taken += &offer.resources;
            }
            let taken = taken.unallocated();
            // What an agent can spare may shrink below what is used of it already.
            if !agent.total.non_revocable().contains(&taken.non_revocable()) {
                return Err(format!(
                    "agent {id} has {} but {taken} is offered or used",
                    agent.total
                ));
            }
            if self.allocator.offered_or_allocated(id).as_ref() != Some(&taken) {
                return Err(format!(
                    "agent {id}: the allocator has {:?} taken, the master {taken}",
                    self.allocator
                        .offered_or_allocated(id)
                        .map(|held| held.to_string())
                ));
            }
            if self.recovered.contains_key(id) || self.unreachable.contains_key(id) {
                return Err(format!("agent {id} is registered and given up at once"));
            }
        }
        Ok(())
    }

    fn check_frameworks(&self) -> Result<(), String> {
        for (id, framework) in &self.frameworks {
            let mut used = Resources::default();
            for (task_id, task) in &framework.tasks {
                let agent = self.agents.get(&task.agent_id());
                if !agent
                    .is_some_and(|agent| agent.tasks.get(id).is_some_and(|tasks| tasks.contains(task_id)))
                {
                    return Err(format!("task {task_id} of framework {id} is on no agent"));
                }
                if task.holds_resources() {
                    used += &task.resources;
                }
            }
            for agent in self.agents.values() {
                for executor in agent
                    .executors
                    .get(id)
                    .into_iter()
                    .flat_map(|executors| executors.values())
                {
                    used += &Resources::from_protos(&executor.resources).unwrap_or_default();
                }
            }
            if used != framework.used {
                return Err(format!(
                    "framework {id} books {} but {used} is used",
                    framework.used
                ));
            }
            if let Some(stream) = framework.stream()
                && self.streams.get(stream) != Some(id)
            {
                return Err(format!("the stream of framework {id} is not known"));
            }
        }
        Ok(())
    }

    fn check_offers(&self) -> Result<(), String> {
        for (id, offer) in &self.offers {
            let with_agent = self
                .agents
                .get(&offer.agent_id)
                .is_some_and(|agent| agent.offers.contains(id));
            let with_framework = self
                .frameworks
                .get(&offer.framework_id)
                .is_some_and(|framework| framework.is_connected() && framework.offers.contains(id));
            if !with_agent || !with_framework {
                return Err(format!("offer {id} outlived its agent or framework"));
            }
        }
        Ok(())
    }
}
