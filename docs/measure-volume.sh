#!/bin/bash
# Measures what a volume does below hosts' commands, on this machine.
#
#   docs/measure-volume.sh rates [MIB [ROUNDS [PART ...]]]
#                                                    full-stripe writes, scrub and rebuild (cp, scrub, rebuild) beside
#                                                    plain direct I/O, 1024 MiB of each disk, 5 rounds
#   docs/measure-volume.sh rebuild [SECONDS]         what a host sees while a disk is rebuilt
#   docs/measure-volume.sh amplification [GIBIBYTES] random 4 KiB overwrites of a LUN, fresh and aged, and paced
#   docs/measure-volume.sh paced                     the same LUN once more: as fast as it goes, and at 80 % of that
#
# Needs: the built program and its tests (mvn -DskipTests package), jq, and of disk under
# ${LAB_DIR:-/tmp/lockstep-measure}: 6 GiB for rates, 11 for rebuild, 2.2 times the LUN for amplification.
set -euo pipefail
# shellcheck source=measure-nodes.sh
. "$(dirname "$(readlink -f "$0")")/measure-nodes.sh"

java25() {
    local found
    for found in ${LOCKSTEP_JAVA_HOME:+"$LOCKSTEP_JAVA_HOME"} /usr/lib/jvm/*25*; do
        [ -x "$found/bin/java" ] && echo "$found/bin/java" && return
    done
}

metrics() { on volume status --json | jq -c '.metrics'; }
url=iscsi://127.0.0.1:14280/iqn.2026-11.io.lockstep:v/0
bench() { "$lockstep" bench --json --pid "${pid[volume]}" "$@" "$url"; }

# One walk over the LUN, until all of it is mapped.
fill() { # BYTES
    # No function: a signal would end only the shell that runs it.
    "$lockstep" bench --mode write --sequential --block-size 256k --depth 8 --duration 3600 "$url" \
        >/dev/null &
    local filler=$!
    until [ "$(on volume lun list --json | jq '.[0].usedBytes')" -ge "$1" ]; do sleep 2; done
    kill "$filler"
    wait "$filler" || true
}

# Waits until all that hosts wrote is in a consistency point.
settle() {
    local quiet=0
    while [ "$quiet" -lt 3 ]; do
        sleep 2
        [ "$(metrics | jq '."volume.v.dirty-bytes"')" -eq 0 ] && quiet=$((quiet + 1)) || quiet=0
    done
}

rates() {
    local jars
    jars=$(printf '%s:' "$home"/cli/target/lib/*.jar)
    "$(java25)" -cp "$home/block-store/target/test-classes:$home/block-store/target/classes:$jars" \
        lockstep.blockstore.bench.VolumeRates "$lab/rates" "${1:-1024}" "${2:-5}" "${@:3}"
}

latencies() { jq -r '"\(.iops|floor) IOPS, reads p50/p99/p99.9/max \(.reads.p50|floor)/\(.reads.p99|floor)/\(.reads.p999|floor)/\(.reads.max|floor) us, writes \(.writes.p50|floor)/\(.writes.p99|floor)/\(.writes.p999|floor)/\(.writes.max|floor) us, \(.failed) failed"'; }

rebuild() {
    local seconds=${1:-30}
    node volume 14280 5 1400 "2 GiB" "64 MiB"
    on volume volume create v --auto >/dev/null
    on volume lun create v data --size 4g >/dev/null
    fill $((4 << 30))
    local load=(--mode mixed --depth 8 --duration "$seconds")
    echo "before:   $(bench "${load[@]}" | latencies)"
    on volume disk fault v --group 0 --slot 1 >/dev/null
    echo "degraded: $(bench "${load[@]}" | latencies)"
    whole "$lab/volume/disks/d5" 1400
    on volume disk replace v d5 >/dev/null
    echo "rebuilt:  $(bench "${load[@]}" | latencies)"
    on volume disk list
    until on volume volume list --json | jq -e 'all(.[].groups[]; .state == "healthy")' >/dev/null; do sleep 1; done
    on volume status | grep -i rebuil || true
    echo "after:    $(bench "${load[@]}" | latencies)"
}

# Blocks written for each block that hosts wrote, from two states of the metrics.
breakdown() { # BEFORE AFTER HOST-BLOCKS
    jq -rn --argjson a "$1" --argjson b "$2" --argjson host "$3" '
        def d($n): ($b["volume.v.written-blocks.\($n)"] - $a["volume.v.written-blocks.\($n)"]) / $host;
        ["data", "tree", "maps", "parity", "checksums", "notes"] | map({n: ., v: d(.)}) as $p
        | ($p | map("\(.n) \(.v * 1000 | round / 1000)") | join(", "))
          + ", in all \($p | map(.v) | add * 1000 | round / 1000)"
          + "; read for parity \(d("read-for-parity") * 1000 | round / 1000)"'
}

overwrite() { # LABEL SECONDS OPTIONS...
    local label=$1 seconds=$2 before after result host
    before=$(metrics)
    result=$(bench --mode write --depth 32 --warm-up 0 --duration "$seconds" "${@:3}")
    # What is written behind the last acknowledgement belongs to it.
    settle
    after=$(metrics)
    host=$(jq '.writes.count' <<<"$result")
    echo "$label: $(latencies <<<"$result")"
    echo "    $(breakdown "$before" "$after" "$host")"
    rate=$(jq '.iops | floor' <<<"$result")
}

amplification() {
    local gibibytes=${1:-16}
    # With the LUN mapped as a whole the volume is 70 % full.
    node volume 14280 5 $((gibibytes * 1024 * 10 / 7 / 4 + 64)) "2 GiB" "1 GiB"
    on volume volume create v --auto >/dev/null
    on volume lun create v data --size "${gibibytes}g" >/dev/null
    echo "filling $gibibytes GiB"
    fill $((gibibytes << 30))
    settle
    on volume lun list
    on volume volume list
    overwrite "fresh" 120
    local total=0
    while [ "$total" -lt $((gibibytes * 2)) ]; do
        bench --mode write --depth 32 --duration 120 --seed $((100 + total)) >"$lab/pass.json"
        total=$((total + $(jq '.writes.count * 4096 / 1073741824 | floor' <"$lab/pass.json")))
        echo "    overwritten at random: $total GiB, $(latencies <"$lab/pass.json")"
    done
    paced
}

paced() {
    [ -n "${pid[volume]:-}" ] || node volume 14280 5 0 "2 GiB" "1 GiB"
    overwrite "aged" 120 --seed 7
    local sustained=$rate worst=0 now
    overwrite "aged, at 80 % of $sustained a second" 120 --seed 8 --rate $((sustained * 8 / 10)) &
    local running=$!
    while kill -0 "$running" 2>/dev/null; do
        now=$(metrics | jq '."volume.v.longest-wait-micros"')
        [ "$now" -le "$worst" ] || worst=$now
        sleep 1
    done
    wait "$running"
    echo "    longest wait for room, of any write: $worst us"
    on volume status | grep -A1 '^volume'
}

case ${1:-} in
    rates | rebuild | amplification | paced) "$@" ;;
    *) sed -n '3,9p' "$0" && exit 2 ;;
esac
