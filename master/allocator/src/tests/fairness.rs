//! The properties of dominant resource fairness (Ghodsi et al., NSDI 2011), on random instances.
//!
//! For divisible tasks they hold exactly; what the allocator gives out in whole tasks keeps them within a task of each of
//! those concerned. "One task" below is the largest dominant share of one, in shares by weight.

use super::dice::{Dice, rounds};
use super::pool::{Demand, level, task_share, tasks, tasks_in};

const EPSILON: f64 = 1e-9;

struct Instance {
    capacity: Vec<u64>,
    demands: Vec<Demand>,
    weights: Vec<f64>,
}

impl Instance {
    fn random(dice: &mut Dice, names: usize) -> Self {
        let users = 2 + dice.roll(3) as usize;
        let capacity = (0..names).map(|_| 20 + dice.roll(80)).collect();
        let demand = |dice: &mut Dice| (0..names).map(|_| 1 + dice.roll(9)).collect();
        Self {
            capacity,
            demands: (0..users).map(|_| demand(dice)).collect(),
            weights: vec![1.0; users],
        }
    }

    fn share(&self, user: usize) -> f64 {
        task_share(&self.capacity, &self.demands[user]) / self.weights[user]
    }

    fn largest_task(&self) -> f64 {
        (0..self.demands.len())
            .map(|user| self.share(user))
            .fold(0.0, f64::max)
    }

    fn tasks(&self) -> Vec<u64> {
        tasks(&self.capacity, &self.demands, &self.weights)
    }

    fn level(&self) -> f64 {
        level(&self.capacity, &self.demands, &self.weights)
    }

    /// Tasks of a user, were they divisible.
    fn ideal(&self, user: usize) -> f64 {
        self.level() / self.share(user)
    }

    fn holding(&self, user: usize, tasks: f64) -> Vec<f64> {
        self.demands[user]
            .iter()
            .map(|part| *part as f64 * tasks)
            .collect()
    }

    /// How far below the ideal a user may stay: a task of its own and the largest of all.
    fn slack(&self, user: usize) -> f64 {
        1.0 + self.largest_task() / self.share(user)
    }
}

fn instances(names: usize, check: impl Fn(&mut Dice, &Instance)) {
    let count = rounds("MESOS_DRF_INSTANCES", 2_000) / 10;
    for seed in 0..count.max(1) {
        let mut dice = Dice::new(seed);
        let instance = Instance::random(&mut dice, names);
        check(&mut dice, &instance);
    }
}

#[test]
fn whole_tasks_come_as_close_to_the_ideal_as_whole_tasks_can() {
    instances(3, |dice, instance| {
        let mut instance = Instance {
            capacity: instance.capacity.clone(),
            demands: instance.demands.clone(),
            weights: instance.weights.clone(),
        };
        for weight in &mut instance.weights {
            *weight = [0.5, 1.0, 2.0][dice.roll(3) as usize];
        }
        for (user, tasks) in instance.tasks().into_iter().enumerate() {
            assert!(tasks as f64 >= instance.ideal(user) - instance.slack(user) - EPSILON);
        }
    });
}

#[test]
fn sharing_is_worth_it_for_everybody() {
    instances(3, |_, instance| {
        let part = 1.0 / instance.demands.len() as f64;
        assert!(instance.level() >= part - EPSILON);
        for (user, tasks) in instance.tasks().into_iter().enumerate() {
            let alone = part / instance.share(user);
            assert!(tasks as f64 >= alone - instance.slack(user) - EPSILON);
        }
    });
}

#[test]
fn nobody_would_rather_have_what_another_has() {
    instances(3, |_, instance| {
        let tasks = instance.tasks();
        for user in 0..tasks.len() {
            for other in 0..tasks.len() {
                let ideal = instance.holding(other, instance.ideal(other));
                assert!(tasks_in(&ideal, &instance.demands[user]) <= instance.ideal(user) + EPSILON);
                let given = instance.holding(other, tasks[other] as f64);
                let envied = tasks_in(&given, &instance.demands[user]);
                let one_task = instance.share(other) / instance.share(user);
                assert!(envied <= tasks[user] as f64 + one_task + 1.0 + EPSILON);
            }
        }
    });
}

#[test]
fn nothing_is_left_that_anybody_could_use() {
    instances(3, |_, instance| {
        let tasks = instance.tasks();
        let used = |name: usize| -> u64 {
            let users = instance.demands.iter().zip(&tasks);
            users.map(|(demand, tasks)| demand[name] * tasks).sum()
        };
        for demand in &instance.demands {
            assert!((0..3).any(|name| used(name) + demand[name] > instance.capacity[name]));
        }
        // Were tasks divisible, something would run out.
        let runs_out = (0..3).any(|name| {
            let used: f64 = (0..tasks.len())
                .map(|user| instance.ideal(user) * instance.demands[user][name] as f64)
                .sum();
            used >= instance.capacity[name] as f64 - EPSILON
        });
        assert!(runs_out);
    });
}

