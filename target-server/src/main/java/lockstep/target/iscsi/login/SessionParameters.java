package lockstep.target.iscsi.login;

/// What a session runs with. Lengths are bytes. `initiatorSegmentMax` is what the initiator takes
/// in one PDU; what this target takes is in [IscsiSettings].
public record SessionParameters(
        boolean headerDigest,
        boolean dataDigest,
        boolean initialR2t,
        boolean immediateData,
        int initiatorSegmentMax,
        int burstMax,
        int firstBurst,
        int outstandingR2tMax) {}
