#!/bin/bash
# Measures Lockstep beside tgt on this machine, alternating, and prints one line of JSON per run.
#
#   docs/measure.sh OUT.jsonl [SECONDS] [CELL ...]
#
# A cell is CASE:DEPTH:SIZE, as in write:32:4k; without any, all are measured. Needs: the built program
# (mvn -DskipTests package), Debian's package tgt, 64 GiB of disk under ${LAB_DIR:-/tmp/lockstep-measure}.
# Every target gets a 4 GiB LUN on the same file system. Cases:
#   write     durable before GOOD: lockstep un-mirrored, lockstep mirrored (both nodes here), tgt with
#             O_SYNC, tgt with O_SYNC|O_DIRECT; tgt buffered stands beside them and is not durable
#   read      random reads of 512 MiB that are in memory everywhere (cache) and of the whole LUN (disk)
# each at depth 1 and 32, with 4 KiB and 64 KiB. Every LUN is written as a whole once, before. Both nodes
# of the pair have the same disks; DESTINATION_DISKS=4 DESTINATION_MEBIBYTES=4608 gives the mirror others.
set -euo pipefail
# shellcheck source=measure-nodes.sh
. "$(dirname "$(readlink -f "$0")")/measure-nodes.sh"
out=$1 seconds=${2:-60}
cells=("${@:3}")

tgt() { # NAME PORT FLAGS
    local image=$lab/$1.img
    [ -e "$image" ] || dd if=/dev/zero of="$image" bs=1M count=4096 conv=fsync status=none
    tgtd -f -C "$2" --iscsi portal="127.0.0.1:$2" >"$lab/$1.log" 2>&1 &
    pid[$1]=$!
    sleep 1
    tgtadm -C "$2" --lld iscsi --mode target --op new --tid 1 --targetname "iqn.2026-11.lab:$1"
    tgtadm -C "$2" --lld iscsi --mode logicalunit --op new --tid 1 --lun 1 \
        --backing-store "$image" --bstype rdwr ${3:+--bsoflags "$3"}
    for kv in MaxRecvDataSegmentLength=262144 FirstBurstLength=262144 InitialR2T=No; do
        tgtadm -C "$2" --lld iscsi --mode target --op update --tid 1 --name "${kv%%=*}" \
            --value "${kv#*=}"
    done
    tgtadm -C "$2" --lld iscsi --mode target --op bind --tid 1 --initiator-address ALL
}

run() { # CASE TARGET PID[,PID] URL OPTIONS...
    local result
    # Nobody waits for what another left in the page cache.
    sync
    result=$("$lockstep" bench --json --duration "$seconds" --pid "$3" "${@:5}" "$4")
    printf '{"case":"%s","target":"%s","options":"%s","result":%s}\n' \
        "$1" "$2" "${*:5}" "$result" | tr -d '\n' | tee -a "$out"
    printf '\n' | tee -a "$out"
}

iqn=iqn.2026-11.io.lockstep
node single 14260 5 3072 "2 GiB" "1 GiB"
node source 14261 5 3072 "2 GiB" "1 GiB"
node destination 14262 "${DESTINATION_DISKS:-5}" "${DESTINATION_MEBIBYTES:-3072}" "2 GiB" "1 GiB"
if [ ! -e "$lab/made" ]; then
    on single volume create alone --auto
    on single lun create alone disk --size 4g
    on source volume create paired --auto
    on source lun create paired disk --size 4g
    on source pair create paired --peer-admin "$lab/destination/data/admin.sock"
    touch "$lab/made"
fi
tgt sync 14271 sync
tgt syncdirect 14272 sync:direct
tgt buffered 14273 ""
sleep 5

single_url=iscsi://127.0.0.1:14260/$iqn:alone/0
source_url=iscsi://127.0.0.1:14261/$iqn:paired/0
sync_url=iscsi://127.0.0.1:14271/iqn.2026-11.lab:sync/1
syncdirect_url=iscsi://127.0.0.1:14272/iqn.2026-11.lab:syncdirect/1
buffered_url=iscsi://127.0.0.1:14273/iqn.2026-11.lab:buffered/1

if [ ! -e "$lab/filled" ]; then
    for url in "$single_url" "$source_url"; do
        "$lockstep" bench --mode write --sequential --block-size 256k --depth 8 --duration 40 "$url"
    done
    touch "$lab/filled"
fi

# What a server has been doing for two minutes is compiled, at the destination too, which hears of
# less; tgt is from the start.
for url in "$single_url" "$source_url"; do
    "$lockstep" bench --mode write --depth 32 --duration 120 "$url"
done

# cell CASE DEPTH SIZE: every target in turn.
cell() {
    local o=(--mode "$1" --depth "$2" --block-size "$3")
    local cached=("${o[@]}" --size 512m --warm-up 10)
    o+=(--warm-up 5)
    if [ "$1" = write ]; then
        run write lockstep "${pid[single]}" "$single_url" "${o[@]}"
        run write tgt-sync "${pid[sync]}" "$sync_url" "${o[@]}"
        run write lockstep-mirrored "${pid[source]},${pid[destination]}" "$source_url" "${o[@]}"
        run write tgt-syncdirect "${pid[syncdirect]}" "$syncdirect_url" "${o[@]}"
        run write tgt-buffered "${pid[buffered]}" "$buffered_url" "${o[@]}"
    else
        run read-cache lockstep "${pid[single]}" "$single_url" "${cached[@]}"
        run read-cache tgt-buffered "${pid[buffered]}" "$buffered_url" "${cached[@]}"
        run read-disk lockstep "${pid[single]}" "$single_url" "${o[@]}"
        run read-disk tgt-syncdirect "${pid[syncdirect]}" "$syncdirect_url" "${o[@]}"
    fi
}

if [ ${#cells[@]} -eq 0 ]; then
    cells=({write,read}:{32,1}:{4k,64k})
fi
for each in "${cells[@]}"; do
    IFS=: read -r kind depth size <<<"$each"
    cell "$kind" "$depth" "$size"
done