#[test]
fn nobody_gains_by_asking_for_more_than_a_task_needs() {
    instances(3, |dice, instance| {
        let liar = dice.roll(instance.demands.len() as u64) as usize;
        let mut demands = instance.demands.clone();
        for part in &mut demands[liar] {
            *part += dice.roll(4);
        }
        let lie = Instance {
            capacity: instance.capacity.clone(),
            demands,
            weights: instance.weights.clone(),
        };
        let truth = &instance.demands[liar];
        let ideal = tasks_in(&lie.holding(liar, lie.ideal(liar)), truth);
        assert!(ideal <= instance.ideal(liar) + EPSILON);
        let got = tasks_in(&lie.holding(liar, lie.tasks()[liar] as f64), truth);
        let honest = instance.tasks()[liar] as f64;
        // What others leave over once their tasks do not fit may fit the liar's in one case and not in the other.
        let leftover = leftovers(&lie, liar);
        assert!(got <= honest + instance.slack(liar) + lie.slack(liar) + leftover + EPSILON);
    });
}

/// How many tasks of a user fit into what is left when the first of the others' tasks does not fit any more.
fn leftovers(instance: &Instance, user: usize) -> f64 {
    let largest: Vec<f64> = (0..instance.capacity.len())
        .map(|name| {
            let parts = instance.demands.iter().map(|demand| demand[name]);
            parts.max().unwrap_or(0) as f64
        })
        .collect();
    let demand = &instance.demands[user];
    let fits = largest.iter().zip(demand).map(|(left, part)| left / *part as f64);
    fits.fold(0.0, f64::max)
}

#[test]
fn of_one_resource_everybody_gets_the_same() {
    instances(1, |_, instance| {
        let tasks = instance.tasks();
        let level = instance.level();
        assert!((level - 1.0 / tasks.len() as f64).abs() < EPSILON);
        for (user, tasks) in tasks.into_iter().enumerate() {
            let share = tasks as f64 * instance.share(user);
            assert!(share >= level - instance.largest_task() - instance.share(user) - EPSILON);
            // Only leftovers that are too small for others' tasks go beyond an equal part.
            assert!(share <= level + 2.0 * instance.largest_task() + EPSILON);
        }
    });
}

#[test]
fn of_a_bottleneck_that_dominates_for_all_everybody_gets_the_same() {
    instances(3, |_, instance| {
        let mut instance = Instance {
            capacity: vec![instance.capacity[0], 1000, 1000],
            demands: instance.demands.clone(),
            weights: instance.weights.clone(),
        };
        // The first resource is the scarce one for everybody.
        for demand in &mut instance.demands {
            demand[0] = demand[0].max(1);
        }
        let level = instance.level();
        assert!((level - 1.0 / instance.demands.len() as f64).abs() < EPSILON);
        for (user, tasks) in instance.tasks().into_iter().enumerate() {
            let share = tasks as f64 * instance.share(user);
            assert!(share >= level - instance.largest_task() - instance.share(user) - EPSILON);
            assert!(share <= level + 2.0 * instance.largest_task() + EPSILON);
        }
    });
}

#[test]
fn nobody_loses_when_another_leaves() {
    instances(3, |dice, instance| {
        let gone = dice.roll(instance.demands.len() as u64) as usize;
        let mut left = Instance {
            capacity: instance.capacity.clone(),
            demands: instance.demands.clone(),
            weights: instance.weights.clone(),
        };
        left.demands.remove(gone);
        left.weights.remove(gone);
        assert!(left.level() >= instance.level() - EPSILON);
        let (before, after) = (instance.tasks(), left.tasks());
        for (user, after) in after.into_iter().enumerate() {
            let old = if user < gone { user } else { user + 1 };
            // What was more than the ideal before was leftovers, to which nobody has a claim.
            let before = (before[old] as f64).min(instance.ideal(old));
            assert!(after as f64 >= before - left.slack(user) - EPSILON);
        }
    });
}

/// The example of the paper: 9 CPUs and 18 GB; tasks of 1 CPU and 4 GB, and of 3 CPUs and 1 GB.
#[test]
fn the_example_of_the_paper() {
    let (capacity, demands) = ([9, 18], [vec![1, 4], vec![3, 1]]);
    assert_eq!(tasks(&capacity, &demands, &[1.0, 1.0]), [3, 2]);
    assert!((level(&capacity, &demands, &[1.0, 1.0]) - 2.0 / 3.0).abs() < EPSILON);
}

/// Sharing that follows changing demands, after the paper's experiment on 48 nodes of 4 CPUs and 15 GB: in each phase both
/// jobs have nearly the same dominant share, though never of the same mix.
#[test]
fn the_shares_of_two_jobs_stay_together_while_their_demands_change() {
    let capacity = [48 * 4, 48 * 15];
    for (one, two) in [
        (vec![1, 10], vec![1, 1]),
        (vec![2, 4], vec![1, 3]),
        (vec![1, 7], vec![1, 4]),
    ] {
        let instance = Instance {
            capacity: capacity.to_vec(),
            demands: vec![one, two],
            weights: vec![1.0, 1.0],
        };
        let shares: Vec<f64> = instance
            .tasks()
            .into_iter()
            .enumerate()
            .map(|(user, tasks)| tasks as f64 * instance.share(user))
            .collect();
        assert!(
            (shares[0] - shares[1]).abs() <= 2.0 * instance.largest_task() + EPSILON,
            "{shares:?}"
        );
        assert!(shares[0] + shares[1] >= 1.0 - 2.0 * instance.largest_task());
    }
}
