package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/// A volume's state beyond blocks as one image holds it: the LUNs, the values that entries `Put`
/// set, the snapshots in the order of their age, and where their dead lists stand.
///
/// ```
/// | 2 (4) | LUNs (4) | LUN ... | values (4) | value ... |
/// | snapshots (4) | snapshot ... | dead lists: see DeathSpace |
/// LUN:      | record | tree (4) | root (28) | mapped (8) | nodes (8) | dead list (20) |
///           | origin (16), zeros: no clone | cp of origin (20) |
/// snapshot: | identity (16) | group (16) | created (8) | record | cp (20) |
///           | tree (4) | root (28) | mapped (8) | nodes (8) | unique (8) | dead list (20) |
///           | name | origin |
/// record:   | number (4) | identity (16) | size (8) | read-only (1) | name |
/// name:     | length (4) | UTF-8 |
/// value:    | key: length (4), UTF-8 | length (4), bytes |
/// ```
///
/// Version 1, which is read and not written, ends behind the values, and its LUNs are `| number (4)
/// | identity (16) | size (8) | mapped (8) | root (28) | name |`.
public record StateFile(
        List<LunState> luns,
        SortedMap<String, byte[]> values,
        List<Snapshot> snapshots,
        DeathSpace deaths) {
    private static final int VERSION = 2;
    private static final int WITHOUT_SNAPSHOTS = 1;
    private static final UUID NOBODY = new UUID(0, 0);

    public StateFile {
        luns = List.copyOf(luns);
        snapshots = List.copyOf(snapshots);
    }

    /// Of a volume that has no snapshots.
    public StateFile(List<LunState> luns, SortedMap<String, byte[]> values) {
        this(luns, values, List.of(), DeathSpace.EMPTY);
    }

    /// Nothing in it.
    public static StateFile empty() {
        return new StateFile(List.of(), new TreeMap<>());
    }

    /// The snapshots of the LUN of this identity, oldest first.
    public List<Snapshot> snapshotsOf(UUID lun) {
        return snapshots.stream().filter(s -> s.lun().identity().equals(lun)).toList();
    }

    /// Bytes on disk.
    public ByteBuffer encode() {
        Out out = new Out();
        out.fixed(8).putInt(VERSION).putInt(luns.size());
        out.end();
        luns.forEach(lun -> put(out, lun));
        out.number(values.size());
        for (Map.Entry<String, byte[]> value : values.entrySet()) {
            out.bytes(utf8(value.getKey()));
            out.bytes(value.getValue());
        }
        out.number(snapshots.size());
        snapshots.forEach(snapshot -> put(out, snapshot));
        deaths.put(out.fixed(deaths.bytes()));
        out.end();
        return ByteBuffer.wrap(out.all.toByteArray());
    }

    /// Reads the file; null if it is of no known version.
    public static @Nullable StateFile decode(ByteBuffer in) {
        int version = in.remaining() < 12 ? 0 : in.getInt();
        if (version != VERSION && version != WITHOUT_SNAPSHOTS) {
            return null;
        }
        List<LunState> luns = new ArrayList<>();
        int lunCount = in.getInt();
        for (int i = 0; i < lunCount; i++) {
            luns.add(version == VERSION ? getLun(in) : getLunOfVersion1(in));
        }
        TreeMap<String, byte[]> values = new TreeMap<>();
        int valueCount = in.getInt();
        for (int i = 0; i < valueCount; i++) {
            String key = getText(in);
            values.put(key, getBytes(in));
        }
        if (version == WITHOUT_SNAPSHOTS) {
            return new StateFile(luns, values);
        }
        List<Snapshot> snapshots = new ArrayList<>();
        int snapshotCount = in.getInt();
        for (int i = 0; i < snapshotCount; i++) {
            snapshots.add(getSnapshot(in));
        }
        return new StateFile(luns, values, snapshots, DeathSpace.get(in));
    }

    private static void put(Out out, LunState lun) {
        put(out, lun.record());
        ByteBuffer rest = out.fixed(4 + TreeRoot.BYTES + 16 + DeathList.BYTES + 36);
        putTree(rest, lun.root(), lun.mappedBlocks(), lun.nodes());
        lun.dead().put(rest);
        UUID origin = lun.origin();
        putId(rest, origin == null ? NOBODY : origin);
        VolumeRoot.putCp(rest, lun.originCp());
        out.end();
    }

    private static LunState getLun(ByteBuffer in) {
        LunRecord record = getRecord(in);
        TreeRoot root = TreeRoot.get(in.getInt(), in);
        long mapped = in.getLong();
        long nodes = in.getLong();
        DeathList dead = DeathList.get(in);
        UUID origin = getId(in);
        CpId originCp = VolumeRoot.getCp(in);
        return new LunState(
                record, root, mapped, nodes, dead, origin.equals(NOBODY) ? null : origin, originCp);
    }

    private static LunState getLunOfVersion1(ByteBuffer in) {
        int number = in.getInt();
        UUID identity = getId(in);
        long size = in.getLong();
        long mapped = in.getLong();
        TreeRoot root = TreeRoot.get(number, in);
        LunRecord record = new LunRecord(number, getText(in), identity, size);
        return new LunState(record, root, mapped, LunState.UNKNOWN);
    }

    private static void put(Out out, Snapshot snapshot) {
        ByteBuffer head = out.fixed(40);
        putId(head, snapshot.identity());
        putId(head, snapshot.group());
        head.putLong(snapshot.createdMillis());
        out.end();
        put(out, snapshot.lun());
        ByteBuffer rest = out.fixed(20 + 4 + TreeRoot.BYTES + 24 + DeathList.BYTES);
        VolumeRoot.putCp(rest, snapshot.cp());
        putTree(rest, snapshot.root(), snapshot.mappedBlocks(), snapshot.nodes());
        rest.putLong(snapshot.unique());
        snapshot.dead().put(rest);
        out.end();
        out.bytes(utf8(snapshot.name()));
        out.bytes(utf8(snapshot.origin()));
    }

    private static Snapshot getSnapshot(ByteBuffer in) {
        UUID identity = getId(in);
        UUID group = getId(in);
        long created = in.getLong();
        LunRecord lun = getRecord(in);
        CpId cp = VolumeRoot.getCp(in);
        TreeRoot root = TreeRoot.get(in.getInt(), in);
        long mapped = in.getLong();
        long nodes = in.getLong();
        long unique = in.getLong();
        DeathList dead = DeathList.get(in);
        String name = getText(in);
        String origin = getText(in);
        return new Snapshot(
                identity, name, group, origin, created, lun, cp, root, mapped, nodes, unique, dead);
    }

    private static void put(Out out, LunRecord record) {
        ByteBuffer fixed = out.fixed(29);
        fixed.putInt(record.number());
        putId(fixed, record.identity());
        fixed.putLong(record.size()).put((byte) (record.readOnly() ? 1 : 0));
        out.end();
        out.bytes(utf8(record.name()));
    }

    private static LunRecord getRecord(ByteBuffer in) {
        int number = in.getInt();
        UUID identity = getId(in);
        long size = in.getLong();
        boolean readOnly = in.get() != 0;
        return new LunRecord(number, getText(in), identity, size, readOnly);
    }

    private static void putTree(ByteBuffer out, TreeRoot root, long mapped, long nodes) {
        out.putInt(root.tree());
        root.put(out);
        out.putLong(mapped).putLong(nodes);
    }

    private static void putId(ByteBuffer out, UUID identity) {
        out.putLong(identity.getMostSignificantBits());
        out.putLong(identity.getLeastSignificantBits());
    }

    private static UUID getId(ByteBuffer in) {
        return new UUID(in.getLong(), in.getLong());
    }

    private static byte[] getBytes(ByteBuffer in) {
        byte[] bytes = new byte[in.getInt()];
        in.get(bytes);
        return bytes;
    }

    private static String getText(ByteBuffer in) {
        return new String(getBytes(in), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// Bytes of parts with known and unknown lengths, one behind the other.
    private static final class Out {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        private ByteBuffer part = ByteBuffer.allocate(0);

        /// Room for exactly `bytes` bytes; [#end] when they are in.
        ByteBuffer fixed(int bytes) {
            part = ByteBuffer.allocate(bytes);
            return part;
        }

        void end() {
            all.write(part.array(), 0, part.position());
        }

        void number(int value) {
            fixed(4).putInt(value);
            end();
        }

        void bytes(byte[] bytes) {
            number(bytes.length);
            all.write(bytes, 0, bytes.length);
        }
    }
}
