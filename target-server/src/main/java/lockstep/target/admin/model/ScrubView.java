package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/volumes/{volume}/scrub`: where the scrub of a volume's copy on this node is, and what
/// this pass (or, when idle, the last) has found. `state` is off, idle, running or stopped; `phase`
/// is pointers or stripes; `percent` counts the stripes. Times are ISO 8601, empty for never.
/// `fromPartner`: blocks that scrubs and reads have had from the partner since the node started.
/// `lostVbns` are the first hundred lost blocks; `findings` are the latest, for people, and `disks`
/// what each disk got wrong since the node started.
public record ScrubView(
        String volume,
        String state,
        String phase,
        int percent,
        String begun,
        String ended,
        long passes,
        long bytesRead,
        long healed,
        long fromPartner,
        long parityErrors,
        long checksumPages,
        long records,
        long misdirected,
        long lost,
        List<Long> lostVbns,
        List<DiskErrors> disks,
        List<String> findings) {
    public ScrubView {
        lostVbns = List.copyOf(lostVbns);
        disks = List.copyOf(disks);
        findings = List.copyOf(findings);
    }

    /// Reads that failed, and blocks that were not as they were written.
    public record DiskErrors(int group, int slot, String disk, long readFaults, long wrongBlocks) {}
}
