//! W13: receivers whose certificates are good, and those whose are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rstest::rstest;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use school_roadmap::features::webhooks::{Attempt, FailureKind, Parcel, Sender};

use crate::app::{Database, Postgres, Sqlite};
use crate::peer::answering_by_tls;
use crate::receiver::with_status;
use crate::witness::Witness;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for this host that ends with this year; without an authority it signs itself.
fn certificate(host: &str, until: i32, by: Option<&Authority>) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_after = date_time_ymd(until, 12, 31);
    let signed = by.map_or_else(|| params.self_signed(&key), |by| params.signed_by(&key, by)).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key)
        .unwrap()
}

/// What one delivery to such a receiver comes to, and how many requests it saw.
async fn sent(receiver: ServerConfig, ca: Option<&Authority>) -> (Attempt, usize) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let port = answering_by_tls(Arc::new(receiver), move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        with_status(204, "")
    });
    let target = format!("127.0.0.1:{port}");
    let url = format!("https://{target}/hook");
    let pem = ca.map(|ca| ca.pem());
    let limit = Duration::from_secs(60);
    let sender =
        Sender::within(target.parse().unwrap(), pem.as_ref().map(|pem| pem.as_bytes()), limit).unwrap();
    let (id, signature) = ("evt_1".to_owned(), String::new());
    let attempt = sender.send(&Parcel { url, id, timestamp: 0, signature, body: Vec::new() }).await;
    (attempt, seen.load(Ordering::SeqCst))
}

#[rstest]
#[actix_web::test]
async fn only_a_receiver_with_a_good_certificate_is_told(#[values(Sqlite, Postgres)] on: Database) {
    let mut witness = Witness::of("W13", on);
    let (ours, other) = (authority(), authority());
    let (good, seen) = sent(certificate("127.0.0.1", 2090, Some(&ours)), Some(&ours)).await;
    assert_eq!((good.result.unwrap(), seen), (204, 1), "the operator's own authority");

    let refused = [
        ("signed by itself", certificate("127.0.0.1", 2090, None), Some(&ours)),
        ("expired", certificate("127.0.0.1", 2020, Some(&ours)), Some(&ours)),
        ("of another host", certificate("portal.example.org", 2090, Some(&ours)), Some(&ours)),
        ("of another authority", certificate("127.0.0.1", 2090, Some(&other)), Some(&ours)),
        ("of an authority that is not configured", certificate("127.0.0.1", 2090, Some(&ours)), None),
    ];
    for (which, receiver, ca) in refused {
        let (attempt, seen) = sent(receiver, ca).await;
        assert_eq!(attempt.result.unwrap_err().kind, FailureKind::Connection, "{which}");
        assert_eq!(seen, 0, "{which}: nothing may be sent to it");
        witness.saw(format!("{which}: failed, nothing sent"));
    }
    witness.report();
}
