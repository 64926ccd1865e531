use crate::{Future, Pid, Process, SpawnError, System};

/// Runs closures one after another, for code that is no process but wants its callbacks in order and without locks.
///
/// It owns a process without state, which ends with it: what has not begun by then is dropped.
///
/// Mesos: 3rdparty/libprocess/include/process/executor.hpp, `Executor`. Differs from Mesos: dropping it does not wait for what runs.
///
/// ```
/// use libprocess::{Executor, Future, Promise, System};
///
/// let system = System::builder().client_only().start()?;
/// let executor = Executor::new(&system).expect("the system runs");
/// let (promise, name) = Promise::new();
/// let greeting = name.then(executor.defer(|name: String| Future::ready(format!("hello {name}"))));
/// promise.set("ada".to_owned());
/// assert_eq!(greeting.wait(), Ok("hello ada".to_owned()));
/// assert_eq!(executor.execute(|| 6 * 7).wait(), Ok(42));
/// system.shutdown();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Executor(Pid<Nobody>);

/// A process without state.
struct Nobody;

impl Process for Nobody {}

impl Executor {
    /// An executor on a worker of the system.
    ///
    /// # Errors
    ///
    /// When the system has been shut down.
    pub fn new(system: &System) -> Result<Executor, SpawnError> {
        let id = system.generate_id("__executor__");
        system.spawn(id, Nobody).map(Executor)
    }

    /// Runs `f` in its turn.
    pub fn execute<R: Send + 'static>(&self, f: impl FnOnce() -> R + Send + 'static) -> Future<R> {
        self.0.dispatch(|_, _| f())
    }

    /// Wraps `f` so that calling the wrapper runs it here, in its turn.
    pub fn defer<A: Send + 'static, R: Send + 'static>(
        &self,
        f: impl FnOnce(A) -> Future<R> + Send + 'static,
    ) -> impl FnOnce(A) -> Future<R> + Send + 'static {
        self.0.defer(|_, _, argument| f(argument))
    }

    /// Runs nothing that has not begun.
    pub fn stop(&self) {
        self.0.terminate();
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.stop();
    }
}
