# What the measuring scripts beside it have in common; each sources it. Sets `home`, `lab`, where
# nodes live, and `lockstep`, and ends with every process that is in `pid`.
home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
lab=${LAB_DIR:-/tmp/lockstep-measure}
lockstep=$home/bin/lockstep
mkdir -p "$lab"
declare -A pid
stop() {
    # One that was stopped would not end.
    kill -CONT "${pid[@]}" 2>/dev/null || true
    kill "${pid[@]}" 2>/dev/null || true
    sleep 3
    # tgtd stays while it has targets.
    kill -KILL "${pid[@]}" 2>/dev/null || true
}
trap stop EXIT

# Makes a file that has all its blocks: where they are new, a file system takes twice as long to write.
whole() { # FILE MEBIBYTES
    [ -e "$1" ] || dd if=/dev/zero of="$1" bs=1M count="$2" oflag=direct status=none
}

# Starts a node on files of its own, which it keeps if they are there, and waits until it answers.
node() { # NAME ISCSI-PORT DISKS MEBIBYTES LOG CACHE
    local dir=$lab/$1 i
    mkdir -p "$dir/disks"
    for ((i = 0; i < $3; i++)); do whole "$dir/disks/d$i" "$4"; done
    cat >"$dir/node.conf" <<CONF
name = "$1"
data-dir = "$dir/data"
disks = ["$dir/disks/d*"]
log { path = "$dir/log", size = $5 }
cache-size = $6
iscsi { portals = ["127.0.0.1:$2"] }
replication { listen = "127.0.0.1:$(($2 + 3551))" }
CONF
    "$lockstep" node start -c "$dir/node.conf" >"$dir/node.log" 2>&1 &
    pid[$1]=$!
    for _ in $(seq 300); do [ -S "$dir/data/admin.sock" ] && return; sleep 0.2; done
    echo "node $1 does not come up: $dir/node.log" >&2
    exit 1
}

# Orders of the command line.
on() { # NAME COMMAND...
    LOCKSTEP_NODE=$lab/$1/data/admin.sock "$lockstep" "${@:2}"
}
