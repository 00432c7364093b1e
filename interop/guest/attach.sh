# Discovery and login, and what Linux makes of the disk.

# set_password WHERE PASSWORD: what is sent, or expected, at the next login.
set_password() {
    iscsiadm -m node -T "$target" -p "10.0.2.2:$port_a" -o update -n "node.session.auth.$1" -v "$2"
}
refused() { ! log_in "$port_a"; }

need "discovery finds the target at node a" discover "$port_a"
expect "a wrong secret is refused" eval 'set_password password wrong-password && refused'
set_password password "$chap_secret"
expect "a target with another secret is not believed" \
    eval 'set_password password_in other-password && refused'
set_password password_in "$target_secret"
need "login with CHAP both ways" log_in "$port_a"
settled() { iscsiadm -m session -P 2 | grep -q "$1: CRC32C"; }
expect "headers are digested" settled HeaderDigest
expect "data is digested" settled DataDigest
for lun in 0 1 2; do
    need "LUN $lun is a disk" disk "$port_a" "$lun"
done
disk0=$(disk "$port_a" 0)
expect "512 byte sectors on 4 KiB blocks" \
    test "$(queue "$disk0" logical_block_size) $(queue "$disk0" physical_block_size)" = "512 4096"
expect "336 MiB" test "$(blockdev --getsize64 "$disk0")" -eq $((336 << 20))
expect "discard is offered" test "$(queue "$disk0" discard_max_bytes)" -gt 0
expect "zeroing is offered" test "$(queue "$disk0" write_zeroes_max_bytes)" -gt 0
expect "udev knows it by its NAA name" \
    grep -E '^ID_SERIAL=36[0-9a-f]{31}' <(udevadm info -q property "$disk0")
