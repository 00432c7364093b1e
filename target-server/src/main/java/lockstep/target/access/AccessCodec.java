package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// An [AccessTable] as a value of its volume, under [#KEY]. Secrets in it are sealed.
///
/// ```
/// | version (4) | rules (4) | rule ... |
/// rule:       | initiator: text | ranges (4) | range ... | mask | credential in | credential out |
/// text:       | length (2) | UTF-8 |
/// range:      | address: length (1), bytes | bits (1) |
/// mask:       | 1: all, 0: listed (1) | length (2) | bit set, lowest number first |
/// credential: | 1 or 0 (1) | if 1: user: text | sealed: length (2), bytes |
/// ```
public final class AccessCodec {
    /// Where the table stands in the volume's state.
    public static final String KEY = "access/hosts";

    /// Rules that one volume can have; keeps the value far below what a log entry holds.
    public static final int RULES_MAX = 512;

    private static final int VERSION = 1;
    private static final int BYTES_MAX = 900 * 1024;

    private AccessCodec() {}

    /// The value that holds `table`; null if it would be too long.
    public static @Nullable ByteBuffer encode(AccessTable table) {
        ByteBuffer out = ByteBuffer.allocate(BYTES_MAX);
        out.putInt(VERSION).putInt(table.rules().size());
        for (HostRule rule : table.rules()) {
            if (out.remaining() < 64 * 1024) {
                return null;
            }
            put(out, rule);
        }
        return out.flip();
    }

    /// The table in `value`, with the secrets that `keys` open; null if it is of no known version
    /// or damaged. No value (null) is an open table.
    public static @Nullable AccessTable decode(
            String owner, byte @Nullable [] value, SecretKeys keys) {
        if (value == null) {
            return AccessTable.open(owner);
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        try {
            if (in.getInt() != VERSION) {
                return null;
            }
            int count = in.getInt();
            List<HostRule> rules = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                rules.add(rule(in, owner, keys));
            }
            return new AccessTable(owner, true, rules);
        } catch (BufferUnderflowException | IllegalArgumentException _) {
            return null;
        }
    }

    /// What a secret is sealed for.
    public static String place(String owner, InitiatorPattern initiator, boolean inbound) {
        return owner + '\n' + initiator.text() + '\n' + (inbound ? "in" : "out");
    }

    private static void put(ByteBuffer out, HostRule rule) {
        putText(out, rule.initiator().text());
        out.putInt(rule.addresses().size());
        for (AddressRange range : rule.addresses()) {
            out.put((byte) range.address().length).put(range.address());
            out.put((byte) range.bits());
        }
        BitSet numbers = new BitSet();
        rule.luns().numbers().forEach(numbers::set);
        out.put((byte) (rule.luns().isAll() ? 1 : 0));
        putBytes(out, numbers.toByteArray());
        put(out, rule.inbound());
        put(out, rule.outbound());
    }

    private static void put(ByteBuffer out, @Nullable Credential credential) {
        out.put((byte) (credential == null ? 0 : 1));
        if (credential != null) {
            putText(out, credential.user());
            putBytes(out, credential.sealed());
        }
    }

    private static HostRule rule(ByteBuffer in, String owner, SecretKeys keys) {
        InitiatorPattern initiator = InitiatorPattern.parse(text(in));
        if (initiator == null) {
            throw new IllegalArgumentException("no pattern");
        }
        int ranges = in.getInt();
        List<AddressRange> addresses = new ArrayList<>();
        for (int i = 0; i < ranges; i++) {
            byte[] address = new byte[in.get()];
            in.get(address);
            addresses.add(new AddressRange(address, in.get() & 0xFF));
        }
        boolean all = in.get() == 1;
        List<Integer> numbers = BitSet.valueOf(bytes(in)).stream().boxed().toList();
        LunMask mask = all ? LunMask.ALL : LunMask.of(numbers);
        Credential inbound = credential(in, place(owner, initiator, true), keys);
        Credential outbound = credential(in, place(owner, initiator, false), keys);
        return new HostRule(initiator, addresses, mask, inbound, outbound);
    }

    private static @Nullable Credential credential(ByteBuffer in, String place, SecretKeys keys) {
        if (in.get() == 0) {
            return null;
        }
        String user = text(in);
        byte[] sealed = bytes(in);
        return new Credential(user, keys.open(sealed, place), sealed);
    }

    private static void putText(ByteBuffer out, String text) {
        putBytes(out, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(ByteBuffer in) {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    private static void putBytes(ByteBuffer out, byte[] bytes) {
        out.putShort((short) bytes.length).put(bytes);
    }

    private static byte[] bytes(ByteBuffer in) {
        byte[] bytes = new byte[in.getShort() & 0xFFFF];
        in.get(bytes);
        return bytes;
    }
}
