#!/usr/bin/env bash
# Builds KreisSync and shows it: four counties with their sites on this machine, ending with exit
# code 0 only if all replicas and the hub agree. Arguments go to `kreissync demo`.
set -euo pipefail

# shellcheck source=deploy/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

step "building kreissync (the first time about 10 minutes on two cores)"
swift build --package-path "$root" -c release --product kreissync \
  --explicit-target-dependency-import-check error

step "kreissync demo"
"$root/.build/release/kreissync" demo "$@"

step "done"
