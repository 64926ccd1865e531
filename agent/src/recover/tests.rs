use std::{os::unix::fs::symlink, path::PathBuf};

use mesos_containerizer::{Container, ContainerSpec, LaunchError};
use mesos_proto::v0::{ExecutorInfo, FrameworkInfo, TaskID, TaskState, TaskStatus, internal::StatusUpdate};

use super::*;

/// A host on which these containers live.
struct Host(Vec<(String, u32)>);

impl Launcher for Host {
    fn launch(&self, _: &ContainerSpec) -> Result<Container, LaunchError> {
        Err(LaunchError::EmptyCommand)
    }

    fn destroy(&self, _: &str, _: u32) {}

    fn cleanup(&self, _: &str, _: u32) {}

    fn recover(&self) -> Vec<(String, Container)> {
        let living = self.0.iter();
        living
            .map(|(id, pid)| (id.clone(), Container { pid: *pid }))
            .collect()
    }
}

/// What an agent left: one framework, one executor, one task with two updates.
struct Left {
    root: tempfile::TempDir,
    run: PathBuf,
}

fn info() -> SlaveInfo {
    SlaveInfo {
        hostname: "here".to_owned(),
        port: Some(5051),
        ..SlaveInfo::default()
    }
}

fn record(state: TaskState) -> Vec<u8> {
    let update = StatusUpdate {
        status: TaskStatus {
            task_id: TaskID::default(),
            state,
            ..TaskStatus::default()
        },
        ..StatusUpdate::default()
    };
    checkpoint::record(&StatusUpdateRecord {
        r#type: status_update_record::Type::Update,
        update: Some(Box::new(update)),
        ..StatusUpdateRecord::default()
    })
}

impl Left {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let slaves = root.path().join("meta/slaves");
        let executor = slaves.join("S0/frameworks/F/executors/e");
        let run = executor.join("runs/c1");
        fs::create_dir_all(run.join("tasks/t")).unwrap();
        symlink(slaves.join("S0"), slaves.join("latest")).unwrap();
        symlink(&run, executor.join("runs/latest")).unwrap();
        fs::write(slaves.join("S0/slave.info"), checkpoint::record(&info())).unwrap();
        let framework = checkpoint::record(&FrameworkInfo::default());
        fs::write(slaves.join("S0/frameworks/F/framework.info"), framework).unwrap();
        fs::write(
            executor.join("executor.info"),
            checkpoint::record(&ExecutorInfo::default()),
        )
        .unwrap();
        fs::write(
            run.join("tasks/t/task.info"),
            checkpoint::record(&Task::default()),
        )
        .unwrap();
        let left = Self { root, run };
        left.updates(&[record(TaskState::TaskRunning), record(TaskState::TaskFinished)].concat());
        left
    }

    fn updates(&self, bytes: &[u8]) {
        fs::write(self.run.join("tasks/t/task.updates"), bytes).unwrap();
    }

    fn read(&self, strict: bool) -> Result<RecoveredState> {
        let host = Host(vec![("c1".to_owned(), 55)]);
        read(
            self.root.path(),
            &host,
            &info(),
            ReconfigurationPolicy::Equal,
            strict,
        )
    }

    fn boot(&self) -> PathBuf {
        self.root.path().join("meta/boot_id")
    }
}

fn states(state: &RecoveredState) -> Vec<TaskState> {
    let updates = &state.frameworks[0].executors[0].tasks[0].updates;
    updates.iter().map(|update| update.status.state).collect()
}

#[test]
fn everything_is_found_again() {
    let left = Left::new();
    fs::create_dir_all(left.root.path().join("slaves/OLD")).unwrap();
    fs::create_dir_all(left.run.join("../c0")).unwrap();
    let state = left.read(true).unwrap();
    let executor = &state.frameworks[0].executors[0];
    assert_eq!((executor.pid, executor.completed), (Some(55), false));
    assert_eq!(executor.older_runs, [ContainerId::new("c0")]);
    assert_eq!(state.agents, [AgentId::new("OLD")]);
    assert_eq!(states(&state), [TaskState::TaskRunning, TaskState::TaskFinished]);
    fs::write(left.run.join("executor.sentinel"), "").unwrap();
    let state = left.read(true).unwrap();
    assert!(state.frameworks[0].executors[0].completed);
}

#[test]
fn a_reboot_takes_the_processes_and_leaves_the_updates() {
    let left = Left::new();
    left.read(true).unwrap();
    let boot = fs::read_to_string(left.boot()).unwrap();
    fs::write(left.boot(), "another boot").unwrap();
    let state = left.read(true).unwrap();
    assert!(state.rebooted);
    assert_eq!(state.frameworks[0].executors[0].pid, None);
    assert_eq!(states(&state).len(), 2);
    assert_eq!(fs::read_to_string(left.boot()).unwrap(), boot);
    assert!(!left.read(true).unwrap().rebooted);
}

