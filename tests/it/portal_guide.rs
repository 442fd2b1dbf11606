//! The integrator's guide keeps what it says: every problem code, and snippets that work.

use std::io::Write;
use std::process::{Command, Stdio};

use school_roadmap::problems;
use sha2::{Digest, Sha256};

const GUIDE: &str = include_str!("../../docs/portal.md");

/// The Python snippets of the guide.
fn snippets() -> Vec<&'static str> {
    GUIDE.split("```python\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// What a program prints, its snippet before it.
fn printed(function: &str, program: &str) -> String {
    let snippet = snippets().into_iter().find(|snippet| snippet.contains(function)).unwrap();
    let mut child = Command::new("python3")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|cause| panic!("python3 runs the snippets: {cause}"));
    child.stdin.take().unwrap().write_all(format!("{snippet}\n{program}").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{function}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Each code once, with its status, and none that the service does not have.
#[test]
fn the_guide_says_what_to_do_on_every_problem_code() {
    let mut told: Vec<(String, String)> = Vec::new();
    for line in GUIDE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() == 3 && cells[1].parse::<u16>().is_ok() {
            assert!(cells[2].ends_with('.'), "{line}");
            told.push((cells[0].trim_matches('`').to_owned(), cells[1].to_owned()));
        }
    }
    told.sort();
    let mut known: Vec<(String, String)> =
        problems::ALL.iter().map(|problem| (problem.slug.to_owned(), problem.status.to_string())).collect();
    known.sort();
    assert_eq!(told, known);
}

#[test]
fn the_digest_of_the_guide_is_that_of_the_service() {
    let (one, other) = ("0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "0192f0c1-2a3b-7c4d-8e5f-0123456789ac");
    let program = format!("print(bucket_of('{one}', 16), digest_of({{'{other}': 2, '{one}': 11}}))\n");
    let hash = Sha256::digest(one.as_bytes());
    let bucket = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % 16;
    let digest = Sha256::digest(format!("{one} 11\n{other} 2\n").as_bytes());
    assert_eq!(printed("digest_of", &program), format!("{bucket} {digest:x}"));
}

/// The example of Standard Webhooks, with a second signature before it as while a secret is replaced.
#[test]
fn the_signature_check_of_the_guide_takes_what_is_genuine_and_of_now() {
    let program = r#"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
body = b'{"test": 2432232314}'
time.time = lambda: 1614265330 + 300
print(is_genuine(secret, headers, body))
print(is_genuine(secret, headers, body + b" "))
print(is_genuine(secret, headers | {"webhook-id": "other"}, body))
time.time = lambda: 1614265330 + 301
print(is_genuine(secret, headers, body))
"#;
    assert_eq!(printed("is_genuine", program), "True\nFalse\nFalse\nFalse");
}
