package lockstep.target.scsi;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The persistent reservation state of a logical unit: a value, replaced as a whole by every
/// PERSISTENT RESERVE OUT that changes anything.
///
/// A registration belongs to an I_T nexus. Its initiator port is the name that a TransportID gives
/// (`iqn...,i,0x` and the ISID). Its target port is kept to be reported; it does not have to match:
/// only one port of a volume takes commands at a time, and after a takeover an initiator port that
/// registered through the lost one is the same host.
///
/// In the volume's state:
///
/// ```
/// | version (1) | flags (1): 1 APTPL | type (1), 0 none | zero (1) | generation (4)
/// | holder (2): number of the registration, FFFFh none or all | registrations (2)
/// registration: | key (8) | relative target port (2) | flags (1): 1 ALL_TG_PT | zero (1)
///               | length (2) | initiator port: UTF-8 |
/// ```
record PersistentState(
        int generation,
        boolean throughPowerLoss,
        @Nullable ReservationType type,
        @Nullable String holder,
        List<Registration> registrations) {
    /// One registered nexus.
    record Registration(String port, long key, int relativePort, boolean allPorts) {
        Registration withKey(long next) {
            return new Registration(port, next, relativePort, allPorts);
        }
    }

    /// Nothing was ever registered.
    static final PersistentState NONE = new PersistentState(0, false, null, null, List.of());

    /// Bytes of a version that this program does not know are not taken for "nothing is reserved":
    /// nobody holds this, so everybody is fenced off, until somebody registers and clears it.
    static final PersistentState UNKNOWN =
            new PersistentState(0, true, ReservationType.EXCLUSIVE_ACCESS, null, List.of());

    private static final byte VERSION = 1;
    private static final int HEAD_BYTES = 12;
    private static final int NO_HOLDER = 0xFFFF;

    PersistentState {
        registrations = List.copyOf(registrations);
    }

    /// What is left after a power loss (SPC-4 5.13.5): everything or nothing, as APTPL says; the
    /// generation begins anew.
    PersistentState afterPowerLoss() {
        return throughPowerLoss ? new PersistentState(0, true, type, holder, registrations) : NONE;
    }

    @Nullable Registration find(String port) {
        for (Registration registration : registrations) {
            if (registration.port.equals(port)) {
                return registration;
            }
        }
        return null;
    }

    boolean isRegistered(String port) {
        return find(port) != null;
    }

    /// Whether `port` holds the reservation, alone or with all registrants.
    boolean isHolder(String port) {
        ReservationType reserved = type;
        return reserved != null
                && (reserved.allRegistrants() ? isRegistered(port) : port.equals(holder));
    }

    /// Whether a command of `rule` from `port` conflicts with the reservation.
    boolean conflicts(ReservationRule rule, String port) {
        ReservationType reserved = type;
        return reserved != null
                && !isHolder(port)
                && rule.conflictsWith(reserved, isRegistered(port));
    }

    ByteBuffer encode() {
        int size = HEAD_BYTES;
        for (Registration each : registrations) {
            size += 14 + utf8(each.port).length;
        }
        ReservationType reserved = type;
        ByteBuffer out = ByteBuffer.allocate(size);
        out.put(VERSION).put((byte) (throughPowerLoss ? 1 : 0));
        out.put((byte) (reserved == null ? 0 : reserved.code())).put((byte) 0).putInt(generation);
        out.putShort((short) holderIndex()).putShort((short) registrations.size());
        for (Registration each : registrations) {
            byte[] port = utf8(each.port);
            out.putLong(each.key).putShort((short) each.relativePort);
            out.put((byte) (each.allPorts ? 1 : 0)).put((byte) 0);
            out.putShort((short) port.length).put(port);
        }
        return out.flip();
    }

    private int holderIndex() {
        for (int at = 0; at < registrations.size(); at++) {
            if (registrations.get(at).port.equals(holder)) {
                return at;
            }
        }
        return NO_HOLDER;
    }

    /// Reads a state; null if the bytes are of no known version or make no sense.
    static @Nullable PersistentState decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.remaining() < HEAD_BYTES || in.get() != VERSION) {
            return null;
        }
        boolean throughPowerLoss = (in.get() & 1) != 0;
        int typeCode = in.get();
        in.get();
        int generation = in.getInt();
        int holder = in.getShort() & 0xFFFF;
        int count = in.getShort() & 0xFFFF;
        List<Registration> registrations = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            Registration registration = registration(in);
            if (registration == null) {
                return null;
            }
            registrations.add(registration);
        }
        ReservationType type = ReservationType.of(typeCode);
        boolean oneHolder = type != null && !type.allRegistrants();
        boolean sound =
                !in.hasRemaining()
                        && (type != null) == (typeCode != 0)
                        && (oneHolder ? holder < count : holder == NO_HOLDER);
        if (!sound) {
            return null;
        }
        String port = oneHolder ? registrations.get(holder).port : null;
        return new PersistentState(generation, throughPowerLoss, type, port, registrations);
    }

    private static @Nullable Registration registration(ByteBuffer in) {
        if (in.remaining() < 14) {
            return null;
        }
        long key = in.getLong();
        int relativePort = in.getShort() & 0xFFFF;
        boolean allPorts = (in.get() & 1) != 0;
        in.get();
        int length = in.getShort() & 0xFFFF;
        if (length > in.remaining()) {
            return null;
        }
        byte[] port = new byte[length];
        in.get(port);
        return new Registration(
                new String(port, StandardCharsets.UTF_8), key, relativePort, allPorts);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
