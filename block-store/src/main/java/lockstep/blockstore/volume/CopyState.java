package lockstep.blockstore.volume;

import lockstep.blockstore.base.Epoch;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// What belongs to one copy of a volume and never travels: its role, what it has promised, how it
/// stands to its partner. Kept in the label area of its disks, durable before anything relies on
/// it.
///
/// ```
/// | version (4) | role (1) | sync (1) | mirror differs (1) | zero (1)
/// | promised: counter (4), node (8)
/// | peer node (8) | log floor (8) | log (8) | exposed since (8) |
/// | peer address: length (4), UTF-8 |
/// ```
///
/// Version 3; version 2 has no `exposed since` and `mirror differs`, version 1 no `log` either.
///
/// `promised` is the highest epoch this copy has opened or promised; it acknowledges nothing older.
/// Log halves below `logFloor` are void. `log` is the identity of the log that may hold
/// acknowledged entries of this copy; 0 if none does, or if that is not known. `common` is the last
/// image known to be on both sides. `exposedSince`: since when a source that is out of sync has
/// acknowledged without its mirror, in milliseconds since 1970, for people; 0 if it does not.
/// `mirrorDiffers`: a source has found that its mirror holds something else, so no image is common
/// to both until everything has been copied.
public record CopyState(
        Role role,
        Sync sync,
        Epoch promised,
        long peer,
        String peerAddress,
        long logFloor,
        long log,
        long exposedSince,
        boolean mirrorDiffers) {

    /// What this copy is for.
    public enum Role {
        /// The only copy of its volume.
        STANDALONE((byte) 0),
        /// The copy that is active, or was when it was last heard of.
        SOURCE((byte) 1),
        /// The copy that holds the mirror.
        MIRROR((byte) 2);

        private final byte code;

        Role(byte code) {
            this.code = code;
        }

        static @Nullable Role of(byte code) {
            for (Role role : values()) {
                if (role.code == code) {
                    return role;
                }
            }
            return null;
        }
    }

    /// How this copy stands to its partner.
    public enum Sync {
        /// There is no partner.
        UNPAIRED((byte) 0),
        /// Source: nothing is acknowledged without the mirror. Mirror: no acknowledged write is
        /// missing unless an operator has let the source go on alone.
        IN_SYNC((byte) 1),
        /// Source: goes on alone. Mirror: holds an image that lacks acknowledged writes.
        OUT_OF_SYNC((byte) 2),
        /// Mirror: holds no complete image; there is nothing to take over with.
        NO_IMAGE((byte) 3);

        private final byte code;

        Sync(byte code) {
            this.code = code;
        }

        static @Nullable Sync of(byte code) {
            for (Sync sync : values()) {
                if (sync.code == code) {
                    return sync;
                }
            }
            return null;
        }
    }

    private static final int VERSION = 3;
    private static final int NAMES_LOG = 2;
    private static final int FIRST_VERSION = 1;
    private static final int FIXED = 40;

    /// A state of a copy of which no log holds anything yet.
    public CopyState(
            Role role, Sync sync, Epoch promised, long peer, String peerAddress, long logFloor) {
        this(role, sync, promised, peer, peerAddress, logFloor, 0, 0, false);
    }

    /// A volume without a mirror that has promised nothing yet.
    public static CopyState standalone() {
        return new CopyState(Role.STANDALONE, Sync.UNPAIRED, Epoch.NONE, 0, "", 0);
    }

    /// The same with another promise.
    public CopyState promising(Epoch epoch) {
        return new CopyState(
                role, sync, epoch, peer, peerAddress, logFloor, log, exposedSince, mirrorDiffers);
    }

    /// The same with another role and sync state.
    public CopyState as(Role nextRole, Sync nextSync) {
        boolean behind = nextRole == Role.SOURCE && nextSync == Sync.OUT_OF_SYNC;
        long since = behind ? exposedSince : 0;
        boolean differs = behind && mirrorDiffers;
        return new CopyState(
                nextRole, nextSync, promised, peer, peerAddress, logFloor, log, since, differs);
    }

    /// The same, which acknowledges without its mirror since `wallMillis` if it did not already.
    public CopyState exposedSince(long wallMillis) {
        long since = exposedSince == 0 ? wallMillis : exposedSince;
        return new CopyState(
                role, sync, promised, peer, peerAddress, logFloor, log, since, mirrorDiffers);
    }

    /// The same, of a source whose mirror was found to differ.
    public CopyState differing() {
        return new CopyState(
                role, sync, promised, peer, peerAddress, logFloor, log, exposedSince, true);
    }

    /// The same with log halves below `floor` void.
    public CopyState withLogFloor(long floor) {
        return new CopyState(
                role, sync, promised, peer, peerAddress, floor, log, exposedSince, mirrorDiffers);
    }

    /// The same with a partner.
    public CopyState withPeer(long node, String address) {
        return new CopyState(
                role, sync, promised, node, address, logFloor, log, exposedSince, mirrorDiffers);
    }

    /// The same with its entries in log `id`.
    CopyState inLog(long id) {
        return new CopyState(
                role, sync, promised, peer, peerAddress, logFloor, id, exposedSince, mirrorDiffers);
    }

    /// Bytes on disk.
    public ByteBuffer encode() {
        byte[] address = peerAddress.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(FIXED + 2 * Long.BYTES + address.length);
        out.putInt(VERSION).put(role.code).put(sync.code);
        out.put((byte) (mirrorDiffers ? 1 : 0)).put((byte) 0);
        out.putInt(promised.counter()).putLong(promised.node());
        out.putLong(peer).putLong(logFloor).putLong(log).putLong(exposedSince);
        out.putInt(address.length).put(address);
        return out.flip();
    }

    /// Reads a state; null if the bytes are of no known version.
    public static @Nullable CopyState decode(ByteBuffer borrowed) {
        ByteBuffer in = borrowed.duplicate();
        int version = in.remaining() < FIXED ? 0 : in.getInt();
        boolean known = version >= FIRST_VERSION && version <= VERSION;
        if (!known || borrowed.remaining() < FIXED + (version - FIRST_VERSION) * Long.BYTES) {
            return null;
        }
        Role role = Role.of(in.get());
        Sync sync = Sync.of(in.get());
        boolean differs = in.get() != 0 && version == VERSION;
        in.get();
        if (role == null || sync == null) {
            return null;
        }
        Epoch promised = new Epoch(in.getInt(), in.getLong());
        long peer = in.getLong();
        long floor = in.getLong();
        long log = version < NAMES_LOG ? 0 : in.getLong();
        long since = version < VERSION ? 0 : in.getLong();
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            return null;
        }
        byte[] address = new byte[length];
        in.get(address);
        return new CopyState(
                role,
                sync,
                promised,
                peer,
                new String(address, StandardCharsets.UTF_8),
                floor,
                log,
                since,
                differs);
    }
}
