#!/usr/bin/env bash
# kill -9 while four write, fifty times on each database: tests/long/crash.sh [ROUNDS [MILLISECONDS]]. A round
# lasts up to ten seconds. Every acknowledged write must be there afterwards, and whole.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CRASH_ROUNDS="${1:-50}" CRASH_MILLISECONDS="${2:-10000}"
cargo test --locked --test it crash::what_was_acknowledged -- --nocapture --test-threads 1 \
  | grep -E 'kills|test result'
