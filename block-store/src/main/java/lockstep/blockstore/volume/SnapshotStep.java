package lockstep.blockstore.volume;

import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// One thing that happens to snapshots at one place in the log. Several at one place are the value
/// of one entry `Put` under [#KEY]; it is the last of its half, so that a consistency point ends
/// exactly there, also in a replay. Steps are outcomes: what they ask for was checked before.
///
/// ```
/// | 1 (1) | steps (4) | step ... |
/// take:       | 1 (1) | identity (16) | group (16) | LUN's identity (16) | created (8)
///             | name | origin |
/// delete:     | 2 (1) | identity (16) |
/// restore:    | 3 (1) | identity (16) |
/// clone:      | 4 (1) | identity (16) | number (4) | new LUN's identity (16) | size (8)
///             | read-only (1) | name |
/// delete LUN: | 5 (1) | LUN's identity (16) |
/// name:       | length (2) | UTF-8 |
/// ```
sealed interface SnapshotStep {
    /// The key of entries that hold steps.
    String KEY = "snap/steps";

    /// A snapshot of LUN `lun` is taken.
    record Take(UUID identity, UUID group, UUID lun, long createdMillis, String name, String origin)
            implements SnapshotStep {}

    /// Snapshot `identity` goes.
    record Delete(UUID identity) implements SnapshotStep {}

    /// The LUN of snapshot `identity`, which is its newest now, is what that is.
    record Restore(UUID identity) implements SnapshotStep {}

    /// `as` is a new LUN that begins as snapshot `identity`.
    record Clone(UUID identity, LunRecord as) implements SnapshotStep {}

    /// LUN `lun` goes, with its snapshots.
    record DeleteLun(UUID lun) implements SnapshotStep {}

    /// Whether `entry` holds steps, and so is the last of its half.
    static boolean endsHalf(LogEntry entry) {
        return entry instanceof LogEntry.Put put && put.key().equals(KEY);
    }

    /// The value for these steps.
    static ByteBuffer encode(List<SnapshotStep> steps) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(1);
            out.writeInt(steps.size());
            for (SnapshotStep step : steps) {
                put(out, step);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    private static void put(DataOutputStream out, SnapshotStep step) throws IOException {
        switch (step) {
            case Take take -> {
                out.writeByte(1);
                put(out, take.identity);
                put(out, take.group);
                put(out, take.lun);
                out.writeLong(take.createdMillis);
                put(out, take.name);
                put(out, take.origin);
            }
            case Delete delete -> {
                out.writeByte(2);
                put(out, delete.identity);
            }
            case Restore restore -> {
                out.writeByte(3);
                put(out, restore.identity);
            }
            case Clone clone -> {
                out.writeByte(4);
                put(out, clone.identity);
                out.writeInt(clone.as.number());
                put(out, clone.as.identity());
                out.writeLong(clone.as.size());
                out.writeBoolean(clone.as.readOnly());
                put(out, clone.as.name());
            }
            case DeleteLun delete -> {
                out.writeByte(5);
                put(out, delete.lun);
            }
        }
    }

    private static void put(DataOutputStream out, UUID identity) throws IOException {
        out.writeLong(identity.getMostSignificantBits());
        out.writeLong(identity.getLeastSignificantBits());
    }

    private static void put(DataOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeShort(utf8.length);
        out.write(utf8);
    }

    /// The steps of a value; null if it makes no sense.
    static @Nullable List<SnapshotStep> decode(ByteBuffer borrowed) {
        ByteBuffer in = borrowed.duplicate();
        try {
            if (in.get() != 1) {
                return null;
            }
            int count = in.getInt();
            List<SnapshotStep> steps = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                SnapshotStep step = get(in);
                if (step == null) {
                    return null;
                }
                steps.add(step);
            }
            return steps;
        } catch (BufferUnderflowException _) {
            return null;
        }
    }

    private static @Nullable SnapshotStep get(ByteBuffer in) {
        return switch (in.get()) {
            case 1 -> new Take(id(in), id(in), id(in), in.getLong(), text(in), text(in));
            case 2 -> new Delete(id(in));
            case 3 -> new Restore(id(in));
            case 4 -> getClone(in);
            case 5 -> new DeleteLun(id(in));
            default -> null;
        };
    }

    private static @Nullable Clone getClone(ByteBuffer in) {
        UUID snapshot = id(in);
        int number = in.getInt();
        UUID identity = id(in);
        long size = in.getLong();
        boolean readOnly = in.get() != 0;
        String name = text(in);
        boolean sane = LunRecord.isNumber(number) && LunRecord.isSize(size);
        return sane
                ? new Clone(snapshot, new LunRecord(number, name, identity, size, readOnly))
                : null;
    }

    private static UUID id(ByteBuffer in) {
        return new UUID(in.getLong(), in.getLong());
    }

    private static String text(ByteBuffer in) {
        byte[] utf8 = new byte[in.getShort() & 0xFFFF];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
