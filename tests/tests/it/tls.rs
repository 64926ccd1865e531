//! A cluster in which everybody speaks TLS and shows a certificate.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use libprocess::http::{Client, Request};
use libprocess::{System, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::execute::program;
use crate::support::wait_for;

/// Ends with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes an authority and a certificate of it for the loopback address.
fn certify(directory: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(directory.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let authority = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(
        directory.join("cert.pem"),
        params.signed_by(&key, &authority).unwrap().pem(),
    )
    .unwrap();
    std::fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
}

fn variables(directory: &Path) -> Vec<(String, String)> {
    let file = |name: &str| directory.join(name).display().to_string();
    [
        ("ENABLED", "true".to_owned()),
        ("CERT_FILE", file("cert.pem")),
        ("KEY_FILE", file("key.pem")),
        ("CA_FILE", file("ca.pem")),
        ("VERIFY_SERVER_CERT", "true".to_owned()),
        ("REQUIRE_CLIENT_CERT", "true".to_owned()),
    ]
    .map(|(name, value)| (format!("LIBPROCESS_SSL_{name}"), value))
    .to_vec()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn a_task_runs_in_a_cluster_that_speaks_only_tls() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let ssl = variables(directory.path());
    let (master, agent) = (free_port(), free_port());
    let start = |name: &str, port: u16, flags: &[String]| {
        let child = Command::new(program(name))
            .args(["--ip=127.0.0.1".to_owned(), format!("--port={port}")])
            .arg(format!("--work_dir={}", directory.path().join(name).display()))
            .args(flags)
            .envs(ssl.clone())
            .stderr(Stdio::null())
            .spawn();
        Daemon(child.unwrap())
    };
    let _master = start("mesos-master", master, &[]);
    // Executors get none of the agent's variables unless it is told so, as in Mesos.
    let executors: serde_json::Map<_, _> = ssl
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    let flags = [
        format!("--master=127.0.0.1:{master}"),
        format!("--runtime_dir={}", directory.path().join("run").display()),
        "--resources=cpus:1;mem:128".to_owned(),
        format!(
            "--executor_environment_variables={}",
            serde_json::Value::Object(executors)
        ),
    ];
    let _agent = start("mesos-agent", agent, &flags);

    let tls = Tls::from_variables(|name| {
        ssl.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    });
    let system = System::builder()
        .client_only()
        .tls(tls.unwrap().unwrap())
        .start()
        .unwrap();
    wait_for("the agent's registration", || {
        let address = SocketAddr::from(([127, 0, 0, 1], master));
        let answer = Client::new(&system)
            .request(address, Request::get("/slaves"))
            .wait_for(Duration::from_secs(10));
        let body = answer
            .and_then(Result::ok)
            .map(|response| response.body_bytes().to_vec());
        body.is_some_and(|body| String::from_utf8_lossy(&body).contains("\"active\":true"))
    });
    let output = Command::new(program("mesos-execute"))
        .args([
            format!("--master=127.0.0.1:{master}"),
            "--name=hi".into(),
            "--command=true".into(),
        ])
        .envs(ssl.clone())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("TASK_FINISHED"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    system.shutdown();
}