#[test]
fn an_agent_that_is_another_after_a_reboot_stays_another() {
    let left = Left::new();
    let renamed = || SlaveInfo {
        hostname: "elsewhere".to_owned(),
        ..info()
    };
    fs::write(left.boot(), "another boot").unwrap();
    let start = || {
        read(
            left.root.path(),
            &Host(Vec::new()),
            &renamed(),
            ReconfigurationPolicy::Equal,
            true,
        )
    };
    assert_eq!(start().unwrap().info, None);
    assert_eq!(start().unwrap().info, None, "though this is no reboot any more");
}

#[test]
fn a_bad_record_costs_what_follows_it_and_nothing_else() {
    let left = Left::new();
    let good = record(TaskState::TaskRunning);
    let mut bad = record(TaskState::TaskFinished);
    bad[4] = 0xff;
    left.updates(&[good.clone(), bad, good.clone()].concat());
    let error = left.read(true).unwrap_err().to_string();
    assert!(error.contains("task.updates"), "{error}");
    let state = left.read(false).unwrap();
    assert_eq!((states(&state), state.errors), (vec![TaskState::TaskRunning], 1));
    assert_eq!(fs::read(left.run.join("tasks/t/task.updates")).unwrap(), good);
}

#[test]
fn torn_and_empty_files_do_not_keep_an_agent_from_starting() {
    let left = Left::new();
    let good = record(TaskState::TaskRunning);
    left.updates(&[&good[..], &good[..good.len() - 1]].concat());
    assert_eq!(states(&left.read(true).unwrap()), [TaskState::TaskRunning]);
    fs::write(left.run.join("tasks/t/task.info"), "").unwrap();
    let state = left.read(true).unwrap();
    assert!(state.frameworks[0].executors[0].tasks.is_empty());
    fs::write(left.run.join("../../executor.info"), "").unwrap();
    let state = left.read(true).unwrap();
    assert_eq!(state.frameworks[0].unusable, [ExecutorId::new("e")]);
    let framework = left
        .root
        .path()
        .join("meta/slaves/S0/frameworks/F/framework.info");
    fs::write(framework, "").unwrap();
    let state = left.read(true).unwrap();
    assert_eq!(state.unusable, [FrameworkId::new("F")]);
}

#[test]
fn an_agent_that_changed_without_a_reboot_does_not_start() {
    let left = Left::new();
    left.read(true).unwrap();
    let grown = SlaveInfo {
        resources: mesos::Resources::parse("cpus:1", "*").unwrap().to_protos(),
        ..info()
    };
    let start = |policy| read(left.root.path(), &Host(Vec::new()), &grown, policy, true);
    let error = start(ReconfigurationPolicy::Equal).unwrap_err().to_string();
    assert!(error.contains("Incompatible agent info detected"), "{error}");
    let state = start(ReconfigurationPolicy::Additive).unwrap();
    assert_eq!(state.info.unwrap().resources, grown.resources);
}

#[test]
fn reservations_volumes_and_operations_are_found_again_in_both_forms() {
    let left = Left::new();
    let resources = left.root.path().join("meta/resources");
    assert_eq!(left.read(true).unwrap().resources, None, "nothing was ever done");
    fs::create_dir_all(&resources).unwrap();
    // What an agent from before operations had states wrote, in the form of before refined reservations.
    let old = Resource {
        role: Some("web".to_owned()),
        ..Resource::default()
    };
    let bytes = [checkpoint::record(&old), checkpoint::record(&old)].concat();
    fs::write(resources.join("resources.info"), bytes).unwrap();
    let found = left.read(true).unwrap().resources.unwrap();
    assert_eq!((found.resources.len(), found.target), (2, None));

    let state = |n: usize| {
        let operations = vec![mesos_proto::v0::Operation::default(); n];
        checkpoint::record(&ResourceState {
            resources: vec![old.clone(); n],
            operations,
            ..ResourceState::default()
        })
    };
    fs::write(resources.join("resources_and_operations.state"), state(1)).unwrap();
    fs::write(resources.join("resources_and_operations.target"), state(3)).unwrap();
    let updates = left
        .root
        .path()
        .join("meta/slaves/S0/operations/01010101-0101-4101-8101-010101010101");
    fs::create_dir_all(&updates).unwrap();
    let record = |kind| {
        checkpoint::record(&UpdateOperationStatusRecord {
            r#type: kind,
            update: Some(Box::default()),
            ..UpdateOperationStatusRecord::default()
        })
    };
    use update_operation_status_record::Type;
    let update = record(Type::Update);
    fs::write(updates.join("operation.updates"), &update).unwrap();
    // SlaveInfo has an id only when the agent was registered.
    let registered = SlaveInfo {
        id: Some(Box::new(AgentId::new("S0").to_proto())),
        ..info()
    };
    let path = left.root.path().join("meta/slaves/S0/slave.info");
    fs::write(path, checkpoint::record(&registered)).unwrap();
    let found = left.read(true).unwrap().resources.unwrap();
    assert_eq!((found.resources.len(), found.target.unwrap().len()), (1, 3));
    assert_eq!(found.operations.len(), 3, "those of the target");
    let feedback = &found.feedback[0];
    assert!(feedback.update.is_some() && !feedback.acknowledged);
    assert_eq!(feedback.uuid[..2], [1, 1]);
    fs::write(
        updates.join("operation.updates"),
        [update, record(Type::Ack)].concat(),
    )
    .unwrap();
    let found = left.read(true).unwrap().resources.unwrap();
    assert!(found.feedback[0].acknowledged);
}

