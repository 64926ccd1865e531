//! What the `LIBPROCESS_*` variables say. [`Builder::from_env`] is the only code that reads the environment.

use crate::{Builder, Tls, duration};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// As many workers as libprocess allows.
pub(crate) const MAX_WORKERS: usize = 1024;

/// What `/metrics/snapshot` allows where the environment does not say otherwise.
const METRICS_LIMIT: (u32, Duration) = (2, Duration::from_secs(1));

impl Builder {
    /// Takes what the environment says. Variables are named as in Mesos and mean the same:
    ///
    /// | variable | meaning | without it |
    /// |---|---|---|
    /// | `LIBPROCESS_IP` | IPv4 address to listen on | as built |
    /// | `LIBPROCESS_PORT` | port to listen on; 0 for any | as built |
    /// | `LIBPROCESS_ADVERTISE_IP`, `LIBPROCESS_ADVERTISE_PORT` | what PIDs carry | as built |
    /// | `LIBPROCESS_IP6` | checked only: processes have IPv4 addresses | |
    /// | `LIBPROCESS_NUM_WORKER_THREADS` | workers, 1 to 1024; others are passed over with a warning | as built |
    /// | `LIBPROCESS_REQUIRE_PEER_ADDRESS_IP_MATCH` | [`Builder::check_peer_ip`] | as built |
    /// | `LIBPROCESS_FRAMING` | [`Builder::framing`]; Mesos does not know it | as built |
    /// | `LIBPROCESS_METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT` | [`Builder::metrics_limit`] as `2/1secs`; empty for none | `2/1secs` |
    /// | `LIBPROCESS_MEMORY_PROFILING` | checked only: there is no memory profiler | |
    /// | `LIBPROCESS_ENABLE_PROFILER` | nothing: there is no CPU profiler | |
    /// | `LIBPROCESS_SSL_*` | see [`Tls::from_variables`] | no TLS |
    ///
    /// Mesos: 3rdparty/libprocess/src/process.cpp, `internal::Flags` and `ProcessManager::init_threads`;
    /// 3rdparty/libprocess/src/metrics/metrics.cpp, `MetricsProcess::create`.
    ///
    /// # Errors
    ///
    /// When a variable cannot be parsed; the text names it.
    pub fn from_env(self) -> io::Result<Builder> {
        self.from_variables(|name| std::env::var(name).ok())
    }

    /// As [`Builder::from_env`], by a function that reads one variable.
    ///
    /// # Errors
    ///
    /// As [`Builder::from_env`].
    pub fn from_variables(mut self, read: impl Fn(&str) -> Option<String>) -> io::Result<Builder> {
        let variables = Variables(&read);
        if let Some(ip) = variables.ip("IP")? {
            self = self.ip(ip);
        }
        if let Some(ip) = variables.ip("ADVERTISE_IP")? {
            self = self.advertise_ip(ip);
        }
        if let Some(port) = variables.port("PORT", 0)? {
            self = self.port(port);
        }
        if let Some(port) = variables.port("ADVERTISE_PORT", 1)? {
            self = self.advertise_port(port);
        }
        if variables.ip6()?.is_some() {
            tracing::warn!(
                variable = "LIBPROCESS_IP6",
                "processes have no IPv6 addresses, passing it over"
            );
        }
        if let Some(workers) = variables.workers() {
            self = self.workers(workers);
        }
        if let Some(check) = variables.flag("REQUIRE_PEER_ADDRESS_IP_MATCH")? {
            self = self.check_peer_ip(check);
        }
        if let Some(framing) = variables.flag("FRAMING")? {
            self = self.framing(framing);
        }
        if variables.flag("MEMORY_PROFILING")? == Some(true) {
            tracing::warn!(
                variable = "LIBPROCESS_MEMORY_PROFILING",
                "there is no memory profiler"
            );
        }
        self = self.metrics_limit(variables.metrics_limit()?);
        if let Some(tls) = Tls::from_variables(&read)? {
            self = self.tls(tls);
        }
        Ok(self)
    }
}

