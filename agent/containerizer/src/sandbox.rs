//! Sandboxes: the directory a container starts in.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink},
    path::Path,
};

use nix::unistd::{Group, User};

use crate::{ContainerSpec, LaunchError};

/// Mode of a sandbox: its user may do all, the group may look.
///
/// Mesos: src/slave/paths.cpp, `createExecutorDirectory`.
const SANDBOX_MODE: u32 = 0o750;

/// Who a container runs as, when that is not the agent's own user.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The user's name, needed to find the supplementary groups.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The number of the user's primary group.
    pub gid: u32,
}

impl Owner {
    /// Looks a user up; `None` means the agent already runs as that user.
    ///
    /// # Errors
    ///
    /// [`LaunchError::UnknownUser`] when this host has no such user.
    pub fn of(name: &str) -> Result<Option<Self>, LaunchError> {
        let unknown = || LaunchError::UnknownUser {
            user: name.to_owned(),
        };
        let user = User::from_name(name)
            .map_err(|_| unknown())?
            .ok_or_else(unknown)?;
        if user.uid == nix::unistd::geteuid() {
            return Ok(None);
        }
        Ok(Some(Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }))
    }

    /// Gives a file or directory to this user.
    pub(crate) fn own(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }
}

/// Makes the sandbox and points `latest` at it.
///
/// # Errors
///
/// [`LaunchError::Sandbox`] naming the path that could not be made.
pub fn create(spec: &ContainerSpec, owner: Option<&Owner>) -> Result<(), LaunchError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| LaunchError::Sandbox { path, source }
    };
    let directory = &spec.directory;
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent).map_err(failed(parent))?;
    }
    match fs::DirBuilder::new().mode(SANDBOX_MODE).create(directory) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(directory)(error)),
    }
    // The umask of the agent must not decide what the group sees.
    fs::set_permissions(directory, fs::Permissions::from_mode(SANDBOX_MODE)).map_err(failed(directory))?;
    if let Some(owner) = owner {
        owner.own(directory).map_err(failed(directory))?;
    }
    if let Some(latest) = &spec.latest {
        point(latest, directory).map_err(failed(latest))?;
    }
    Ok(())
}

/// Points the symbolic link `latest` at `target`, replacing what it pointed at before.
///
/// # Errors
///
/// What the system says when the old link cannot be removed or the new one not be made.
pub fn point(latest: &Path, target: &Path) -> io::Result<()> {
    match fs::remove_file(latest) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    symlink(target, latest)
}

/// Shows a directory of the host in a sandbox under a name, for the owner of the sandbox to use.
///
/// # Errors
///
/// [`LaunchError::Volume`] when the name is taken by something else, or when the system refuses.
///
/// Mesos: src/slave/containerizer/mesos/isolators/filesystem/posix.cpp, `update`.
pub fn link_volume(directory: &Path, name: &str, path: &Path) -> Result<(), LaunchError> {
    let failed = |reason: String| LaunchError::Volume {
        path: path.to_path_buf(),
        reason,
    };
    let own = fs::metadata(directory).map_err(|error| failed(error.to_string()))?;
    // The superuser needs no ownership.
    if own.uid() != 0 {
        chown(path, Some(own.uid()), Some(own.gid())).map_err(|error| failed(error.to_string()))?;
    }
    let link = directory.join(name);
    if link.symlink_metadata().is_err() {
        return symlink(path, &link).map_err(|error| failed(error.to_string()));
    }
    // An agent that was restarted links again what is there.
    let real = |path: &Path| fs::canonicalize(path).map_err(|error| failed(error.to_string()));
    let (found, wanted) = (real(&link)?, real(path)?);
    if found == wanted {
        return Ok(());
    }
    Err(failed(format!(
        "The existing symlink '{}' points to '{}' and the new target is '{}'",
        link.display(),
        found.display(),
        wanted.display()
    )))
}

/// Names of the user and group that own a file, as numbers when they have no name.
#[must_use]
pub fn owner_names(uid: u32, gid: u32) -> (String, String) {
    let user = User::from_uid(uid.into())
        .ok()
        .flatten()
        .map_or_else(|| uid.to_string(), |user| user.name);
    let group = Group::from_gid(gid.into())
        .ok()
        .flatten()
        .map_or_else(|| gid.to_string(), |group| group.name);
    (user, group)
}