mod resources {
    //! Reservations and volumes on a disk that stops at any write.

    use libprocess::{Time, Upid};
    use mesos::Resources;
    use mesos_agent_core::{AgentCore, Config, Effect, FromMaster, Input, Oversubscription, Random};
    use mesos_proto::{
        Dialect,
        v0::{UUID, internal::ApplyOperationMessage, internal::SlaveRegisteredMessage, offer::Operation},
    };

    use super::*;

    fn config(root: &Path) -> Config {
        let seconds = std::time::Duration::from_secs;
        Config {
            pid: "slave(1)@127.0.0.1:5051".parse().unwrap(),
            info: described(),
            work_dir: root.display().to_string(),
            launcher_dir: "/".to_owned(),
            command_executor: Err(String::new()),
            switch_user: false,
            libprocess_ip: None,
            executor_environment: Vec::new(),
            registration_backoff_factor: seconds(1),
            executor_registration_timeout: seconds(1),
            executor_reregistration_timeout: seconds(1),
            executor_shutdown_grace_period: seconds(1),
            recovery_timeout: seconds(1),
            max_completed_executors_per_framework: 1,
            oversubscription: Oversubscription::default(),
            recover_cleanup: false,
        }
    }

    fn described() -> SlaveInfo {
        SlaveInfo {
            resources: Resources::parse("cpus:4;disk:1000", "*").unwrap().to_protos(),
            ..info()
        }
    }

    /// What goes to the disk, in order.
    fn writes(effects: Vec<Effect>) -> Vec<Write> {
        let write = |effect| match effect {
            Effect::Checkpoint { path, bytes, .. } => Some(Write::Replace { path, bytes }),
            Effect::Append { path, bytes, .. } => Some(Write::Append { path, bytes }),
            Effect::Symlink { link, target } => Some(Write::Link { link, target }),
            Effect::Rename { from, to } => Some(Write::Rename { from, to }),
            Effect::Remove { path } | Effect::RemoveVolume { path, .. } => Some(Write::Remove { path }),
            Effect::MakeVolume { path } => Some(Write::MakeDirectory { path }),
            _ => None,
        };
        effects.into_iter().filter_map(write).collect()
    }

