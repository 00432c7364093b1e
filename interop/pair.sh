# A mirrored pair of nodes on loopback, for the scripts beside this file to source.
#
#   pair_make DIR PORT LUN-SIZE...   two new nodes, DIR/a and DIR/b, a volume with LUNs 0, 1, ..., in sync
#   pair_start NODE                  starts node a or b, which was made before
#   pair_kill NODE                   SIGKILL
#   pair_take NODE                   the operator's word that NODE takes over
#   pair_in_sync SOURCE              waits until SOURCE serves and the other node mirrors
#   on NODE ARGUMENT...              the command line, asking NODE
#   pair_stop                        ends what runs, the source first
#
# Node a listens on PORT and PORT+1, node b on PORT+2; PORT+3 and PORT+4 are their link. More lines
# for both nodes' configuration may stand in pair_settings before pair_make, how large each disk (a
# sparse file) is in pair_disk_mebibytes, and the address that hosts are told in pair_advertised.

lockstep=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")/bin/lockstep
pair_volume=interop
pair_target=iqn.2026-11.io.lockstep:$pair_volume
pair_settings=${pair_settings:-}
pair_disk_mebibytes=256
pair_advertised=127.0.0.1
declare -A pair_pid=()

on() {
    LOCKSTEP_NODE=$pair_dir/$1/admin.sock "$lockstep" "${@:2}"
}

# pair_node NAME DISKS LINK-PORT PORTAL...
pair_node() {
    local node=$pair_dir/$1 portals= portal
    mkdir -p "$node/disks"
    for ((disk = 0; disk < $2; disk++)); do
        [ -e "$node/disks/$disk" ] || truncate -s "${pair_disk_mebibytes}M" "$node/disks/$disk"
    done
    for portal in "${@:4}"; do
        portals+="{ listen = \"127.0.0.1:$portal\", advertise = \"$pair_advertised:$portal\" }, "
    done
    cat >"$node/node.conf" <<CONF
name = "$1"
data-dir = "$node"
disks = ["$node/disks/*"]
log { size = 512 MiB, segment = 1 MiB, half = 128 MiB }
iscsi.portals = [${portals%, }]
replication { listen = "127.0.0.1:$3", loss = 1500 ms }
$pair_settings
CONF
}

pair_start() {
    local node=$pair_dir/$1
    "$lockstep" node start -c "$node/node.conf" >>"$node/node.log" 2>&1 &
    pair_pid[$1]=$!
    for ((wait = 0; wait < 300; wait++)); do
        # The socket of an earlier run may still be there: only an answer counts.
        if [ -S "$node/admin.sock" ] && on "$1" volume list >/dev/null 2>&1; then
            return 0
        fi
        kill -0 "${pair_pid[$1]}" 2>/dev/null || break
        sleep 0.2
    done
    echo "node $1 does not answer:" >&2
    tail -n 20 "$node/node.log" >&2
    return 1
}

pair_kill() {
    kill -KILL "${pair_pid[$1]}"
    wait "${pair_pid[$1]}" 2>/dev/null || true
    unset "pair_pid[$1]"
}

pair_take() {
    on "$1" takeover "$pair_volume" --confirm-source-down
}

# pair_states NODE: role, state and sync of its copy in one line.
pair_states() {
    on "$1" volume list --json 2>/dev/null |
        sed -n 's/.*"\(role\|state\|sync\)" : "\([^"]*\)".*/\2/p' | tr '\n' ' '
}

pair_in_sync() {
    local source=$1 mirror=b
    [ "$source" = a ] || mirror=a
    for ((wait = 0; wait < 120; wait++)); do
        case "$(pair_states "$source")/$(pair_states "$mirror")" in
        "source in-sync "*/"destination mirroring in-sync "*) return 0 ;;
        esac
        sleep 0.5
    done
    echo "not in sync: a $(pair_states a), b $(pair_states b)" >&2
    return 1
}

pair_make() {
    pair_dir=$1
    rm -rf "$pair_dir"/{a,b}
    # Builds what is not built yet, once and before two of them would.
    "$lockstep" --help >/dev/null || return 1
    local port=$2 number=0 size
    shift 2
    pair_node a 4 $((port + 3)) "$port" $((port + 1))
    pair_node b 5 $((port + 4)) $((port + 2))
    pair_start a && pair_start b || return 1
    on a volume create "$pair_volume" --auto >/dev/null || return 1
    for size in "$@"; do
        on a lun create "$pair_volume" "lun$number" --size "$size" --number "$number" >/dev/null ||
            return 1
        number=$((number + 1))
    done
    on a pair create "$pair_volume" --peer-admin "$pair_dir/b/admin.sock" >/dev/null || return 1
    pair_in_sync a
}

pair_stop() {
    local node
    for node in a b; do
        [ -z "${pair_pid[$node]:-}" ] || kill "${pair_pid[$node]}" 2>/dev/null || true
    done
    wait
}
