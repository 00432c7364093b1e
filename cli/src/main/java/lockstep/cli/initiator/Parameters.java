package lockstep.cli.initiator;

import java.util.Map;

/// What a login agreed on. `targetSegment` is the longest data segment the target takes.
public record Parameters(
        boolean headerDigest,
        boolean dataDigest,
        boolean immediateData,
        boolean initialR2T,
        int firstBurst,
        int maxBurst,
        int targetSegment,
        int tsih) {
    private static final int DEFAULT_SEGMENT = 8192;

    /// Before a login: no digests, the smallest segments.
    static final Parameters LOGIN =
            new Parameters(false, false, true, true, 65536, 262144, DEFAULT_SEGMENT, 0);

    /// The agreement from what we offered and what the target answered; an answer outside the rules
    /// of RFC 7143 section 13 is refused.
    static Parameters agreed(SessionOptions offered, Map<String, String> answer, int tsih)
            throws ProtocolException {
        int firstBurst = number(answer, "FirstBurstLength", offered.firstBurstLength());
        int maxBurst = number(answer, "MaxBurstLength", offered.maxBurstLength());
        if (firstBurst > offered.firstBurstLength() || maxBurst > offered.maxBurstLength()) {
            throw new ProtocolException("a burst length above the offered one was answered");
        }
        boolean initialR2T = bool(answer, "InitialR2T", offered.initialR2T());
        boolean immediateData = bool(answer, "ImmediateData", offered.immediateData());
        if ((offered.initialR2T() && !initialR2T) || (!offered.immediateData() && immediateData)) {
            throw new ProtocolException("InitialR2T or ImmediateData answered against its rule");
        }
        return new Parameters(
                digest(answer, "HeaderDigest", offered.headerDigest()),
                digest(answer, "DataDigest", offered.dataDigest()),
                immediateData,
                initialR2T,
                firstBurst,
                maxBurst,
                number(answer, "MaxRecvDataSegmentLength", DEFAULT_SEGMENT),
                tsih);
    }

    private static int number(Map<String, String> answer, String key, int absent)
            throws ProtocolException {
        String value = answer.get(key);
        if (value == null) {
            return absent;
        }
        try {
            int number = Integer.decode(value);
            if (number < 512 || number > 0xffffff) {
                throw new ProtocolException(key + "=" + value + " is out of range");
            }
            return number;
        } catch (NumberFormatException e) {
            throw new ProtocolException(key + "=" + value + " is not a number");
        }
    }

    private static boolean bool(Map<String, String> answer, String key, boolean absent)
            throws ProtocolException {
        String value = answer.get(key);
        if (value == null) {
            return absent;
        }
        if (!value.equals("Yes") && !value.equals("No")) {
            throw new ProtocolException(key + "=" + value + " is neither Yes nor No");
        }
        return value.equals("Yes");
    }

    private static boolean digest(Map<String, String> answer, String key, boolean offered)
            throws ProtocolException {
        String value = answer.getOrDefault(key, "None");
        if (value.equals("None") || (value.equals("CRC32C") && offered)) {
            return value.equals("CRC32C");
        }
        throw new ProtocolException(key + "=" + value + " was not offered");
    }
}
