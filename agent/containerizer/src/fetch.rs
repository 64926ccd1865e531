//! Files a container wants in its sandbox before it starts.
//!
//! Only what lies on this host is copied (`file://` and absolute paths). Everything else is refused with a
//! clear message until the fetcher exists.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
    process,
};

use crate::{ContainerSpec, LaunchError, sandbox::Owner, spawn::become_owner, spec::Uri};

/// Archives Mesos would unpack.
///
/// Mesos: src/launcher/fetcher.cpp, `extract`.
const ARCHIVES: [&str; 10] = [
    ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip", ".gz", ".jar.gz",
];

/// Copies every URI of the container into its sandbox.
///
/// # Errors
///
/// [`LaunchError::Fetch`] for the first one that cannot be had.
pub fn fetch_all(spec: &ContainerSpec, owner: Option<&Owner>) -> Result<(), LaunchError> {
    for uri in &spec.uris {
        fetch(uri, &spec.directory, owner).map_err(|reason| LaunchError::Fetch {
            uri: uri.value.clone(),
            reason,
        })?;
    }
    Ok(())
}

fn fetch(uri: &Uri, sandbox: &Path, owner: Option<&Owner>) -> Result<(), String> {
    let source = local_path(&uri.value)?;
    let name = match &uri.output_file {
        Some(name) => relative(name)?,
        None => PathBuf::from(source.file_name().unwrap_or(OsStr::new("file"))),
    };
    if uri.extract && !uri.executable && ARCHIVES.iter().any(|end| uri.value.ends_with(end)) {
        return Err("unpacking archives is not supported yet; set 'extract' to false".to_owned());
    }
    let target = sandbox.join(&name);
    let mut directory = sandbox.to_path_buf();
    for part in name.parent().into_iter().flat_map(Path::components) {
        directory.push(part);
        fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
        owner
            .map_or(Ok(()), |owner| owner.own(&directory))
            .map_err(|error| error.to_string())?;
    }
    copy(&source, &target, owner).map_err(|error| format!("cannot copy '{}': {error}", source.display()))?;
    if uri.executable {
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Copies a file as the user of the container: what that user may not read, no task of theirs may have.
///
/// Mesos: src/launcher/fetcher.cpp, `main`, where the fetcher becomes that user.
fn copy(source: &Path, target: &Path, owner: Option<&Owner>) -> io::Result<()> {
    let Some(owner) = owner else {
        return fs::copy(source, target).map(|_| ());
    };
    let mut command = process::Command::new("/bin/cp");
    command
        .args([OsStr::new("--"), source.as_os_str(), target.as_os_str()])
        .env_clear()
        .current_dir("/")
        .stdin(process::Stdio::null());
    become_owner(&mut command, owner)?;
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(said.trim().to_owned()))
}

/// The path on this host a URI names.
fn local_path(value: &str) -> Result<PathBuf, String> {
    if let Some(rest) = value.strip_prefix("file://") {
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        if !path.starts_with('/') {
            return Err("File URI only supports absolute paths".to_owned());
        }
        return Ok(PathBuf::from(path));
    }
    match value.split_once("://") {
        Some((scheme, _)) => Err(format!(
            "the scheme '{scheme}' is not supported yet, only local files are"
        )),
        None if value.starts_with('/') => Ok(PathBuf::from(value)),
        None => {
            Err("a relative path was passed for the resource but the agent has no frameworks home".to_owned())
        }
    }
}

/// An output name that stays inside the sandbox.
fn relative(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    if path.components().all(|part| matches!(part, Component::Normal(_))) && !name.is_empty() {
        Ok(path)
    } else {
        Err(format!(
            "the output file '{name}' must be a path inside the sandbox"
        ))
    }
}
