package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The parameter list of PERSISTENT RESERVE OUT, both layouts (SPC-4 6.14.3 and 6.14.4).
///
/// ```
/// | key (8) | service action key (8) | obsolete (4) | 8 SPEC_I_PT, 4 ALL_TG_PT, 1 APTPL (1)
/// | zero (1) | obsolete (2) | if SPEC_I_PT: length (4) | TransportID ... |
/// REGISTER AND MOVE: | key (8) | service action key (8) | zero (1) | 2 UNREG, 1 APTPL (1)
/// | relative target port (2) | length (4) | TransportID |
/// ```
///
/// `ports` are those of the TransportIDs.
record PersistentOutList(
        long key,
        long serviceKey,
        boolean allPorts,
        boolean throughPowerLoss,
        boolean unregister,
        int relativePort,
        List<String> ports) {
    /// More is refused before anything is allocated for it.
    static final int BYTES_MAX = 32 << 10;

    private static final int BYTES = 24;
    private static final int SPEC_I_PT = 0x08;
    private static final int ALL_TG_PT = 0x04;
    private static final int APTPL = 0x01;
    private static final int UNREG = 0x02;

    /// A list, or why it is none.
    sealed interface Read {
        /// It is in order.
        record Whole(PersistentOutList list) implements Read {}

        /// It is not.
        record Malformed(SenseData sense) implements Read {}
    }

    /// Reads what came for `command`; the buffer stays the caller's.
    static Read read(ScsiCommand.PersistentOut command, @Nullable IoBuffer borrowed) {
        ByteBuffer in = borrowed == null ? ByteBuffer.allocate(0) : borrowed.view();
        if (command.listBytes() < BYTES || in.remaining() < command.listBytes()) {
            return malformed(Sense.PARAMETER_LIST_LENGTH_ERROR.plain());
        }
        ByteBuffer list = in.slice(in.position(), command.listBytes());
        return command.action() == ScsiCommand.PersistentOut.OutAction.REGISTER_AND_MOVE
                ? move(list)
                : basic(command, list);
    }

    private static Read basic(ScsiCommand.PersistentOut command, ByteBuffer list) {
        int flags = list.get(20);
        boolean named = (flags & SPEC_I_PT) != 0;
        if (named && command.action() != ScsiCommand.PersistentOut.OutAction.REGISTER) {
            return malformed(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(20));
        }
        if (!named && list.remaining() != BYTES) {
            return malformed(Sense.PARAMETER_LIST_LENGTH_ERROR.plain());
        }
        List<String> ports = named ? ports(list, BYTES) : List.of();
        if (ports == null) {
            return malformed(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(BYTES));
        }
        return new Read.Whole(
                new PersistentOutList(
                        list.getLong(0),
                        list.getLong(8),
                        (flags & ALL_TG_PT) != 0,
                        (flags & APTPL) != 0,
                        false,
                        0,
                        ports));
    }

    private static Read move(ByteBuffer list) {
        List<String> ports = ports(list, 20);
        if (ports == null || ports.size() != 1) {
            return malformed(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(20));
        }
        int flags = list.get(17);
        return new Read.Whole(
                new PersistentOutList(
                        list.getLong(0),
                        list.getLong(8),
                        false,
                        (flags & APTPL) != 0,
                        (flags & UNREG) != 0,
                        list.getShort(18) & 0xFFFF,
                        ports));
    }

    /// The TransportIDs behind the length that stands at `lengthAt`; null if they are malformed.
    private static @Nullable List<String> ports(ByteBuffer list, int lengthAt) {
        int from = lengthAt + Integer.BYTES;
        if (list.remaining() < from || list.getInt(lengthAt) != list.remaining() - from) {
            return null;
        }
        ByteBuffer in = list.slice(from, list.remaining() - from);
        List<String> ports = new ArrayList<>();
        while (in.hasRemaining()) {
            String port = TransportId.take(in);
            if (port == null) {
                return null;
            }
            ports.add(port);
        }
        return ports;
    }

    private static Read malformed(SenseData sense) {
        return new Read.Malformed(sense);
    }
}
