//! What this host has to offer.
//!
//! Mesos: src/slave/containerizer/containerizer.cpp, `Containerizer::resources`.

use std::path::Path;

use mesos::Resources;
use procfs::Current as _;

/// Ports offered when nobody says which. Mesos: src/slave/constants.hpp, `DEFAULT_PORTS`.
const DEFAULT_PORTS: &str = "[31000-32000]";
/// CPUs offered when the host does not say. Mesos: src/slave/constants.hpp, `DEFAULT_CPUS`.
const DEFAULT_CPUS: u64 = 1;
/// Megabytes of memory offered when the host does not say.
const DEFAULT_MEM_MB: u64 = 1024;
/// Megabytes of disk offered when the host does not say.
const DEFAULT_DISK_MB: u64 = 10 * 1024;
const MB: u64 = 1024 * 1024;

/// What `--resources` says, completed by what the host has.
///
/// # Errors
///
/// Mesos' words for what is wrong with the text.
pub fn detect(text: Option<&str>, default_role: &str, work_dir: &Path) -> Result<Resources, String> {
    let parse = |text: &str| Resources::parse(text, default_role).map_err(|error| error.to_string());
    let mut resources = parse(text.unwrap_or_default())?;
    let names: Vec<String> = resources.names().iter().map(|name| (*name).to_owned()).collect();
    // A name that is given, even as zero, is not detected.
    let given =
        |name: &str| names.iter().any(|known| known == name) || text.is_some_and(|text| mentions(text, name));
    let mut missing = Vec::new();
    if !given("cpus") {
        missing.push(format!("cpus:{}", cpus()));
    }
    if !given("mem") {
        missing.push(format!(
            "mem:{}",
            reserved(memory_mb().unwrap_or(DEFAULT_MEM_MB), 2 * 1024, 1024)
        ));
    }
    if !given("disk") {
        missing.push(format!(
            "disk:{}",
            reserved(disk_mb(work_dir).unwrap_or(DEFAULT_DISK_MB), 10 * 1024, 5 * 1024)
        ));
    }
    if !given("ports") {
        missing.push(format!("ports:{DEFAULT_PORTS}"));
    }
    if !missing.is_empty() {
        resources += &parse(&missing.join(";"))?;
    }
    Ok(resources)
}

/// Whether the text form of resources names this resource.
fn mentions(text: &str, name: &str) -> bool {
    text.split(';').any(|part| {
        part.split([':', '('])
            .next()
            .is_some_and(|found| found.trim() == name)
    })
}

/// What is left for tasks: all but `kept`, or half of what is less than `small`.
fn reserved(total: u64, small: u64, kept: u64) -> u64 {
    if total >= small { total - kept } else { total / 2 }
}

fn cpus() -> u64 {
    std::thread::available_parallelism().map_or(DEFAULT_CPUS, |number| number.get() as u64)
}

fn memory_mb() -> Option<u64> {
    procfs::Meminfo::current()
        .ok()
        .map(|memory| memory.mem_total / MB)
}

fn disk_mb(work_dir: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(work_dir).ok()?;
    Some(disk.blocks() * disk.fragment_size() / MB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_wins_and_the_rest_is_detected() {
        let here = Path::new("/");
        let found = detect(Some("cpus:4;mem:1024"), "*", here).unwrap();
        assert_eq!(found.cpus().unwrap().to_f64(), 4.0);
        assert_eq!(found.mem().unwrap().to_f64(), 1024.0);
        assert!(found.disk().unwrap().to_f64() > 0.0);
        assert_eq!(found.ranges("ports").unwrap().to_string(), "[31000-32000]");
        assert!(detect(None, "*", here).unwrap().cpus().is_some());
        assert!(detect(Some("cpus:x"), "*", here).is_err());
    }

    #[test]
    fn zero_means_zero() {
        assert!(
            detect(Some("disk:0"), "*", Path::new("/"))
                .unwrap()
                .disk()
                .is_none()
        );
    }

    #[test]
    fn small_hosts_keep_half() {
        assert_eq!(reserved(1024, 2048, 1024), 512);
        assert_eq!(reserved(24_105, 2048, 1024), 23_081);
    }
}
