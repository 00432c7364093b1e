# File systems on LUN 0, made, used, trimmed and checked by programs that are not ours.
disk0=$(disk "$port_a" 0)

# Files of odd lengths, with their checksums beside them.
fill() {
    mkdir "$1/tree" && cp -r /etc /usr/lib/udev/rules.d /usr/lib/modules/*/modules.* "$1/tree/" &&
        (cd "$1" && find tree -type f -exec sha256sum {} + >sums && [ "$(wc -l <sums)" -gt 100 ])
}
same() { (cd "$1" && sha256sum --quiet -c sums); }
forget() { sync && echo 3 >/proc/sys/vm/drop_caches; }

for kind in ext4 xfs; do
    case $kind in
    ext4) make=(mkfs.ext4 -q -F) check=(e2fsck -fn) ;;
    xfs) make=(mkfs.xfs -q -f) check=(xfs_repair -n) ;;
    esac
    need "$kind is made" "${make[@]}" "$disk0"
    need "$kind is mounted" mount -t "$kind" "$disk0" /mnt
    expect "$kind takes a tree of files" fill /mnt
    expect "$kind: fio reads back what it wrote" fio_verify /mnt/fio 16m
    rm /mnt/fio
    expect "$kind is trimmed" fstrim /mnt
    forget
    expect "$kind gives the files back from the disk" same /mnt
    umount /mnt
    expect "$kind is clean" "${check[@]}" "$disk0"
    log_out "$port_a" && log_in "$port_a"
    disk0=$(disk "$port_a" 0)
    mount -t "$kind" "$disk0" /mnt
    expect "$kind gives the files back after a new login" same /mnt
    umount /mnt
done
# Every second MiB of 16 is discarded, on the disk and in a copy of what it should hold.
punched() {
    local at
    dd if=/dev/urandom of=/run/copy bs=1M count=16 && dd if=/run/copy of="$disk0" bs=1M oflag=direct ||
        return 1
    for at in 1 3 5 7 9 11 13 15; do
        blkdiscard -o $((at << 20)) -l $((1 << 20)) "$disk0" &&
            dd if=/dev/zero of=/run/copy bs=1M count=1 seek=$at conv=notrunc || return 1
    done
    cmp -n $((16 << 20)) "$disk0" /run/copy
}
expect "discards take what they name and nothing else" punched
expect "the whole disk is discarded" blkdiscard -f "$disk0"
expect "and reads as zeros" cmp -n $((32 << 20)) "$disk0" /dev/zero
dd if=/dev/urandom of="$disk0" bs=1M count=8 oflag=direct 2>/dev/null
expect "8 MiB are zeroed" blkdiscard -f -z -l $((8 << 20)) "$disk0"
expect "and read as zeros" cmp -n $((8 << 20)) "$disk0" /dev/zero
