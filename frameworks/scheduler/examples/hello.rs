//! A whole framework in sixty lines: runs `N` commands and ends when all have ended.
//!
//! `cargo run --example hello -- 127.0.0.1:5050 10`

use mesos_scheduler::v1::{Offer, TaskState, TaskStatus};
use mesos_scheduler::{Driver, Framework, Outcome, Scheduler, task};

/// What one task needs.
const CPUS: f64 = 0.1;
const MEM: f64 = 32.0;

struct Hello {
    to_launch: usize,
    running: usize,
    failed: usize,
}

impl Scheduler for Hello {
    fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
        for offer in offers {
            let mut cpus = task::offered(&offer, "cpus");
            let mut mem = task::offered(&offer, "mem");
            let mut tasks = Vec::new();
            while self.to_launch > 0 && cpus >= CPUS && mem >= MEM {
                let id = format!("hello-{}", self.to_launch);
                tasks.push(task::command(
                    &offer,
                    &id,
                    &format!("echo hello from {id}"),
                    CPUS,
                    MEM,
                ));
                (cpus, mem) = (cpus - CPUS, mem - MEM);
                self.to_launch -= 1;
                self.running += 1;
            }
            driver.launch(&offer, tasks);
        }
        if self.to_launch == 0 {
            driver.suppress();
        }
    }

    fn update(&mut self, driver: &mut Driver, status: TaskStatus) {
        println!("{} is {}", status.task_id.value, status.state.as_str_name());
        if task::is_terminal(status.state) {
            self.running -= 1;
            self.failed += usize::from(status.state != TaskState::TaskFinished);
            if self.running == 0 && self.to_launch == 0 {
                println!("all done, {} failed", self.failed);
                driver.teardown();
            }
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let master = arguments.next().unwrap_or_else(|| "127.0.0.1:5050".to_owned());
    let tasks = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(3);
    let hello = Hello {
        to_launch: tasks,
        running: 0,
        failed: 0,
    };
    match Framework::new("hello", &master).run(hello) {
        Outcome::TornDown | Outcome::Stopped => {}
        Outcome::Error(reason) => eprintln!("refused: {reason}"),
    }
}
