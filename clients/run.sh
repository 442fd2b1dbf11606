#!/usr/bin/env bash
# The OpenAPI document as clients read it: passes the linters, becomes a TypeScript client, and this plays
# the portal's half of the story against a live service. Needs Node 20 and the built program.
set -euo pipefail
cd "$(dirname "$0")"

fail() { echo "clients: $*" >&2; exit 1; }

command -v node >/dev/null && command -v npm >/dev/null \
  || fail "node and npm are missing: install Node.js 20.19 or later"
node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major * 100 + +minor >= 2019 ? 0 : 1)' \
  || fail "Node.js 20.19 or later is needed, this is $(node --version)"
program="${CARGO_TARGET_DIR:-../target}/debug/school-roadmap"
[ -x "$program" ] || fail "$program is missing: cargo build"

# Only what is asked for leaves this machine: no statistics, no look for newer versions.
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true SCARF_ANALYTICS=false

npm ci --prefer-offline --silent
npm run --silent lint
npm run --silent generate
npm run --silent build
npm run --silent refusals

folder=$(mktemp -d)
service=
stop() {
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    service=
  fi
}
trap 'stop; rm -rf "$folder"' EXIT

# Two free ports: of the service, and of the portal that receives webhooks.
read -r port receiver < <(node -e '
  const { createServer } = require("node:net");
  const servers = [0, 1].map(() => createServer().listen(0, "127.0.0.1"));
  setTimeout(() => {
    console.log(servers.map((server) => server.address().port).join(" "));
    servers.forEach((server) => server.close());
  }, 50);')
base="http://127.0.0.1:$port"
export RUST_LOG="${RUST_LOG:-warn}" LISTEN="127.0.0.1:$port" DATA_DIR="$folder"

# Starts the program and waits until it serves; the play of the case takes its time.
start() {
  "$program" "$@" >"$folder/output" 2>&1 &
  service=$!
  for _ in $(seq 600); do
    kill -0 "$service" 2>/dev/null || { cat "$folder/output"; fail "the service ended"; }
    node -e "fetch('$base/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))" \
      && return
    sleep 0.2
  done
  fail "the service does not answer on $base"
}

start demo
password=$(sed -n 's/.*all with the password //p' "$folder/output")
stop

# The same data, served as in production, with a portal that may be told.
export DATABASE_URL="sqlite://$folder/demo/school-roadmap.db" DATA_DIR="$folder/demo"
export WEBHOOK_TARGETS="http://127.0.0.1:$receiver"
start serve
BASE="$base" PASSWORD="$password" RECEIVER_PORT="$receiver" npm run --silent story