    /// An agent that is registered and was sent operations; what it wrote for each of them, and what it then had.
    fn life(root: &Path) -> (Vec<Write>, Vec<String>) {
        let mut core = AgentCore::new(config(root), Random::from_number(1), Time::EPOCH);
        let mut effects = Vec::new();
        let master: Upid = "master@127.0.0.1:5050".parse().unwrap();
        let registered = SlaveRegisteredMessage {
            slave_id: AgentId::new("S0").to_proto(),
            ..SlaveRegisteredMessage::default()
        };
        let give = |core: &mut AgentCore, input, effects: &mut Vec<Effect>| {
            core.handle(Time::EPOCH, input, effects);
        };
        give(&mut core, Input::Recover(Box::default()), &mut effects);
        give(
            &mut core,
            Input::MasterDetected(Some(master.clone())),
            &mut effects,
        );
        let message = FromMaster::Registered(registered);
        let from = master.clone();
        give(&mut core, Input::FromMaster { from, message }, &mut effects);
        for write in writes(std::mem::take(&mut effects)) {
            write.make_now().unwrap();
        }
        let reserved =
            r#"{"name":"disk","type":"SCALAR","scalar":{"value":100},"role":"web","reservation":{}}"#;
        let volume = |id: &str| {
            let disk = format!(
                r#""disk":{{"persistence":{{"id":"{id}"}},"volume":{{"container_path":"d","mode":"RW"}}}}}}"#
            );
            let smaller = reserved.replace("100", "40");
            smaller.replace(r#""reservation":{}}"#, &format!(r#""reservation":{{}},{disk}"#))
        };
        let (one, two) = (volume("one"), volume("two"));
        let (mut all, mut totals) = (Vec::new(), vec![core.operations().total().to_string()]);
        for (n, text) in [
            format!(r#"{{"type":"RESERVE","reserve":{{"resources":[{reserved}]}}}}"#),
            format!(r#"{{"type":"CREATE","create":{{"volumes":[{one}]}}}}"#),
            format!(r#"{{"type":"CREATE","create":{{"volumes":[{two}]}}}}"#),
            format!(r#"{{"type":"DESTROY","destroy":{{"volumes":[{one}]}}}}"#),
        ]
        .into_iter()
        .enumerate()
        {
            let mut uuid = vec![u8::try_from(n).unwrap(); 16];
            uuid[6] = 0x40;
            let message = ApplyOperationMessage {
                operation_info: Operation::from_json(text.as_bytes(), Dialect::V0).unwrap(),
                operation_uuid: UUID {
                    value: uuid.into(),
                    ..UUID::default()
                },
                ..ApplyOperationMessage::default()
            };
            let message = FromMaster::ApplyOperation(Box::new(message));
            let from = master.clone();
            give(&mut core, Input::FromMaster { from, message }, &mut effects);
            all.extend(writes(std::mem::take(&mut effects)));
            totals.push(core.operations().total().to_string());
        }
        (all, totals)
    }

    /// The next run of the agent: what it writes, and what it has.
    fn next(root: &Path) -> (Vec<Write>, AgentCore) {
        let policy = ReconfigurationPolicy::Equal;
        let state = read(root, &Host(Vec::new()), &described(), policy, true).unwrap();
        let mut core = AgentCore::new(config(root), Random::from_number(2), Time::EPOCH);
        let mut effects = Vec::new();
        core.handle(Time::EPOCH, Input::Recover(Box::new(state)), &mut effects);
        let failed = effects
            .iter()
            .find(|effect| matches!(effect, Effect::Terminate { .. }));
        assert_eq!(failed, None);
        (writes(effects), core)
    }

    fn in_order(total: &str) -> Vec<&str> {
        let mut parts: Vec<&str> = total.split("; ").collect();
        parts.sort_unstable();
        parts
    }

    #[test]
    fn an_agent_that_dies_at_any_write_finds_volumes_that_agree_with_what_it_has() {
        let mut stages = Vec::new();
        for cut in 0.. {
            let root = tempfile::tempdir().unwrap();
            let (all, totals) = life(root.path());
            let ended = cut >= all.len();
            for write in all.into_iter().take(cut) {
                write.make_now().unwrap();
            }
            // It dies once more while it puts things in order, at another write each time.
            let (again, _) = next(root.path());
            let second = cut % (again.len() + 1);
            for write in again.into_iter().take(second) {
                write.make_now().unwrap();
            }
            let (rest, core) = next(root.path());
            for write in rest {
                write.make_now().unwrap();
            }
            let total = core.operations().total().to_string();
            let stage = totals
                .iter()
                .position(|known| in_order(known) == in_order(&total));
            stages.push(stage.unwrap_or_else(|| panic!("cut at {cut}: {total}")));
            let made = names(&root.path().join("volumes/roles/web").display().to_string()).unwrap();
            let wanted: BTreeSet<String> = core
                .operations()
                .total()
                .iter()
                .filter_map(|resource| Some(resource.disk()?.persistence.as_ref()?.id.clone()))
                .collect();
            assert_eq!(made, wanted, "cut at {cut}");
            let left = fs::read_dir(root.path().join("meta/resources"));
            let target = left
                .into_iter()
                .flatten()
                .flatten()
                .find(|entry| entry.file_name().to_string_lossy().ends_with(".target"));
            assert!(target.is_none(), "cut at {cut}: {target:?} is left");
            // Whoever is known is told of, and there is nothing more to put in order.
            let (writes, third) = next(root.path());
            assert!(writes.is_empty(), "cut at {cut}: {writes:?}");
            assert_eq!(third.operations().known().len(), core.operations().known().len());
            if ended {
                break;
            }
        }
        assert!(stages.is_sorted(), "{stages:?}");
        assert_eq!((stages[0], stages.last()), (0, Some(&4)));
    }
}