struct Variables<'r>(&'r dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.0)(&format!("LIBPROCESS_{name}"))
    }

    /// Reads a value as C++ does: of an unset variable there is none, and `file://` leads to a file that holds it.
    fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> io::Result<Option<T>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let value = match text.strip_prefix("file://") {
            None => parse(&text),
            Some(path) => match std::fs::read_to_string(path) {
                Ok(content) => parse(&content),
                Err(error) => Err(format!("Error reading file '{path}': {error}")),
            },
        };
        value.map(Some).map_err(|reason| {
            invalid(format!(
                "Failed to load flag '{}': Failed to load value '{text}': {reason} (LIBPROCESS_{name})",
                name.to_ascii_lowercase()
            ))
        })
    }

    fn ip(&self, name: &str) -> io::Result<Option<Ipv4Addr>> {
        let parse = |text: &str| {
            let ip: Result<IpAddr, _> = text.parse();
            ip.map_err(|_| format!("Failed to parse IP as either IPv4 or IPv6:{text}"))
        };
        match self.parsed(name, parse)? {
            None => Ok(None),
            Some(IpAddr::V4(ip)) => Ok(Some(ip)),
            Some(IpAddr::V6(_)) => Err(invalid(format!(
                "Currently we allow only IPv4 address to be specified with the `--{}` flag (LIBPROCESS_{name})",
                name.to_ascii_lowercase()
            ))),
        }
    }

    fn ip6(&self) -> io::Result<Option<Ipv6Addr>> {
        let parse = |text: &str| text.parse().map_err(|_| format!("Failed to parse IPv6: {text}"));
        self.parsed("IP6", parse)
    }

    fn port(&self, name: &str, least: u16) -> io::Result<Option<u16>> {
        let Some(number) = self.parsed(name, number)? else {
            return Ok(None);
        };
        match u16::try_from(number) {
            Ok(port) if port >= least => Ok(Some(port)),
            _ => Err(invalid(format!("LIBPROCESS_{name}={number} is not a valid port"))),
        }
    }

    fn flag(&self, name: &str) -> io::Result<Option<bool>> {
        self.parsed(name, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("Expecting a boolean (e.g., true or false)".to_owned()),
        })
    }

    /// A bad number of workers is no reason not to start.
    fn workers(&self) -> Option<usize> {
        let text = self.text("NUM_WORKER_THREADS")?;
        let workers = text
            .parse()
            .ok()
            .filter(|count| (1..=MAX_WORKERS).contains(count));
        if workers.is_none() {
            tracing::warn!(
                value = %text,
                most = MAX_WORKERS,
                "ignoring an invalid value of LIBPROCESS_NUM_WORKER_THREADS"
            );
        }
        workers
    }

    fn metrics_limit(&self) -> io::Result<Option<(u32, Duration)>> {
        const NAME: &str = "METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT";
        let Some(text) = self.text(NAME) else {
            return Ok(Some(METRICS_LIMIT));
        };
        if text.is_empty() {
            return Ok(None);
        }
        let refused = |reason: String| {
            invalid(format!(
                "Failed to parse LIBPROCESS_{NAME} '{text}' (format is <number of requests>/<interval duration>){reason}"
            ))
        };
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        let [requests, interval] = parts[..] else {
            return Err(refused(String::new()));
        };
        let requests: u32 = match requests.parse() {
            Ok(0) => return Err(refused(": The number of requests must be positive".to_owned())),
            Ok(requests) => requests,
            Err(_) => {
                return Err(refused(format!(
                    ": Failed to parse the number of requests: Failed to convert '{requests}' to number"
                )));
            }
        };
        let interval = duration::parse_duration(interval)
            .map_err(|error| refused(format!(": Failed to parse the interval: {error}")))?;
        Ok(Some((requests, interval)))
    }
}

