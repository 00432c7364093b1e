package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.tree.TreeRoot;

import java.nio.ByteBuffer;
import java.util.UUID;

/// A tree that nothing reaches any more, of which a bounded number of blocks dies with each
/// consistency point: those born after `since`, for what is older belongs to a snapshot. Everything
/// before block index `cursor` is gone already. `lun` is whose tree it was.
public record Drain(UUID lun, TreeRoot root, CpId since, long cursor) {
    static final int BYTES = 16 + 4 + TreeRoot.BYTES + 20 + 8;

    /// The same, when everything before `reached` is gone.
    public Drain at(long reached) {
        return new Drain(lun, root, since, reached);
    }

    void put(ByteBuffer out) {
        out.putLong(lun.getMostSignificantBits()).putLong(lun.getLeastSignificantBits());
        out.putInt(root.tree());
        root.put(out);
        VolumeRoot.putCp(out, since);
        out.putLong(cursor);
    }

    static Drain get(ByteBuffer in) {
        UUID lun = new UUID(in.getLong(), in.getLong());
        TreeRoot root = TreeRoot.get(in.getInt(), in);
        return new Drain(lun, root, VolumeRoot.getCp(in), in.getLong());
    }
}
