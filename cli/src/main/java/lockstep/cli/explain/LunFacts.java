package lockstep.cli.explain;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/// What a LUN answered: pages as they came, empty where the LUN refused. `opcodes` has operation
/// codes, with the service action in the second byte for those that have one.
public record LunFacts(
        ByteBuffer inquiry,
        Map<Integer, ByteBuffer> vitalPages,
        Set<Integer> opcodes,
        ByteBuffer capacity,
        ByteBuffer portGroups,
        ByteBuffer caching,
        ByteBuffer reservations) {
    private static final int NAA = 3;

    /// An operation with a service action, as in [#opcodes].
    static int withAction(int opcode, int action) {
        return opcode << 8 | action;
    }

    boolean does(int opcode) {
        return opcodes.contains(opcode);
    }

    boolean does(int opcode, int action) {
        return opcodes.contains(withAction(opcode, action));
    }

    boolean hasPage(int code) {
        return vitalPages.containsKey(code);
    }

    private static int u8(ByteBuffer from, int at) {
        return at < from.limit() ? from.get(at) & 0xff : 0;
    }

    private int page8(int code, int at) {
        ByteBuffer page = vitalPages.get(code);
        return page == null ? 0 : u8(page, at);
    }

    private long page32(int code, int at) {
        long value = 0;
        for (int i = 0; i < 4; i++) {
            value = value << 8 | page8(code, at + i);
        }
        return value;
    }

    /// The version byte: 5 is SPC-3, 6 is SPC-4.
    int version() {
        return u8(inquiry, 2);
    }

    /// The TPGS bits: 1 implicit, 2 explicit, 3 both.
    int portGroupSupport() {
        return u8(inquiry, 5) >> 4 & 3;
    }

    boolean thirdPartyCopy() {
        return (u8(inquiry, 5) & 8) != 0;
    }

    /// Blocks that one COMPARE AND WRITE takes.
    int compareAndWriteMax() {
        return page8(0xb0, 5);
    }

    long unmapMax() {
        return page32(0xb0, 20);
    }

    long unmapGranularity() {
        return page32(0xb0, 28);
    }

    boolean lbpu() {
        return (page8(0xb2, 5) & 0x80) != 0;
    }

    boolean lbpws() {
        return (page8(0xb2, 5) & 0x40) != 0;
    }

    boolean isThin() {
        return (page8(0xb2, 6) & 7) == 2;
    }

    boolean isRotating() {
        return (page8(0xb1, 4) << 8 | page8(0xb1, 5)) > 1;
    }

    /// LBPME of READ CAPACITY(16).
    boolean isProvisioned() {
        return (u8(capacity, 14) & 0x80) != 0;
    }

    /// LBPRZ of READ CAPACITY(16).
    boolean unmappedReadsZeros() {
        return (u8(capacity, 14) & 0x40) != 0;
    }

    int blockBytes() {
        return capacity.limit() < 12 ? 0 : capacity.getInt(8);
    }

    int physicalBytes() {
        return blockBytes() << (u8(capacity, 13) & 0xf);
    }

    /// The NAA name of the logical unit in hexadecimal; empty if it has none.
    String naaName() {
        ByteBuffer page = vitalPages.get(0x83);
        int at = 4;
        while (page != null && at + 4 <= page.limit()) {
            int length = u8(page, at + 3);
            boolean ofUnit = (u8(page, at + 1) & 0x30) == 0;
            if (ofUnit && (u8(page, at + 1) & 0xf) == NAA && at + 4 + length <= page.limit()) {
                byte[] name = new byte[length];
                page.get(at + 4, name);
                return HexFormat.of().formatHex(name);
            }
            at += 4 + length;
        }
        return "";
    }

    /// Target port groups that are told; 0 if the LUN tells none.
    int portGroupCount() {
        int count = 0;
        int at = 4;
        while (at + 8 <= portGroups.limit()) {
            count++;
            at += 8 + 4 * u8(portGroups, at + 7);
        }
        return count;
    }

    /// WCE of the caching page.
    boolean hasVolatileCache() {
        int page = caching.limit() > 4 ? 4 + u8(caching, 3) : 0;
        return (u8(caching, page + 2) & 4) != 0;
    }

    /// DPOFUA of the mode header.
    boolean takesFua() {
        return (u8(caching, 2) & 0x10) != 0;
    }

    /// Whether registrations survive a power loss (PTPL_C).
    boolean keepsReservations() {
        return (u8(reservations, 2) & 1) != 0;
    }

    /// Whether a reservation type can be made: bits of byte 4 and 5 of REPORT CAPABILITIES.
    boolean reserves(int type) {
        return switch (type) {
            case 1 -> (u8(reservations, 4) & 0x02) != 0;
            case 3 -> (u8(reservations, 4) & 0x08) != 0;
            case 5 -> (u8(reservations, 4) & 0x20) != 0;
            case 6 -> (u8(reservations, 4) & 0x40) != 0;
            case 7 -> (u8(reservations, 4) & 0x80) != 0;
            case 8 -> (u8(reservations, 5) & 0x01) != 0;
            default -> false;
        };
    }
}
