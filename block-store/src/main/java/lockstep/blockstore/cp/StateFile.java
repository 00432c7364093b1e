package lockstep.blockstore.cp;

import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/// A volume's state beyond blocks as one image holds it: the LUNs, and the values that entries
/// `Put` set.
///
/// ```
/// | version (4) | LUNs (4) | LUN ... | values (4) | value ... |
/// LUN:   | number (4) | identity (16) | size (8) | mapped (8) | root (28) | name |
/// name:  | length (4) | UTF-8 |
/// value: | key: length (4), UTF-8 | length (4), bytes |
/// ```
public record StateFile(List<LunState> luns, SortedMap<String, byte[]> values) {
    private static final int VERSION = 1;

    public StateFile {
        luns = List.copyOf(luns);
    }

    /// Nothing in it.
    public static StateFile empty() {
        return new StateFile(List.of(), new TreeMap<>());
    }

    /// Bytes on disk.
    public ByteBuffer encode() {
        int size = 12;
        for (LunState lun : luns) {
            size += 64 + 4 + utf8(lun.record().name()).length;
        }
        for (Map.Entry<String, byte[]> value : values.entrySet()) {
            size += 8 + utf8(value.getKey()).length + value.getValue().length;
        }
        ByteBuffer out = ByteBuffer.allocate(size);
        out.putInt(VERSION).putInt(luns.size());
        luns.forEach(lun -> put(out, lun));
        out.putInt(values.size());
        for (Map.Entry<String, byte[]> value : values.entrySet()) {
            putBytes(out, utf8(value.getKey()));
            putBytes(out, value.getValue());
        }
        return out.flip();
    }

    /// Reads the file; null if it is of no known version.
    public static @Nullable StateFile decode(ByteBuffer in) {
        if (in.remaining() < 12 || in.getInt() != VERSION) {
            return null;
        }
        List<LunState> luns = new ArrayList<>();
        int lunCount = in.getInt();
        for (int i = 0; i < lunCount; i++) {
            luns.add(getLun(in));
        }
        TreeMap<String, byte[]> values = new TreeMap<>();
        int valueCount = in.getInt();
        for (int i = 0; i < valueCount; i++) {
            String key = new String(getBytes(in), StandardCharsets.UTF_8);
            values.put(key, getBytes(in));
        }
        return new StateFile(luns, values);
    }

    private static void put(ByteBuffer out, LunState lun) {
        LunRecord record = lun.record();
        out.putInt(record.number());
        out.putLong(record.identity().getMostSignificantBits());
        out.putLong(record.identity().getLeastSignificantBits());
        out.putLong(record.size()).putLong(lun.mappedBlocks());
        lun.root().put(out);
        putBytes(out, utf8(record.name()));
    }

    private static LunState getLun(ByteBuffer in) {
        int number = in.getInt();
        UUID identity = new UUID(in.getLong(), in.getLong());
        long size = in.getLong();
        long mapped = in.getLong();
        TreeRoot root = TreeRoot.get(number, in);
        String name = new String(getBytes(in), StandardCharsets.UTF_8);
        return new LunState(new LunRecord(number, name, identity, size), root, mapped);
    }

    private static void putBytes(ByteBuffer out, byte[] bytes) {
        out.putInt(bytes.length).put(bytes);
    }

    private static byte[] getBytes(ByteBuffer in) {
        byte[] bytes = new byte[in.getInt()];
        in.get(bytes);
        return bytes;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
