//! Fork and exec, fast.
//!
//! A container that runs as the agent's own user is started with `posix_spawn`, which shares the agent's
//! memory until the exec and so costs the same for a small and a large agent. Another user needs calls between
//! fork and exec that `posix_spawn` does not offer; those containers take the ordinary way.

use std::{
    ffi::{CString, OsStr},
    fs::{File, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt, process::CommandExt},
    path::Path,
    process, ptr,
};

use crate::{LaunchError, sandbox::Owner};

/// Start the child in a new session. glibc 2.26 and musl 1.1.24 know it; the `libc` crate does not name it.
const POSIX_SPAWN_SETSID: libc::c_int = 0x80;

/// One process to start, as the leader of a new session.
#[derive(Clone, Copy, Debug)]
pub struct Spawn<'a> {
    /// The file to execute; looked up in the child's own `PATH` when it has no slash.
    pub program: &'a str,
    /// The argument vector, `argv[0]` included.
    pub arguments: &'a [String],
    /// The whole environment.
    pub environment: &'a [(String, String)],
    /// The working directory.
    pub directory: &'a Path,
    /// File the standard output is appended to.
    pub stdout: &'a Path,
    /// File the standard error is appended to.
    pub stderr: &'a Path,
    /// The user to become, when not the agent's own.
    pub owner: Option<&'a Owner>,
}

/// Starts the process and returns its pid.
///
/// # Errors
///
/// [`LaunchError::Spawn`] when the system refuses, [`LaunchError::NullByte`] when a text cannot be passed on.
pub fn spawn(spawn: &Spawn<'_>) -> Result<u32, LaunchError> {
    let program = resolve(spawn);
    match spawn.owner {
        None => spawn_shared(spawn, &program),
        Some(owner) => spawn_as(spawn, &program, owner).map_err(|source| LaunchError::Spawn {
            program: spawn.program.to_owned(),
            source,
        }),
    }
}

/// Finds the program in the `PATH` the child will have, as `execvpe` would after the fork.
fn resolve(spawn: &Spawn<'_>) -> String {
    if spawn.program.contains('/') {
        return spawn.program.to_owned();
    }
    let path = spawn
        .environment
        .iter()
        .rev()
        .find(|(name, _)| name == "PATH")
        .map_or("", |(_, value)| value);
    path.split(':')
        .map(|directory| Path::new(directory).join(spawn.program))
        .find(|candidate| nix::unistd::access(candidate, nix::unistd::AccessFlags::X_OK).is_ok())
        .and_then(|found| found.to_str().map(str::to_owned))
        .unwrap_or_else(|| spawn.program.to_owned())
}

fn c_string(text: impl AsRef<OsStr>) -> Result<CString, LaunchError> {
    CString::new(text.as_ref().as_bytes()).map_err(|_| LaunchError::NullByte)
}

fn spawn_shared(spawn: &Spawn<'_>, program: &str) -> Result<u32, LaunchError> {
    let failed = |source| LaunchError::Spawn {
        program: spawn.program.to_owned(),
        source,
    };
    let path = c_string(program)?;
    let arguments = spawn
        .arguments
        .iter()
        .map(c_string)
        .collect::<Result<Vec<_>, _>>()?;
    let environment = spawn
        .environment
        .iter()
        .map(|(name, value)| c_string(format!("{name}={value}")))
        .collect::<Result<Vec<_>, _>>()?;
    let directory = c_string(spawn.directory)?;
    let stdout = c_string(spawn.stdout)?;
    let stderr = c_string(spawn.stderr)?;
    let pointers = |list: &[CString]| -> Vec<*mut libc::c_char> {
        list.iter()
            .map(|text| text.as_ptr().cast_mut())
            .chain([ptr::null_mut()])
            .collect()
    };
    let argv = pointers(&arguments);
    let envp = pointers(&environment);
    let mut actions = Actions::new().map_err(failed)?;
    actions.open(0, c"/dev/null", libc::O_RDONLY).map_err(failed)?;
    actions
        .open(1, &stdout, libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND)
        .map_err(failed)?;
    actions
        .open(2, &stderr, libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND)
        .map_err(failed)?;
    actions.chdir(&directory).map_err(failed)?;
    let attributes = Attributes::new().map_err(failed)?;
    let mut pid: libc::pid_t = 0;
    // JUSTIFICATION: the standard library offers no vfork-like start of a process in a new session.
    // SAFETY: every pointer stays valid during the call: `path`, `arguments` and `environment` own their bytes,
    // `argv` and `envp` end with a null pointer, `actions` and `attributes` were initialised above.
    let code = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            path.as_ptr(),
            &raw const actions.0,
            &raw const attributes.0,
            argv.as_ptr(),
            envp.as_ptr(),
        )
    };
    check(code).map_err(failed)?;
    Ok(u32::try_from(pid).expect("posix_spawn returns a positive pid on success"))
}

