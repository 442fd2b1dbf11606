#!/usr/bin/env bash
# Asks every operation of the OpenAPI document for what it says and for what it does not say: made-up values,
# missing members, wrong types, other methods. Nothing may be answered with a server error, and every answer
# must be one that the document names. Needs Python 3.10 or later and the built program.
#
#   SECONDS_AT_MOST   how long the random part lasts for each role (30)
#   SEED              the same seed asks the same (1)
set -euo pipefail
cd "$(dirname "$0")"

fail() { echo "schemathesis: $*" >&2; exit 1; }

command -v python3 >/dev/null || fail "python3 is missing"
program="${CARGO_TARGET_DIR:-../../target}/debug/school-roadmap"
[ -x "$program" ] || fail "$program is missing: cargo build"
program=$(realpath "$program")
tools="$(dirname "$(dirname "$program")")/schemathesis"
if ! cmp -s requirements.txt "$tools/requirements.txt"; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$tools/"
fi

folder=$(mktemp -d)
service=
stop() {
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap stop EXIT

read -r port < <(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base="http://127.0.0.1:$port"
# What is asked here is meant to be too much: quotas would end it.
export RATE_ADDRESS=0 RATE_SIGN_IN=0 RATE_READ=0 RATE_WRITE=0 RATE_IMPORT=0
RUST_LOG="${RUST_LOG:-error}" LISTEN="127.0.0.1:$port" DATA_DIR="$folder" "$program" demo >"$folder/output" 2>&1 &
service=$!
answers() { python3 -c "import urllib.request; urllib.request.urlopen('$base/health/ready')" 2>/dev/null; }
for _ in $(seq 300); do
  kill -0 "$service" 2>/dev/null || { cat "$folder/output"; fail "the service ended"; }
  answers && break
  sleep 0.2
done
answers || fail "the service does not answer on $base"
password=$(sed -n 's/.*all with the password //p' "$folder/output")

token_of() {
  BASE="$base" LOGIN="$1" PASSWORD="$password" python3 - <<'PY'
import json, os, urllib.request
body = json.dumps({"login": os.environ["LOGIN"], "password": os.environ["PASSWORD"]}).encode()
headers = {"Content-Type": "application/json"}
request = urllib.request.Request(os.environ["BASE"] + "/api/v1/auth/login", body, headers)
print(json.load(urllib.request.urlopen(request))["access_token"])
PY
}

for login in head admin; do
  echo "as $login"
  # Signing out would end the session that all of it is asked with.
  "$tools/bin/st" run ../../openapi/openapi.json --url "$base" -H "Authorization: Bearer $(token_of $login)" \
    --phases coverage,fuzzing --max-examples 5 --seed "${SEED:-1}" --max-time "${SECONDS_AT_MOST:-30}" \
    --warnings off --no-color \
    --exclude-path /api/v1/auth/logout --exclude-path /api/v1/me/password
done
kill -0 "$service" || fail "the service ended"
# What cannot be read as HTTP is noted by the server library itself.
if grep ERROR "$folder/output" | grep -vq "request parse error"; then
  cat "$folder/output"
  fail "the log holds errors"
fi
