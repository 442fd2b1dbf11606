//! A receiver of webhooks: what it was sent, in order, and how it answers.

use std::sync::{Arc, Mutex};

use school_roadmap::features::webhooks::signature;
use serde_json::Value;

use crate::peer::{PeerRequest, answering};

/// A delivery as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: Value,
    pub bytes: Vec<u8>,
    pub content_type: String,
    /// The status it was answered with.
    pub answered: u16,
}

type Answer = Box<dyn FnMut(&Received) -> String + Send>;

/// Answers on a port of its own.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<Answer>>,
}

/// An answer with this status and these further headers.
pub fn with_status(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n")
}

impl Receiver {
    /// One that accepts everything.
    pub fn start() -> Self {
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let answer: Arc<Mutex<Answer>> = Arc::new(Mutex::new(Box::new(|_| with_status(204, ""))));
        let (kept, answers) = (Arc::clone(&received), Arc::clone(&answer));
        let url = answering(move |request| {
            let mut delivery = read(request);
            let text = answers.lock().unwrap()(&delivery);
            delivery.answered = text.split(' ').nth(1).unwrap_or("0").parse().unwrap_or(0);
            kept.lock().unwrap().push(delivery);
            text
        });
        Self { url, received, answer }
    }

    /// `http://127.0.0.1:port`, as an operator lists it.
    pub fn target(&self) -> String {
        self.url.clone()
    }

    /// From now on it answers so.
    pub fn answers(&self, answer: impl FnMut(&Received) -> String + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    /// Everything that came, in order.
    pub fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// What came and was accepted.
    pub fn accepted(&self) -> Vec<Received> {
        self.all().into_iter().filter(|delivery| (200..300).contains(&delivery.answered)).collect()
    }

    /// The numbers of the changes that were accepted, in order.
    pub fn seqs(&self) -> Vec<i64> {
        self.accepted().iter().filter_map(|delivery| delivery.body["data"]["seq"].as_i64()).collect()
    }

    pub fn forget(&self) {
        self.received.lock().unwrap().clear();
    }
}

impl Received {
    /// Whether it is signed with this secret, looked at when it was sent.
    pub fn is_signed(&self, secret: &str) -> bool {
        signature::is_good(secret, &self.id, self.timestamp, &self.bytes, &self.signature, self.timestamp)
    }
}

fn read(request: &PeerRequest) -> Received {
    let header = |name| request.header(name).unwrap_or_default();
    Received {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or(0),
        signature: header("webhook-signature"),
        content_type: header("content-type"),
        body: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
        bytes: request.body.clone(),
        answered: 0,
    }
}
