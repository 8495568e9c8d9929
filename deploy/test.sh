#!/usr/bin/env bash
# Everything that must hold before a change goes in: format, build without warnings, all tests, five
# minutes of simulated counties, the demo.
# Ends with exit code 0 only if every step did. The end-to-end tests run the built
# .build/release/kreissync, so the tests and it come from one and the same build.
set -euo pipefail

# shellcheck source=deploy/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

step "checking the format"
swift format lint --strict --parallel --recursive Package.swift Sources Tests

step "building everything (the first time about 10 minutes on two cores)"
swift build -c release --build-tests --explicit-target-dependency-import-check error

# In processes of their own: end-to-end tests wait for other programs on the threads that the
# network's tests need in time.
run_tests() { swift test -c release --disable-testable-imports --skip-build "$@"; }
step "running the tests: rules, storages, simulator, repository (6 minutes)"
run_tests --skip '^NetworkTests' --skip '^EndToEndTests'
step "running the tests: the network"
run_tests --filter '^NetworkTests'
step "running the tests: the real program from end to end (2 minutes)"
run_tests --filter '^EndToEndTests'

# A hanging seed is a failure, too: exit code 124, and the seed's name on standard error.
step "simulating counties (5 minutes)"
timeout 270 .build/release/kreissync simulate --tier model --seeds 400 --minutes 3 --report
timeout 200 .build/release/kreissync simulate --tier storage --seeds 400 --minutes 2 --report

# Two minutes is what it may take; a machine that runs much beside it is not the demo's fault.
step "the demo (2 minutes at most)"
timeout 300 .build/release/kreissync demo

step "all passed"
