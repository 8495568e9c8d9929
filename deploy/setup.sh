#!/usr/bin/env bash
# Makes a Debian or Ubuntu machine ready to build: installs the system libraries that are missing,
# and says so if it cannot. Runs alone, or is sourced by the other scripts for its words `step` and
# `root`. Doing it again changes nothing.
set -euo pipefail

# shellcheck disable=SC2034 # The scripts that source this one use it.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
current_step="starting"

# Names what begins now, with the seconds since the script began.
step() {
  current_step="$1"
  printf '== [%4d s] %s\n' "$SECONDS" "$current_step"
}

report_end() {
  local status=$?
  if [ "$status" -ne 0 ]; then
    printf '== [%4d s] FAILED (exit %d) while: %s\n' "$SECONDS" "$status" "$current_step" >&2
  fi
}
trap report_end EXIT

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    stop "This needs root to run: $*" "Run it as root, or install sudo."
  fi
}

install_missing_packages() {
  local missing=() package
  for package in libsqlite3-dev libcurl4-openssl-dev libzstd-dev sqlite3; do
    if ! dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null |
      grep -q 'ok installed$'; then
      missing+=("$package")
    fi
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    return
  fi
  step "installing ${missing[*]}"
  if ! as_root apt-get -q update ||
    ! as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -q install --yes --no-install-recommends "${missing[@]}"; then
    stop "These packages are missing and could not be installed: ${missing[*]}" \
      "Install them by hand, then start again."
  fi
}

step "checking the build tools"
if ! command -v swift >/dev/null; then
  stop "There is no swift on the PATH." \
    "Install Swift 6.3 (https://www.swift.org/install/linux/), then start again."
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  stop "This is not a Debian system: there is no apt-get." \
    "Install the development files of SQLite, libcurl and zstd and the sqlite3 shell by hand," \
    "then use 'swift build' and 'swift test' directly."
fi
install_missing_packages
