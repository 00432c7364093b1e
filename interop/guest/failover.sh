# dm-multipath over both nodes: fio writes and verifies LUN 2 through it while the source is killed
# and its partner takes over; then the killed node comes back as the mirror, and all of it once more
# the other way.
log_out "$port_a" >/dev/null 2>&1
cat >/etc/multipath.conf <<'CONF'
defaults {
    find_multipaths no
    user_friendly_names yes
    polling_interval 2
    max_polling_interval 2
    path_grouping_policy group_by_prio
    prio alua
    failback immediate
    no_path_retry 60
    fast_io_fail_tmo 5
}
blacklist {
    devnode "^(vd|ram|loop|sr)"
}
CONF
for port in "$port_a" "$port_b"; do
    need "discovery at port $port" discover "$port"
    need "login at port $port" log_in "$port"
    need "LUN 2 over port $port" disk "$port" 2
done
modprobe -a scsi_dh_alua dm_service_time
multipathd

paths() { # STATE: how many paths of LUN 2 dm has in it
    dmsetup status "$map" | grep -o "[0-9]*:[0-9]* $1 " | wc -l
}
both_paths() { # or what there is instead
    until_true 60 eval '[ "$(paths A)" -eq 2 ]' && return
    dmsetup status "$map"
    multipath -ll "$map"
    multipathd show paths
    return 1
}
find_map() {
    map=$(multipath -l "$(disk "$port_a" 2)" 2>/dev/null | sed -n 's/^\(mpath[a-z]*\) .*/\1/p' | head -n 1)
    [ -n "$map" ] && [ -b "/dev/mapper/$map" ]
}
need "multipath makes one disk of both paths" until_true 30 find_map
find_map
need "both paths are there" both_paths
multipath -ll "$map"
priorities() { multipath -ll "$map" | grep -o 'prio=[0-9]*' | sort -u | wc -l; }
expect "ALUA tells the paths apart" until_true 10 eval '[ "$(priorities)" -eq 2 ]'

written() { gawk '{ print $5 }' "/sys/block/$(basename "$(readlink -f "/dev/mapper/$map")")/stat"; }

# through FROM TO OFFSET: fio over the fault of node FROM, whose place TO takes.
through() {
    local from=$1 to=$2 offset=$3 job before
    fio_verify "/dev/mapper/$map" 40m --offset="$offset" --rate=,2m --iodepth=4 \
        --write_lat_log="/run/$from" --log_avg_msec=0 >"/run/fio.$from" 2>&1 &
    job=$!
    sleep 6
    before=$(written)
    expect "fio runs before $from is killed" kill -0 "$job"
    expect "node $from is killed" on_host kill "$from"
    need "node $to takes over" on_host take "$to"
    expect "writes go on at node $to" until_true 60 eval "[ \$(written) -gt $((before + 20)) ]"
    wait "$job"
    expect "fio read back all that it wrote across it" test $? -eq 0 || cat "/run/fio.$from"
    result passed "the longest write across it took $(
        cat "/run/${from}"_clat*.log | gawk -F, '$2 > most { most = $2 } END { printf "%.1f s", most / 1e9 }')"
}
through a b 0
need "node a is started again" on_host start a
need "the pair is in sync again, b to a" on_host in-sync b
expect "both paths are back" both_paths
through b a 40m
need "node b is started again" on_host start b
need "the pair is in sync again, a to b" on_host in-sync a
expect "both paths are back" both_paths
again() {
    fio --name=verify --filename="/dev/mapper/$map" --size=40m --offset="$1" --rw=randwrite \
        --bsrange=4k-64k --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_only \
        --verify_fatal=1
}
expect "what was written before both takeovers is still there" again 0
expect "what was written before the second is still there" again 40m
multipath -ll "$map"
multipathd shutdown >/dev/null
