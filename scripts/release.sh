#!/usr/bin/env bash
# The program for other machines: a binary a target in dist/, each with its sha256.
#
#   scripts/release.sh              every target below
#   scripts/release.sh TARGET...    some of them
#
# What a target needs and isn't here is said, with how to get it; the others are built all the same. It ends with 1
# unless everything asked for was built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# musl: static, for any Linux. gnu.2.17: for any with that glibc or a later one.
targets=(
    x86_64-unknown-linux-musl
    aarch64-unknown-linux-musl
    x86_64-unknown-linux-gnu.2.17
    aarch64-unknown-linux-gnu.2.17
)

fail() {
    echo "release: $*" >&2
    exit 1
}

# What a target needs and isn't here, a line each.
missing() {
    local triple=${1%.2.17} std
    std=$(rustc --print target-libdir --target "$triple")
    compgen -G "$std/libstd-*.rlib" >/dev/null ||
        echo "Rust's standard library for $triple: rustup target add $triple"
    command -v cargo-zigbuild >/dev/null ||
        echo "cargo-zigbuild: pip install cargo-zigbuild, or cargo install cargo-zigbuild"
    command -v zig >/dev/null || python3 -m ziglang version >/dev/null 2>&1 ||
        echo "zig: pip install ziglang, or https://ziglang.org/download"
}

build() {
    local target=$1
    # The allocator is C: zig compiles and links it for another processor and C library.
    LAMTOP_RELEASE="$version ($target, $commit)" \
        cargo zigbuild --locked --release --bin lamtop --target "$target" --target-dir "$built"
}

# That it runs where it is meant to: a wrong linker or a left-over of another build shows here.
check() {
    local exe=$1 target=$2 needs newest
    needs=$(readelf -dW "$exe" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    case $target in
    *-musl)
        ! readelf -lW "$exe" | grep -q INTERP && [ -z "$needs" ] || fail "$exe is not static"
        ;;
    *-gnu.2.17)
        newest=$(readelf -VW "$exe" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
        [ "$(printf '%s\n' GLIBC_2.17 "$newest" | sort -V | tail -1)" = GLIBC_2.17 ] || fail "$exe needs $newest"
        ! grep -vE '^(libc|libm|libdl|librt|libpthread|ld-linux-.*)\.so\.[0-9]+$' <<<"${needs:-none}" >&2 ||
            fail "$exe needs more than glibc"
        ;;
    esac
    ! readelf -SW "$exe" | grep -q ' \.symtab ' || fail "$exe is not stripped"
    if [ "$(uname -sm)" = "Linux ${target%%-*}" ]; then
        [[ "$("$exe" --version)" == *"($target, $commit)" ]] || fail "$exe is not what was just built"
    fi
}

for tool in cargo rustc readelf sha256sum; do
    command -v "$tool" >/dev/null || fail "$tool is missing (cargo, rustc: https://rustup.rs; readelf: binutils)"
done
[ $# = 0 ] || targets=("$@")
for target in "${targets[@]}"; do
    [[ $target == *-linux-musl || $target == *-linux-gnu.2.17 ]] ||
        fail "$target is not a target that is built here: see the list in ${BASH_SOURCE[0]}"
done

# Nothing that another build left can be taken for ours here.
built=${CARGO_TARGET_DIR:-target}/dist
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
commit=$(git describe --always --exclude='*' --dirty --abbrev=12 2>/dev/null || echo "no commit")
# Panics name files: not by the folders of whoever built it. Flags are divided by this, for folders may hold spaces.
printf -v CARGO_ENCODED_RUSTFLAGS '%s\x1f%s' \
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" "--remap-path-prefix=$PWD=lamtop"
export CARGO_ENCODED_RUSTFLAGS

mkdir -p dist
left=()
for target in "${targets[@]}"; do
    lacks=$(missing "$target")
    if [ -n "$lacks" ]; then
        printf 'release: not built: %s, for want of\n%s\n' "$target" "$(sed 's/^/    /' <<<"$lacks")" >&2
        left+=("$target")
        continue
    fi
    build "$target"
    exe=$built/${target%.2.17}/release/lamtop
    check "$exe" "$target"
    cp "$exe" "dist/lamtop-$target"
    (cd dist && sha256sum "lamtop-$target" | tee "lamtop-$target.sha256")
done
[ ${#left[@]} = 0 ] || fail "not built: ${left[*]}"
