//! What an operator can set.

use std::collections::BTreeSet;
use std::time::Duration;

use mesos::{Quantities, Scalar};
use mesos_proto::v0;

use crate::RegexLimits;

/// The flags that change decisions. The defaults are those of Mesos' flags.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--allocation_interval`: the time between regular runs; a refusal lasts at least this long.
    pub allocation_interval: Duration,
    /// `--allocation_on_recovery`: whether freed and declined resources are offered soon, not only by the next
    /// regular run. Not in Mesos; `false` is what it does.
    pub event_driven: bool,
    /// `--role_sorter`: how roles are ordered.
    pub role_sorter: SorterKind,
    /// `--framework_sorter`: how the frameworks of a role are ordered.
    pub framework_sorter: SorterKind,
    /// `--min_allocatable_resources`: an offer must hold at least one of these bundles. Empty: anything goes.
    pub min_allocatable: Vec<Quantities>,
    /// `--filter_gpu_resources`: hide agents with GPUs from frameworks without the capability `GPU_RESOURCES`.
    pub filter_gpus: bool,
    /// `--fair_sharing_excluded_resource_names`: resources that do not count for shares.
    pub excluded_from_fairness: BTreeSet<String>,
    /// `--domain`: where the master is.
    pub domain: Option<v0::DomainInfo>,
    /// `--offer_constraints_re2_max_mem` and `--offer_constraints_re2_max_program_size`.
    pub regex_limits: RegexLimits,
    /// `--allocator_agent_recovery_factor`: which part of the agents must be back before offers are made after a
    /// failover, when there is quota; in 0..=1.
    pub agent_recovery_factor: f64,
    /// `--allocator_recovery_timeout`: after which time offers are made anyway.
    pub recovery_timeout: Duration,
}

impl Default for Options {
    /// Mesos' defaults: a run a second, at least 0.01 cpus or 32 MB, GPUs hidden; and what is freed is offered soon.
    fn default() -> Self {
        Self {
            allocation_interval: Duration::from_secs(1),
            event_driven: true,
            role_sorter: SorterKind::Drf,
            framework_sorter: SorterKind::Drf,
            min_allocatable: vec![
                Quantities::from_iter([("cpus", Scalar::from_thousandths(10))]),
                Quantities::from_iter([("mem", Scalar::from_thousandths(32_000))]),
            ],
            filter_gpus: true,
            excluded_from_fairness: BTreeSet::new(),
            domain: None,
            regex_limits: RegexLimits::default(),
            agent_recovery_factor: 0.8,
            recovery_timeout: Duration::from_secs(600),
        }
    }
}

/// How clients are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SorterKind {
    /// The smallest dominant share first.
    #[default]
    Drf,
    /// By lot, weights counting, anew each time.
    Random,
}
