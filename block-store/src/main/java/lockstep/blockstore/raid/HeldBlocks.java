package lockstep.blockstore.raid;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.disk.Disk;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Blocks by what their checksum entries say, for two copies of a volume that help each other out.
/// The same VBN may be another block in the other copy, or none: neither is that an error here, nor
/// is anything written because of it.
public final class HeldBlocks {
    private final VbnSpace space;

    HeldBlocks(VbnSpace space) {
        this.space = space;
    }

    private boolean isThere(long vbn) {
        return vbn > 0 && vbn < space.size();
    }

    /// As [VbnSpace#read], if the entry of the block asks for `crc` and is not older than
    /// consistency point (`birthEpoch`, `birthCount`), in which that content was written; else it
    /// is lost to the caller, and nothing is wrong.
    public void read(
            long vbn,
            int crc,
            int birthEpoch,
            long birthCount,
            ByteBuffer into,
            Read.Handler done) {
        if (isThere(vbn)) {
            RaidGeometry geometry = space.geometry();
            ChecksumEntry wanted = new ChecksumEntry(crc, birthEpoch, birthCount);
            space.group(geometry.groupOf(vbn))
                    .readHeld(geometry.slotOf(vbn), geometry.dbnOf(vbn), wanted, into, done);
        } else {
            done.ended(new Read.Lost("there is no VBN " + vbn));
        }
    }

    /// Puts a block that its stripe cannot give in its place: `content` (4096 bytes, lent until the
    /// end), whose checksum is `crc`. It is written only where the block's own entry asks for that
    /// content, so it never lands on what has been freed, used again or written anew meanwhile.
    /// Parity stays as it is; where it was made while the block was lost, a scrub makes it anew. As
    /// after a scrub's repair, the next flush makes the block durable.
    public void restore(long vbn, int crc, ByteBuffer content, Consumer<Restored> done) {
        Check.that(
                isThere(vbn) && Crc32c.of(content) == crc,
                "what is put in a block's place is that block");
        RaidGeometry geometry = space.geometry();
        space.group(geometry.groupOf(vbn))
                .restore(geometry.slotOf(vbn), geometry.dbnOf(vbn), crc, content, done);
    }

    /// Where a VBN is, for people.
    public String placeOf(long vbn) {
        RaidGeometry geometry = space.geometry();
        int group = geometry.groupOf(vbn);
        int slot = geometry.slotOf(vbn);
        Disk disk = space.group(group).disks().disk(slot);
        String name = disk == null ? "an absent disk" : "disk " + disk.name();
        String at = " slot " + slot + " dbn " + geometry.dbnOf(vbn);
        return name + ", group " + group + at;
    }
}
