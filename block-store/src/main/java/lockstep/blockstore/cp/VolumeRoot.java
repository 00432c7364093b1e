package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a superblock commits: the root of one consistency point of a volume. Identical on both
/// sides of a pair. Everything in it is reached through VBNs; what belongs to one copy only (its
/// role, its promises) stands elsewhere.
///
/// ```
/// | version (4) | volume (16) | cp: epoch counter (4), node (8), count (8) |
/// | upTo: epoch counter (4), node (8), sequence (8) | vbns (8) | used (8) | state bytes (8) |
/// | state root (28) | dead root (28) | space root (28) | pins (4) | pin ... |
/// pin: | cp (20) | known (4) | upTo (20) | vbns (8) | used (8) | state bytes (8) | roots (84) |
/// ```
///
/// In version 1 every page of the space map is a block; since version 2 a hole is a page of free
/// VBNs. Since version 3 a pin says where its image begins; before, it was a cp alone. `known` is 1
/// where it does, else all behind it is zeros.
///
/// `upTo` is the last log entry that this image holds: a replay begins behind it. `vbnCount` is the
/// size of the volume, which both sides of a pair can hold.
public record VolumeRoot(
        VolumeId volume,
        CpId cp,
        Position upTo,
        long vbnCount,
        long used,
        long stateBytes,
        TreeRoot state,
        TreeRoot dead,
        TreeRoot space,
        List<Pin> pins) {

    /// File number of the volume's state beyond blocks; LUN trees have numbers below 256.
    public static final int STATE_TREE = 0x100;

    /// File number of the dead list.
    public static final int DEAD_TREE = 0x101;

    /// File number of the space map.
    public static final int SPACE_TREE = 0x102;

    /// File number of the snapshots' dead lists; its root stands in the state file.
    public static final int DEATH_TREE = 0x103;

    private static final int VERSION = 3;
    private static final int WITHOUT_PINNED_IMAGES = 2;
    private static final int OLDEST_VERSION = 1;
    private static final int TREES = 3 * TreeRoot.BYTES;
    private static final int FIXED = 4 + 16 + 20 + 20 + 24 + TREES + 4;
    private static final int IMAGE = 20 + 24 + TREES;
    private static final int PIN = 20 + 4 + IMAGE;

    /// Bytes on disk.
    public ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocate(FIXED + pins.size() * PIN);
        out.putInt(VERSION).putLong(volume.high()).putLong(volume.low());
        putCp(out, cp);
        putImage(out);
        out.putInt(pins.size());
        pins.forEach(pin -> putPin(out, pin));
        return out.flip();
    }

    /// Reads a root; null if the bytes are of no known version or too few.
    public static @Nullable VolumeRoot decode(ByteBuffer borrowed) {
        ByteBuffer in = borrowed.duplicate();
        if (in.remaining() < FIXED) {
            return null;
        }
        int version = in.getInt();
        if (version < OLDEST_VERSION || version > VERSION) {
            return null;
        }
        VolumeId volume = new VolumeId(in.getLong(), in.getLong());
        VolumeRoot root = getImage(in, volume, getCp(in));
        int count = in.getInt();
        int pinBytes = version <= WITHOUT_PINNED_IMAGES ? 20 : PIN;
        if (count < 0 || count > Pins.MAX || in.remaining() < count * pinBytes) {
            return null;
        }
        List<Pin> pins = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pins.add(
                    version <= WITHOUT_PINNED_IMAGES
                            ? new Pin(getCp(in), null)
                            : getPin(in, volume));
        }
        return root.withPins(pins);
    }

    /// The same with other pins.
    public VolumeRoot withPins(List<Pin> others) {
        return new VolumeRoot(
                volume,
                cp,
                upTo,
                vbnCount,
                used,
                stateBytes,
                state,
                dead,
                space,
                List.copyOf(others));
    }

    /// The image of `pinned`, of which this root says where it begins; null if it does not.
    public @Nullable VolumeRoot pinnedImage(CpId pinned) {
        for (Pin pin : pins) {
            if (pin.cp().equals(pinned)) {
                return pin.image();
            }
        }
        return null;
    }

    private void putImage(ByteBuffer out) {
        putEpoch(out, upTo.epoch());
        out.putLong(upTo.sequence()).putLong(vbnCount).putLong(used).putLong(stateBytes);
        state.put(out);
        dead.put(out);
        space.put(out);
    }

    private static VolumeRoot getImage(ByteBuffer in, VolumeId volume, CpId cp) {
        Position upTo = new Position(getEpoch(in), in.getLong());
        return new VolumeRoot(
                volume,
                cp,
                upTo,
                in.getLong(),
                in.getLong(),
                in.getLong(),
                TreeRoot.get(STATE_TREE, in),
                TreeRoot.get(DEAD_TREE, in),
                TreeRoot.get(SPACE_TREE, in),
                List.of());
    }

    private static void putPin(ByteBuffer out, Pin pin) {
        putCp(out, pin.cp());
        VolumeRoot image = pin.image();
        out.putInt(image == null ? 0 : 1);
        if (image == null) {
            out.put(new byte[IMAGE]);
        } else {
            image.putImage(out);
        }
    }

    private static Pin getPin(ByteBuffer in, VolumeId volume) {
        CpId cp = getCp(in);
        if (in.getInt() == 0) {
            in.position(in.position() + IMAGE);
            return new Pin(cp, null);
        }
        return new Pin(cp, getImage(in, volume, cp));
    }

    static void putCp(ByteBuffer out, CpId cp) {
        putEpoch(out, cp.epoch());
        out.putLong(cp.count());
    }

    static CpId getCp(ByteBuffer in) {
        return new CpId(getEpoch(in), in.getLong());
    }

    private static void putEpoch(ByteBuffer out, Epoch epoch) {
        out.putInt(epoch.counter()).putLong(epoch.node());
    }

    private static Epoch getEpoch(ByteBuffer in) {
        return new Epoch(in.getInt(), in.getLong());
    }
}
