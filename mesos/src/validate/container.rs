//! Containers and their volumes.

use mesos_proto::v0::volume::source::Type;
use mesos_proto::v0::{ContainerInfo, Volume, container_info as containers};

use super::refuse;
use crate::Error;

/// Checks a container.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateContainerInfo
pub fn container_info(container: &ContainerInfo) -> Result<(), Error> {
    for each in &container.volumes {
        volume(each).map_err(|error| error.within("Invalid volume"))?;
    }
    if container.r#type == containers::Type::Docker {
        let Some(docker) = &container.docker else {
            return refuse("DockerInfo 'docker' is not set for DOCKER typed ContainerInfo");
        };
        // The Docker containerizer finds its containers by the names it gave them.
        if docker.parameters.iter().any(|parameter| parameter.key == "name") {
            return refuse("Parameter in DockerInfo must not be 'name'");
        }
    }
    Ok(())
}

/// Checks a volume.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateVolume
pub fn volume(volume: &Volume) -> Result<(), Error> {
    let set = [
        volume.host_path.is_some(),
        volume.image.is_some(),
        volume.source.is_some(),
    ];
    if set.iter().filter(|set| **set).count() != 1 {
        return refuse("Only one of them should be set: 'host_path', 'image' and 'source'");
    }
    let Some(source) = &volume.source else {
        return Ok(());
    };
    let missing = match source.r#type.unwrap_or_default() {
        Type::DockerVolume if source.docker_volume.is_none() => {
            "'source.docker_volume' is not set for DOCKER_VOLUME volume"
        }
        Type::HostPath if source.host_path.is_none() => "'source.host_path' is not set for HOST_PATH volume",
        Type::SandboxPath if source.sandbox_path.is_none() => {
            "'source.sandbox_path' is not set for SANDBOX_PATH volume"
        }
        Type::Secret if source.secret.is_none() => "'source.secret' is not set for SECRET volume",
        Type::CsiVolume => match &source.csi_volume {
            None => "'source.csi_volume' is not set for CSI volume",
            Some(csi) if csi.static_provisioning.is_none() => {
                "'source.csi_volume.static_provisioning' is not set for CSI volume"
            }
            Some(_) => return Ok(()),
        },
        Type::Unknown => "'source.type' is unknown",
        Type::DockerVolume | Type::HostPath | Type::SandboxPath | Type::Secret => return Ok(()),
    };
    refuse(missing)
}