fn check(code: libc::c_int) -> io::Result<()> {
    if code == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(code))
    }
}

/// What the child does between the fork and the exec.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new() -> io::Result<Self> {
        let mut actions = std::mem::MaybeUninit::uninit();
        // JUSTIFICATION: see `spawn_shared`.
        // SAFETY: the call initialises the memory it is given; it is only read when the call succeeded.
        unsafe {
            check(libc::posix_spawn_file_actions_init(actions.as_mut_ptr()))?;
            Ok(Self(actions.assume_init()))
        }
    }

    fn open(&mut self, fd: libc::c_int, path: &std::ffi::CStr, flags: libc::c_int) -> io::Result<()> {
        // JUSTIFICATION: see `spawn_shared`.
        // SAFETY: `self.0` is initialised, `path` is null-terminated and copied by the call.
        check(unsafe {
            libc::posix_spawn_file_actions_addopen(&raw mut self.0, fd, path.as_ptr(), flags, 0o644)
        })
    }

    fn chdir(&mut self, path: &std::ffi::CStr) -> io::Result<()> {
        // JUSTIFICATION: see `spawn_shared`.
        // SAFETY: `self.0` is initialised, `path` is null-terminated and copied by the call.
        check(unsafe { libc::posix_spawn_file_actions_addchdir_np(&raw mut self.0, path.as_ptr()) })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // JUSTIFICATION: see `spawn_shared`.
        // SAFETY: `self.0` was initialised in `new` and is not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// A new session, no blocked signal, every signal at its default.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> io::Result<Self> {
        let mut attributes = std::mem::MaybeUninit::uninit();
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
        let flags = libc::c_short::try_from(flags).expect("the spawn flags are small");
        // JUSTIFICATION: see `spawn_shared`.
        // SAFETY: each call initialises or fills memory that lives on this stack; the attributes are only read
        // after `posix_spawnattr_init` succeeded.
        unsafe {
            check(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
            let mut attributes = Self(attributes.assume_init());
            let mut signals = std::mem::MaybeUninit::uninit();
            libc::sigemptyset(signals.as_mut_ptr());
            check(libc::posix_spawnattr_setsigmask(
                &raw mut attributes.0,
                signals.as_ptr(),
            ))?;
            libc::sigfillset(signals.as_mut_ptr());
            check(libc::posix_spawnattr_setsigdefault(
                &raw mut attributes.0,
                signals.as_ptr(),
            ))?;
            check(libc::posix_spawnattr_setflags(&raw mut attributes.0, flags))?;
            Ok(attributes)
        }
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // JUSTIFICATION: see `spawn_shared`.
        // SAFETY: `self.0` was initialised in `new` and is not used again.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

/// The ordinary way, for a container that runs as somebody else.
fn spawn_as(spawn: &Spawn<'_>, program: &str, owner: &Owner) -> io::Result<u32> {
    let log = |path: &Path| -> io::Result<File> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o644)
            .open(path)?;
        owner.own(path)?;
        Ok(file)
    };
    let mut command = process::Command::new(program);
    if let Some(first) = spawn.arguments.first() {
        command.arg0(first).args(&spawn.arguments[1..]);
    }
    command
        .env_clear()
        .envs(spawn.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(spawn.directory)
        .stdin(process::Stdio::null())
        .stdout(log(spawn.stdout)?)
        .stderr(log(spawn.stderr)?);
    become_owner(&mut command, owner)?;
    // The handle is dropped without waiting: the reaper collects the exit by pid.
    Ok(command.spawn()?.id())
}

/// Has the command run as this user, in a session of its own.
///
/// # Errors
///
/// When the user's name cannot be passed on.
pub(crate) fn become_owner(command: &mut process::Command, owner: &Owner) -> io::Result<()> {
    let name = CString::new(owner.name.as_bytes())?;
    let (uid, gid) = (
        nix::unistd::Uid::from_raw(owner.uid),
        nix::unistd::Gid::from_raw(owner.gid),
    );
    // JUSTIFICATION: becoming another user in a new session must happen in the child.
    // SAFETY: the closure only makes system calls. `initgroups` may take locks of the C library; no other thread
    // of the agent holds them while it forks, because users are only looked up on this same path.
    unsafe {
        command.pre_exec(move || {
            nix::unistd::setsid()?;
            nix::unistd::initgroups(&name, gid)?;
            nix::unistd::setgid(gid)?;
            nix::unistd::setuid(uid)?;
            Ok(())
        });
    }
    Ok(())
}
