package lockstep.cli.demo;

/// How hosts attach to a target, in their own words.
final class AttachHelp {
    private AttachHelp() {}

    static String text(int port, String target, int lun) {
        return """

        Linux (open-iscsi):
          iscsiadm -m discovery -t sendtargets -p 127.0.0.1:%1$d
          iscsiadm -m node -T %2$s -p 127.0.0.1:%1$d --login
        Windows (PowerShell; on another machine use this one's address in the node's file):
          New-IscsiTargetPortal -TargetPortalAddress 127.0.0.1 -TargetPortalPortNumber %1$d
          Connect-IscsiTarget -NodeAddress %2$s
        QEMU:
          qemu-system-x86_64 ... -drive file=iscsi://127.0.0.1:%1$d/%2$s/%3$d,format=raw,if=virtio
          qemu-img info iscsi://127.0.0.1:%1$d/%2$s/%3$d

        Ctrl-C stops both nodes; `lockstep demo` with the same --dir goes on where this ends.

        """
                .formatted(port, target, lun);
    }
}
