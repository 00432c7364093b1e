package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// What a session offers at login. Lengths are bytes. `isidQualifier` tells two sessions of one
/// initiator name apart; a second login with the same one reinstates the session.
public record SessionOptions(
        String initiatorName,
        int isidQualifier,
        int maxRecvDataSegmentLength,
        int firstBurstLength,
        int maxBurstLength,
        boolean immediateData,
        boolean initialR2T,
        boolean headerDigest,
        boolean dataDigest,
        Duration loginTimeout,
        @Nullable ChapSecrets chap) {
    private static final int SEGMENT = 256 * 1024;

    /// What an ordinary host asks for: 256 KiB segments, immediate data, no digests.
    public static SessionOptions defaults() {
        return new SessionOptions(
                "iqn.2026-11.io.lockstep:initiator",
                1,
                SEGMENT,
                SEGMENT,
                4 * SEGMENT,
                true,
                true,
                false,
                false,
                Duration.ofSeconds(15),
                null);
    }

    /// The same under another initiator name and session qualifier.
    public SessionOptions named(String name, int qualifier) {
        return new SessionOptions(
                name,
                qualifier,
                maxRecvDataSegmentLength,
                firstBurstLength,
                maxBurstLength,
                immediateData,
                initialR2T,
                headerDigest,
                dataDigest,
                loginTimeout,
                chap);
    }

    /// The same with both digests asked for, or none.
    public SessionOptions withDigests(boolean header, boolean data) {
        return new SessionOptions(
                initiatorName,
                isidQualifier,
                maxRecvDataSegmentLength,
                firstBurstLength,
                maxBurstLength,
                immediateData,
                initialR2T,
                header,
                data,
                loginTimeout,
                chap);
    }

    /// The same with other ways of sending data: with the command, unasked after it, or only when
    /// the target asks.
    public SessionOptions withData(boolean immediate, boolean waitForR2T) {
        return new SessionOptions(
                initiatorName,
                isidQualifier,
                maxRecvDataSegmentLength,
                firstBurstLength,
                maxBurstLength,
                immediate,
                waitForR2T,
                headerDigest,
                dataDigest,
                loginTimeout,
                chap);
    }

    /// The same with other sizes.
    public SessionOptions withLengths(int segment, int firstBurst, int maxBurst) {
        return new SessionOptions(
                initiatorName,
                isidQualifier,
                segment,
                firstBurst,
                maxBurst,
                immediateData,
                initialR2T,
                headerDigest,
                dataDigest,
                loginTimeout,
                chap);
    }

    /// The same with so much time to connect, and then to log in.
    public SessionOptions within(Duration timeout) {
        return new SessionOptions(
                initiatorName,
                isidQualifier,
                maxRecvDataSegmentLength,
                firstBurstLength,
                maxBurstLength,
                immediateData,
                initialR2T,
                headerDigest,
                dataDigest,
                timeout,
                chap);
    }

    /// The same with a proof of who the host is.
    public SessionOptions withChap(ChapSecrets secrets) {
        return new SessionOptions(
                initiatorName,
                isidQualifier,
                maxRecvDataSegmentLength,
                firstBurstLength,
                maxBurstLength,
                immediateData,
                initialR2T,
                headerDigest,
                dataDigest,
                loginTimeout,
                secrets);
    }
}
