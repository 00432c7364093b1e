#!/bin/bash
# Measures what volumes notice of a node that they have nothing to do with, on this machine.
#
#   docs/measure-ring.sh [SECONDS [ROUNDS [RATE]]]
#
# Three nodes a, b, c are source and destination at once: ab is a's volume and mirrored to b, and
# so on. All volumes are written at random, 4 KiB, at depth 8; then b is stopped (SIGSTOP), which
# takes ab (its mirror) and bc (itself), and goes on again. Prints for each round what ac and ca,
# which b has no part in, reached with b running and with b stopped: as fast as they go (a stopped
# node leaves its part of the CPU to others here), and at RATE writes a second each (default 600).
# Needs: the built program, jq, 24 GiB of disk under ${LAB_DIR:-/tmp/lockstep-measure}.
set -euo pipefail
# shellcheck source=measure-nodes.sh
. "$(dirname "$(readlink -f "$0")")/measure-nodes.sh"
seconds=${1:-15} rounds=${2:-3} rate=${3:-600}
lab=$lab/ring
declare -A port=([a]=14291 [b]=14292 [c]=14293)

mirrored() { # SOURCE DESTINATION SOURCE-DISKS DESTINATION-DISKS
    on "$1" volume create "$1$2" --group "$3"
    on "$1" lun create "$1$2" data --size 512m
    on "$1" pair create "$1$2" --peer-admin "$lab/$2/data/admin.sock" --group "$4"
}

url() { echo "iscsi://127.0.0.1:${port[${1:0:1}]}/iqn.2026-11.io.lockstep:$1/0"; }

bench() { # VOLUME OPTIONS...
    "$lockstep" bench --json --mode write --depth 8 --duration "$seconds" "${@:2}" "$(url "$1")"
}

all_in_sync() {
    local node
    for node in a b c; do
        until on "$node" pair list --json | jq -e 'all(.[]; .sync == "in-sync")' >/dev/null; do
            sleep 1
        done
    done
}

# measure LABEL OPTIONS...: ac and ca beside each other, a line each.
measure() {
    local each
    for each in ac ca; do bench "$each" "${@:2}" >"$lab/$each.json" & eval "bench_$each=$!"; done
    for each in ac ca; do
        eval "wait \$bench_$each"
        printf '%-24s %s  %s\n' "$1" "$each" "$(jq -r '"\(.iops|floor) a second, p50/p99/max \(.writes.p50|floor)/\(.writes.p99|floor)/\(.writes.max|floor) us, \(.failed) failed"' "$lab/$each.json")"
    done
}

rm -rf "$lab"
for each in a b c; do node "$each" "${port[$each]}" 9 768 "1 GiB" "64 MiB"; done
mirrored a b d0,d1,d2 d0,d1,d2
mirrored a c d3,d4,d5 d0,d1,d2
mirrored b c d3,d4,d5 d3,d4,d5
mirrored c a d6,d7,d8 d6,d7,d8
all_in_sync
for each in ab ac bc ca; do bench "$each" --sequential --block-size 256k >/dev/null; done

# One round: the related volumes are under load all the time, b is stopped in the second half.
round() { # LABEL OPTIONS...
    local related=() each
    for each in ab bc; do
        bench "$each" --duration $((seconds * 2 + 30)) "${@:2}" >/dev/null 2>&1 & related+=($!)
    done
    sleep 2
    measure "$1, b running" "${@:2}"
    kill -STOP "${pid[b]}"
    sleep 2
    measure "$1, b stopped" "${@:2}"
    kill -CONT "${pid[b]}"
    kill "${related[@]}" 2>/dev/null || true
    wait "${related[@]}" 2>/dev/null || true
    all_in_sync
}

for ((i = 0; i < rounds; i++)); do
    round "$rate a second" --rate "$rate"
    round "unbounded"
done
