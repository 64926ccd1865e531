//! Random histories: the offers are those of the reference, and the books balance after every call.

use super::dice::rounds;
use super::play::Play;

/// The same offers as by the rules, in clusters with all that can be set.
#[test]
fn offers_are_those_of_the_rules() {
    let clusters = rounds("MESOS_DRF_CLUSTERS", 300);
    let first = rounds("MESOS_DRF_SEED", 0);
    let mut offers = 0;
    for seed in first..first + clusters {
        let mut play = Play::new(seed, true, false);
        for step in 0..200 {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play.step()));
            match result {
                Ok(decisions) => offers += decisions.map_or(0, |decisions| decisions.offers.len()),
                Err(_) => panic!("seed {seed}, step {step}"),
            }
            if let Err(wrong) = crate::Allocator::check(&play.real) {
                panic!("seed {seed}, step {step}: {wrong}");
            }
        }
    }
    assert!(
        offers as u64 > clusters,
        "too little was offered to show anything"
    );
}
