//! Short questions to a daemon. Blocking: for programs that wait for the answer anyway.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libprocess::System;
use libprocess::http::{Client, Request, Response};
use serde_json::Value;

/// How long an answer may take: longer than any healthy daemon needs, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let system = System::builder()
            .client_only()
            .start()
            .expect("a thread can be started");
        Client::new(&system)
    })
}

fn ask(address: &str, request: Request) -> Result<Response> {
    let path = request.path.clone();
    let address = address
        .parse()
        .with_context(|| format!("`{address}` is no address"))?;
    let answer = client().request(address, request).wait_for(PATIENCE);
    let answer = answer.with_context(|| format!("no answer from {address}{path} in {PATIENCE:?}"))?;
    answer.with_context(|| format!("failed to ask {address}{path}"))
}

/// The status and body of the answer to any request.
///
/// # Errors
///
/// When nobody answers.
pub fn request(address: &str, request: Request) -> Result<(u16, Vec<u8>)> {
    let response = ask(address, request)?;
    Ok((response.status, response.body_bytes().to_vec()))
}

/// The body of `http://<address><path>`, whatever its status.
///
/// # Errors
///
/// When nobody answers.
pub fn get(address: &str, path: &str) -> Result<(u16, Vec<u8>)> {
    let response = ask(address, Request::get(path))?;
    Ok((response.status, response.body_bytes().to_vec()))
}

/// The JSON at `http://<address><path>`.
///
/// # Errors
///
/// When nobody answers, the status is not 200 or the body is no JSON.
pub fn get_json(address: &str, path: &str) -> Result<Value> {
    let (status, body) = get(address, path)?;
    ensure!(
        status == 200,
        "{address}{path} answered {status}: {}",
        String::from_utf8_lossy(&body)
    );
    serde_json::from_slice(&body).with_context(|| format!("{address}{path} answered no JSON"))
}

/// Posts a body and returns the status and body of the answer.
///
/// # Errors
///
/// When nobody answers.
pub fn post(address: &str, path: &str, content_type: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
    let mut request = Request::post(path, content_type, body.to_vec());
    request.headers.set("Accept", content_type);
    let response = ask(address, request)?;
    Ok((response.status, response.body_bytes().to_vec()))
}
