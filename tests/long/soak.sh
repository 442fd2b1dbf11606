#!/usr/bin/env bash
# Mixed work on the program for an hour, on each database: tests/long/soak.sh [SECONDS]; 86400 for a day.
# Prints what the process holds at the beginning and at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
export SOAK_SECONDS="${1:-3600}"
cargo test --locked --test it soak::hours_of_work -- --nocapture --test-threads 1 | grep -E 'rounds of six|test result'
