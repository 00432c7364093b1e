package lockstep.blockstore.inject;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/// The named points of the store: steps at its ports, at which a node can be made to crash, or the
/// step be held up. They are the same for an active volume and for a mirror.
public enum StorePoint {
    /// The blocks of a consistency point are about to be written.
    CP_WRITE("before blocks of a consistency point are written"),
    /// They are written, and about to be flushed.
    CP_FLUSH("between the writes of a consistency point and their flush"),
    /// Everything else of it is durable, and its superblock about to be written.
    CP_SUPERBLOCK("before the superblock of a consistency point"),
    /// Its superblock is durable, and nobody knows.
    CP_COMMITTED("after the superblock, before anybody is told"),
    /// The record that holds role, promise and sync state of a copy is about to be written.
    STATE_RECORD("before the record of role, promised epoch and sync state"),
    /// That record is durable, and nobody knows.
    STATE_RECORDED("after that record, before anybody is told"),
    /// Stripes that a crash or a change of role left half written are about to be made right.
    STRIPES_RECOVERY("before half-written stripes are made right"),
    /// They are right.
    STRIPES_RECOVERED("after half-written stripes were made right"),
    /// A group of log entries is about to be written to a log device.
    LOG_WRITE("before a group of entries is written to the log"),
    /// It is durable on that device, and nothing of it is acknowledged, to a host or to a source.
    LOG_WRITTEN("after the log write, before the acknowledgement");

    private final String description;

    StorePoint(String description) {
        this.description = description;
    }

    /// When it is reached, for people.
    public String description() {
        return description;
    }

    /// What people call it.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// The point that people call `label`; null if there is none.
    public static @Nullable StorePoint of(String label) {
        for (StorePoint point : values()) {
            if (point.label().equals(label)) {
                return point;
            }
        }
        return null;
    }
}
