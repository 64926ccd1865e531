//! Flags of the allocator. Names, defaults and meaning are those of Mesos, but for `--event_driven_offers`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{ArgAction, Args};
use libprocess_core::duration::DurationText;
use mesos::Quantities;
use mesos_allocator::{Options, RegexLimits, SorterKind};

/// Who is offered what.
#[derive(Debug, Clone, Args)]
#[command(rename_all = "snake_case")]
pub struct Allocation {
    /// The allocator to use. A site's own build of the master may have more than this one.
    #[arg(long, default_value = "hierarchical", help_heading = "Offers")]
    pub allocator: String,
    /// How roles are ordered: drf (the smallest dominant share first) or random (by lot, weights counting).
    #[arg(long, default_value = "drf", alias = "user_sorter", value_parser = ["drf", "random"], help_heading = "Offers")]
    pub role_sorter: String,
    /// How the frameworks of a role are ordered: drf or random.
    #[arg(long, default_value = "drf", value_parser = ["drf", "random"], help_heading = "Offers")]
    pub framework_sorter: String,
    /// Whether agents with GPUs are hidden from frameworks that did not ask for them.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Offers")]
    pub filter_gpu_resources: bool,
    /// The smallest bundles worth an offer, any one of them.
    #[arg(long, default_value = "cpus:0.01|mem:32", help_heading = "Offers")]
    pub min_allocatable_resources: String,
    /// Resources that do not count for fair shares, separated by commas.
    #[arg(long, help_heading = "Offers", value_name = "NAMES")]
    pub fair_sharing_excluded_resource_names: Option<String>,
    /// Whether freed and declined resources are offered at once to those who have not declined them. With false only
    /// every --allocation_interval, as Mesos does.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Offers")]
    pub event_driven_offers: bool,
    /// Which part of the agents must be back after a failover before offers are made, when there is quota.
    #[arg(long, default_value = "0.8", help_heading = "Offers", value_name = "FRACTION")]
    pub allocator_agent_recovery_factor: f64,
    /// After which time offers are made after a failover however many agents are back.
    #[arg(long, default_value = "10mins", help_heading = "Offers")]
    pub allocator_recovery_timeout: DurationText,
    /// Memory that the tables of a regular expression in offer constraints may take.
    #[arg(long, default_value = "4KB", help_heading = "Offers", value_name = "BYTES")]
    pub offer_constraints_re2_max_mem: String,
    /// How complex a regular expression in offer constraints may be.
    #[arg(long, default_value_t = 100, help_heading = "Offers", value_name = "N")]
    pub offer_constraints_re2_max_program_size: usize,
}

impl Allocation {
    /// What the allocator is told.
    ///
    /// # Errors
    ///
    /// The mistake in Mesos' words.
    pub fn options(&self, allocation_interval: Duration) -> Result<Options, String> {
        let factor = self.allocator_agent_recovery_factor;
        if !(0.0..=1.0).contains(&factor) {
            return Err(format!(
                "Invalid value '{factor}' for --allocator_agent_recovery_factor: Must be within [0, 1]"
            ));
        }
        let excluded = self.fair_sharing_excluded_resource_names.iter();
        let excluded = excluded.flat_map(|names| names.split(','));
        let excluded: BTreeSet<String> = excluded
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        Ok(Options {
            allocation_interval,
            event_driven: self.event_driven_offers,
            role_sorter: sorter(&self.role_sorter),
            framework_sorter: sorter(&self.framework_sorter),
            min_allocatable: min_allocatable(&self.min_allocatable_resources)?,
            filter_gpus: self.filter_gpu_resources,
            excluded_from_fairness: excluded,
            regex_limits: RegexLimits {
                memory_bytes: bytes(&self.offer_constraints_re2_max_mem).map_err(|error| {
                    let text = &self.offer_constraints_re2_max_mem;
                    format!(
                        "Failed to load flag 'offer_constraints_re2_max_mem': Failed to load value '{text}': {error}"
                    )
                })?,
                program_size: self.offer_constraints_re2_max_program_size,
            },
            agent_recovery_factor: factor,
            recovery_timeout: self.allocator_recovery_timeout.0,
            ..Options::default()
        })
    }
}

fn sorter(name: &str) -> SorterKind {
    if name == "random" {
        SorterKind::Random
    } else {
        SorterKind::Drf
    }
}

/// Bundles separated by `|`.
fn min_allocatable(text: &str) -> Result<Vec<Quantities>, String> {
    text.split('|')
        .filter(|bundle| !bundle.trim().is_empty())
        .map(Quantities::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("Error parsing min_allocatable_resources '{text}': {error}"))
}

/// A number of bytes as Mesos writes it: `4KB`.
///
/// Mesos: `3rdparty/stout/include/stout/bytes.hpp`, `Bytes::parse`.
fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = text.split_at(digits);
    let unit = unit.to_uppercase();
    let size: usize = match &*unit {
        "" => return Err(format!("Invalid bytes '{text}'")),
        "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ if unit.starts_with('.') => return Err(format!("Fractional bytes '{text}'")),
        _ if digits.is_empty() => return Err("Failed to convert '' to number".to_owned()),
        _ => return Err(format!("Unknown bytes unit '{unit}'")),
    };
    let number = digits.parse::<usize>().ok();
    number
        .and_then(|number| number.checked_mul(size))
        .ok_or_else(|| format!("Failed to convert '{digits}' to number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_minima_are_read() {
        assert_eq!(bytes("4KB"), Ok(4096));
        assert_eq!(bytes("2mb"), Ok(2 << 20));
        for (text, error) in [
            ("4", "Invalid bytes '4'"),
            ("KB", "Failed to convert '' to number"),
            ("4.5KB", "Fractional bytes '4.5KB'"),
            ("4XB", "Unknown bytes unit 'XB'"),
        ] {
            assert_eq!(bytes(text), Err(error.to_owned()));
        }
        assert_eq!(
            min_allocatable("cpus:0.01|mem:32").map(|minima| minima.len()),
            Ok(2)
        );
        assert_eq!(
            min_allocatable("cpus"),
            Err("Error parsing min_allocatable_resources 'cpus': Failed to parse 'cpus': missing or extra ':'".to_owned())
        );
    }
}
