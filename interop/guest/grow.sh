# LUN 0 grows while its file system is mounted and used.
disk0=$(disk "$port_a" 0)
need "xfs is made before it grows" mkfs.xfs -q -f "$disk0"
mount -t xfs "$disk0" /mnt
dd if=/dev/urandom of=/mnt/before bs=1M count=16 2>/dev/null
sha256sum /mnt/before >/run/before
blocks_before=$(df --output=size /mnt | tail -n 1)
need "the node grows the LUN" on_host grow 0 448m
iscsiadm -m session --rescan >/dev/null
expect "Linux sees 448 MiB" until_true 20 \
    eval "[ \"\$(blockdev --getsize64 $disk0)\" -eq $((448 << 20)) ]"
expect "xfs grows while it is mounted" xfs_growfs /mnt
expect "and is larger" test "$(df --output=size /mnt | tail -n 1)" -gt "$blocks_before"
expect "the new end takes data" fio_verify /mnt/fio 16m
expect "the old data is there" sha256sum --quiet -c /run/before
umount /mnt
expect "the grown xfs is clean" xfs_repair -n "$disk0"
