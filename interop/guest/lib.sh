# What the parts of the guest share.

result() { # passed|FAILED TEXT
    echo "[$(cut -d' ' -f1 /proc/uptime)] $*"
    printf '%-6s %6s s  %s\n' "$1" "$(cut -d. -f1 /proc/uptime)" "${*:2}" >>/host/results
}

# expect TEXT COMMAND...: a check; what the command said is shown if it fails.
expect() {
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then
        result passed "$text"
    else
        result FAILED "$text"
        printf '%s\n' "$said" | tail -n 15 | sed 's/^/    /' | tee -a /host/results
        return 1
    fi
}

# need TEXT COMMAND...: a check without which nothing after it makes sense.
need() {
    expect "$@" && return
    echo "stopped" >>/host/results
    sync
    /bin/busybox poweroff -f
    sleep 60
}

# on_host WORD...: has interop/linux do something; fails if that fails. Calls are counted by their
# files: this runs in subshells too.
on_host() {
    local call=1
    while [ -e "/host/calls/$call" ]; do call=$((call + 1)); done
    echo "$*" >/host/calls/new
    mv /host/calls/new "/host/calls/$call"
    while [ ! -e "/host/calls/$call.code" ]; do sleep 0.2; done
    [ "$(cat "/host/calls/$call.code")" = 0 ] || { cat "/host/calls/$call.said"; return 1; }
}

# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.3
    done
}

configure() { # KEY VALUE: in iscsid.conf
    sed -i "/^#* *$(printf %s "$1" | sed 's/[][]/\\&/g') *=/d" /etc/iscsi/iscsid.conf
    echo "$1 = $2" >>/etc/iscsi/iscsid.conf
}

initiator_start() {
    local where
    echo "InitiatorName=iqn.1993-08.org.debian:01:guest" >/etc/iscsi/initiatorname.iscsi
    configure node.startup manual
    configure node.session.timeo.replacement_timeout 5
    configure 'node.conn[0].timeo.noop_out_interval' 2
    configure 'node.conn[0].timeo.noop_out_timeout' 4
    configure 'node.conn[0].iscsi.HeaderDigest' CRC32C
    configure 'node.conn[0].iscsi.DataDigest' CRC32C
    for where in discovery.sendtargets.auth node.session.auth; do
        configure $where.authmethod CHAP
        configure $where.username guest
        configure $where.password "$chap_secret"
        configure $where.username_in node
        configure $where.password_in "$target_secret"
    done
    configure node.session.auth.chap_algs SHA3-256,SHA256
    iscsid
}

# discover PORT: finds the target at 10.0.2.2, where this guest reaches the host.
discover() {
    local found
    found=$(iscsiadm -m discovery -t sendtargets -p "10.0.2.2:$1") || return 1
    echo "$found"
    grep -q "^10.0.2.2:$1,[0-9]* $target\$" <<<"$found"
}

log_in() { iscsiadm -m node -T "$target" -p "10.0.2.2:$1" --login; }
log_out() { iscsiadm -m node -T "$target" -p "10.0.2.2:$1" --logout; }

# disk PORT LUN: the device of this LUN over this path, as soon as it is there.
disk() {
    local link=/dev/disk/by-path/ip-10.0.2.2:$1-iscsi-$target-lun-$2
    until_true 20 test -b "$link" && readlink -f "$link"
}

queue() { cat "/sys/block/$(basename "$1")/queue/$2"; }

# fio_verify FILE SIZE OPTION...: random writes of mixed lengths, each read back and compared.
fio_verify() {
    fio --name=verify --filename="$1" --size="$2" --rw=randwrite --bsrange=4k-64k --ioengine=libaio \
        --iodepth=16 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1 "${@:3}"
}
