//! The machine this runs on: load, memory, processors.

use crate::Future;
use procfs::Current;
use procfs::{LoadAverage, Meminfo};

/// What could be read; a machine without `/proc` has no load and no memory to show.
struct Machine {
    cpus: usize,
    load: Option<LoadAverage>,
    memory: Option<Meminfo>,
}

impl Machine {
    fn read() -> Machine {
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Machine {
            cpus,
            load: LoadAverage::current().ok(),
            memory: Meminfo::current().ok(),
        }
    }
}

/// The gauges of `/metrics/snapshot`.
///
/// Mesos: 3rdparty/libprocess/include/process/system.hpp, `System`.
pub(super) fn metrics() -> Future<Vec<(String, f64)>> {
    let machine = Machine::read();
    let mut values = vec![(
        "system/cpus_total".to_owned(),
        precise(u64::try_from(machine.cpus).unwrap_or(0)),
    )];
    if let Some(load) = machine.load {
        values.push(("system/load_1min".to_owned(), two_decimals(load.one)));
        values.push(("system/load_5min".to_owned(), two_decimals(load.five)));
        values.push(("system/load_15min".to_owned(), two_decimals(load.fifteen)));
    }
    if let Some(memory) = machine.memory {
        values.push(("system/mem_total_bytes".to_owned(), precise(memory.mem_total)));
        values.push(("system/mem_free_bytes".to_owned(), precise(memory.mem_free)));
    }
    Future::ready(values)
}

/// The body of `/system/stats.json`.
pub(super) fn stats_json() -> String {
    let machine = Machine::read();
    let mut fields = Vec::new();
    if let Some(load) = machine.load {
        fields.push(format!("\"avg_load_15min\":{:?}", two_decimals(load.fifteen)));
        fields.push(format!("\"avg_load_1min\":{:?}", two_decimals(load.one)));
        fields.push(format!("\"avg_load_5min\":{:?}", two_decimals(load.five)));
    }
    fields.push(format!("\"cpus_total\":{}", machine.cpus));
    if let Some(memory) = machine.memory {
        fields.push(format!("\"mem_free_bytes\":{}", memory.mem_free));
        fields.push(format!("\"mem_total_bytes\":{}", memory.mem_total));
    }
    format!("{{{}}}", fields.join(","))
}

/// The kernel prints loads with two decimals, which single precision blurs.
fn two_decimals(load: f32) -> f64 {
    (f64::from(load) * 100.0).round() / 100.0
}

/// Exact below 2^53, far above any count here.
fn precise(value: u64) -> f64 {
    let (high, low) = (value >> 32, value & u64::from(u32::MAX));
    f64::from(u32::try_from(high).unwrap_or(u32::MAX)) * 4_294_967_296.0
        + f64::from(u32::try_from(low).unwrap_or(0))
}
