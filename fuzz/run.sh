#!/bin/sh
# run.sh SECONDS [SEEDS] [TARGET...]: fuzzes each target so long, one after the other, gently. SEEDS is a folder of samples.
# Needs cargo-fuzz and a nightly toolchain. What is found lies under fuzz/artifacts/TARGET/.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?how many seconds for each target}
seeds=${2:-}
[ $# -lt 2 ] && shift $# || shift 2
targets=${*:-$(cargo +nightly fuzz list)}
for target in $targets; do
    corpus=fuzz/corpus/$target
    mkdir -p "$corpus"
    if [ -n "$seeds" ]; then
        find "$seeds" -type f -size -64k | while read -r file; do
            cp "$file" "$corpus/seed-$(cksum <"$file" | tr ' ' -)"
        done
    fi
    # No sanitizer: there is no unsafe code, and without one it tries ten times as much.
    nice -n 19 cargo +nightly fuzz run -s none "$target" -- -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -max_len=8192 -dict=fuzz/words.dict -print_final_stats=1 || echo "$target: FOUND SOMETHING" >&2
done