fn number(text: &str) -> Result<i32, String> {
    text.parse()
        .map_err(|_| "Failed to convert into required type".to_owned())
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn built(set: &[(&str, &str)]) -> Result<Builder, String> {
        let set: BTreeMap<String, String> = set
            .iter()
            .map(|(name, value)| (format!("LIBPROCESS_{name}"), (*value).to_owned()))
            .collect();
        let built = Builder::new().from_variables(|name| set.get(name).cloned());
        built.map_err(|error| error.to_string())
    }

    #[test]
    fn bad_values_are_refused_in_the_words_of_mesos() {
        for (name, value, said) in [
            (
                "IP",
                "x",
                "Failed to load flag 'ip': Failed to load value 'x': Failed to parse IP as either IPv4 or IPv6:x",
            ),
            (
                "IP",
                "::1",
                "Currently we allow only IPv4 address to be specified with the `--ip` flag",
            ),
            ("IP6", "1.2.3.4", "Failed to parse IPv6: 1.2.3.4"),
            (
                "PORT",
                "x",
                "Failed to load flag 'port': Failed to load value 'x': Failed to convert into required type",
            ),
            ("PORT", "65536", "LIBPROCESS_PORT=65536 is not a valid port"),
            ("PORT", "-1", "LIBPROCESS_PORT=-1 is not a valid port"),
            ("PORT", "file:///no/such", "Error reading file '/no/such'"),
            (
                "ADVERTISE_PORT",
                "0",
                "LIBPROCESS_ADVERTISE_PORT=0 is not a valid port",
            ),
            (
                "REQUIRE_PEER_ADDRESS_IP_MATCH",
                "yes",
                "Expecting a boolean (e.g., true or false)",
            ),
            (
                "METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT",
                "2",
                "Failed to parse LIBPROCESS_METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT '2' (format is <number of requests>/<interval duration>)",
            ),
            (
                "METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT",
                "a/1secs",
                ": Failed to parse the number of requests: Failed to convert 'a' to number",
            ),
            (
                "METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT",
                "2/1",
                ": Failed to parse the interval: Invalid duration '1'",
            ),
        ] {
            let error = built(&[(name, value)]).err().unwrap_or_default();
            assert!(error.contains(said), "{name}={value}: {error}");
        }
    }

    #[test]
    fn the_limit_of_metrics_is_that_of_mesos_unless_set() {
        let limit = |set: &[(&str, &str)]| built(set).ok().unwrap().metrics_limit_now();
        let name = "METRICS_SNAPSHOT_ENDPOINT_RATE_LIMIT";
        assert_eq!(limit(&[]), Some((2, Duration::from_secs(1))));
        assert_eq!(limit(&[(name, "")]), None);
        assert_eq!(limit(&[(name, "10/2mins")]), Some((10, Duration::from_secs(120))));
    }

    #[test]
    fn a_system_is_as_the_variables_say() {
        let built = built(&[
            ("IP", "127.0.0.1"),
            ("PORT", "0"),
            ("ADVERTISE_IP", "10.1.2.3"),
            ("ADVERTISE_PORT", "5050"),
            ("NUM_WORKER_THREADS", "3"),
            ("IP6", "::1"),
            ("MEMORY_PROFILING", "true"),
        ]);
        let system = built.unwrap().start().unwrap();
        assert_eq!(system.address().to_string(), "10.1.2.3:5050");
        assert_eq!(system.workers(), 3);
        system.shutdown();
    }

    #[test]
    fn a_bad_number_of_workers_is_passed_over() {
        for bad in ["0", "1025", "x", ""] {
            let system = built(&[("NUM_WORKER_THREADS", bad)])
                .unwrap()
                .workers(1)
                .start()
                .unwrap();
            assert_eq!(system.workers(), 1, "{bad}");
            system.shutdown();
        }
    }
}
