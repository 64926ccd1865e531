//! Every resource an operation names.

use mesos_proto::v0::offer::Operation;
use mesos_proto::v0::offer::operation::Type;
use mesos_proto::v0::{Resource, TaskInfo};

/// Shows every resource of the field that belongs to the operation's type, those of tasks and executors too.
pub fn for_each_resource(operation: &mut Operation, mut visit: impl FnMut(&mut Resource)) {
    match operation.r#type.unwrap_or_default() {
        Type::Unknown => {}
        Type::Launch => {
            if let Some(launch) = &mut operation.launch {
                tasks(&mut launch.task_infos, &mut visit);
            }
        }
        Type::LaunchGroup => {
            if let Some(launch) = &mut operation.launch_group {
                launch.executor.resources.iter_mut().for_each(&mut visit);
                tasks(&mut launch.task_group.tasks, &mut visit);
            }
        }
        Type::Reserve => {
            if let Some(reserve) = &mut operation.reserve {
                let resources = reserve.source.iter_mut().chain(&mut reserve.resources);
                resources.for_each(visit);
            }
        }
        Type::Unreserve => {
            if let Some(unreserve) = &mut operation.unreserve {
                unreserve.resources.iter_mut().for_each(visit);
            }
        }
        Type::Create => {
            if let Some(create) = &mut operation.create {
                create.volumes.iter_mut().for_each(visit);
            }
        }
        Type::Destroy => {
            if let Some(destroy) = &mut operation.destroy {
                destroy.volumes.iter_mut().for_each(visit);
            }
        }
        Type::GrowVolume => {
            if let Some(grow) = &mut operation.grow_volume {
                visit(&mut grow.volume);
                visit(&mut grow.addition);
            }
        }
        Type::ShrinkVolume => {
            if let Some(shrink) = &mut operation.shrink_volume {
                visit(&mut shrink.volume);
            }
        }
        Type::CreateDisk => {
            if let Some(create) = &mut operation.create_disk {
                visit(&mut create.source);
            }
        }
        Type::DestroyDisk => {
            if let Some(destroy) = &mut operation.destroy_disk {
                visit(&mut destroy.source);
            }
        }
    }
}

fn tasks(tasks: &mut [TaskInfo], visit: &mut impl FnMut(&mut Resource)) {
    for task in tasks {
        for_each_resource_of_task(task, &mut *visit);
    }
}

/// Shows every resource of a task and of its executor.
pub fn for_each_resource_of_task(task: &mut TaskInfo, mut visit: impl FnMut(&mut Resource)) {
    task.resources.iter_mut().for_each(&mut visit);
    if let Some(executor) = &mut task.executor {
        executor.resources.iter_mut().for_each(visit);
    }
}
