#!/usr/bin/env bash
# Feeds every decoder with bytes that nobody would send, for a bounded time, by libFuzzer. Ends with
# exit code 0 only if no law broke.
#
#   deploy/fuzz.sh [--seconds N | --minutes N] [DECODER…]   default: 5 seconds for each decoder
#   deploy/fuzz.sh --list
#   deploy/fuzz.sh --replay DECODER FILE                    one input again, with its stack
#   deploy/fuzz.sh --keep DECODER…                          grown inputs that reach new code into
#                                                           Tests/FuzzTests/Corpus
#
# --minutes is the time of all decoders together. What a run learns stays in .build/fuzz/grown and
# is where the next begins; inputs that break a law stay in .build/fuzz/found.
set -euo pipefail

# shellcheck source=deploy/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

scratch=.build/fuzz
corpus=Tests/FuzzTests/Corpus
driver="$scratch/release/FuzzDriver"
# A crash is libFuzzer's to report; Swift's own backtrace would only slow it down.
export SWIFT_BACKTRACE=enable=no
export KREISSYNC_FUZZ=1

mode=run
seconds=5
minutes=0
names=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --seconds) seconds="${2:?--seconds needs a number}" && shift ;;
    --minutes) minutes="${2:?--minutes needs a number}" && shift ;;
    --list | --replay | --keep) mode="${1#--}" ;;
    -*) stop "$1 is unknown." "See the beginning of deploy/fuzz.sh." ;;
    *) names+=("$1") ;;
  esac
  shift
done

step "building the fuzzer (the first time about 4 minutes on two cores)"
# The parser of TOML is C++: without coverage libFuzzer would be blind in it.
swift build -c release --product FuzzDriver --scratch-path "$scratch" \
  -Xcxx -fsanitize=fuzzer-no-link --explicit-target-dependency-import-check error

declare -A byte_count_max
all_names=()
while read -r name byte_count; do
  all_names+=("$name")
  byte_count_max["$name"]="$byte_count"
done < <("$driver" --list)

require_decoder() {
  if [ -z "${byte_count_max[$1]:-}" ]; then
    stop "There is no decoder $1." "Use one of: ${all_names[*]}"
  fi
}

# A slow input, a large one or a single large allocation is a failure, too.
libfuzzer() {
  local name="$1"
  shift
  FUZZED_DECODER="$name" "$driver" -max_len="${byte_count_max[$name]}" -timeout=5 \
    -rss_limit_mb=512 -malloc_limit_mb=64 "$@"
}

fuzz() {
  local name="$1" log="$scratch/logs/$1.log" status=0
  mkdir -p "$scratch/grown/$name" "$scratch/found/$name" "$scratch/logs"
  libfuzzer "$name" -max_total_time="$seconds" -print_final_stats=1 \
    -artifact_prefix="$scratch/found/$name/" "$scratch/grown/$name" "$corpus/$name" \
    >"$log" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    printf '   %-16s %s\n' "$name" "$(grep '^Done' "$log")"
    return 0
  fi
  printf '   %-16s FAILED\n' "$name"
  grep -E 'does not hold|Fatal error|Assertion|ERROR: libFuzzer|Test unit|Base64' "$log" || true
  local input
  input="$(sed -n 's/.*Test unit written to //p' "$log" | head -n 1)"
  printf '   replay: deploy/fuzz.sh --replay %s %s\n' "$name" "${input:-FILE}"
  printf '   then keep it as a regression: cp %s %s/%s/\n' "${input:-FILE}" "$corpus" "$name"
  return 1
}

case "$mode" in
  list)
    printf '%s\n' "${all_names[@]}"
    ;;
  replay)
    [ "${#names[@]}" -eq 2 ] || stop "--replay needs a decoder and a file."
    require_decoder "${names[0]}"
    step "replaying ${names[1]}"
    libfuzzer "${names[0]}" "${names[1]}"
    ;;
  keep)
    for name in "${names[@]}"; do
      require_decoder "$name"
      step "keeping what is new for $name"
      libfuzzer "$name" -merge=1 "$corpus/$name" "$scratch/grown/$name"
    done
    ;;
  run)
    if [ "${#names[@]}" -eq 0 ]; then names=("${all_names[@]}"); fi
    for name in "${names[@]}"; do require_decoder "$name"; done
    if [ "$minutes" -gt 0 ]; then seconds=$((minutes * 60 / ${#names[@]})); fi
    step "fuzzing ${#names[@]} decoders, $seconds seconds each"
    failed=()
    for name in "${names[@]}"; do fuzz "$name" || failed+=("$name"); done
    if [ "${#failed[@]}" -gt 0 ]; then
      stop "These decoders broke a law: ${failed[*]}" "What broke them is in $scratch/found."
    fi
    ;;
esac

step "done"
