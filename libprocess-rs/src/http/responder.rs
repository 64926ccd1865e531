use super::Response;
use crate::{Future, FutureError, Promise};
use std::fmt;

/// Answers one request, now or later, from any thread. Dropped without an answer, it answers 500.
pub struct Responder(Promise<Response>);

impl Responder {
    /// The answering end, and what the connection waits for.
    pub(crate) fn new() -> (Responder, Future<Response>) {
        let (promise, future) = Promise::new();
        (Responder(promise), future)
    }

    /// Answers.
    pub fn respond(self, response: Response) {
        self.0.set(response);
    }

    /// Answers with what a future brings; failure, discard and abandonment become 500.
    ///
    /// When the client hangs up, the future is asked to discard.
    pub fn respond_with(self, response: Future<Response>) {
        self.0.associate(response.recover(|error| {
            Future::ready(match error {
                FutureError::Failed(message) => Response::internal_error(message),
                other => Response::internal_error(other.to_string()),
            })
        }));
    }

    /// Ready once the client has hung up without an answer; abandoned when it was answered.
    pub fn on_closed(&self) -> Future<()> {
        let (promise, future) = Promise::new();
        self.0.on_discard(move || {
            promise.set(());
        });
        future
    }

    /// Whether the client has hung up.
    pub fn is_closed(&self) -> bool {
        self.0.has_discard()
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Responder")
    }
}
