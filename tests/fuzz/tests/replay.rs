//! Every target on its seeds and on what was found for it, without libFuzzer.

use mesos_tests_fuzz::{TARGETS, find, seeds};

#[test]
fn targets_have_seeds_and_bear_them() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        seeds.iter().for_each(|seed| (target.run)(seed));
        assert_eq!(find(target.name).map(|found| found.name), Some(target.name));
    }
}

#[test]
fn what_was_found_stays_mended() {
    for target in TARGETS {
        for (path, bytes) in seeds::found(target.name) {
            println!("{}", path.display());
            (target.run)(&bytes);
        }
    }
}
