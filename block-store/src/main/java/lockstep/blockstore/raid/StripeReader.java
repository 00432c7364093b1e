package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Reads blocks of a group, and works a block out from the rest of its stripe. Nothing takes part
/// in that without matching its checksum entry, so a rotten or stale neighbour never makes wrong
/// data.
///
/// Callers hold the stripes' lock and have pinned their checksum pages.
final class StripeReader {
    /// Takes blocks as they were found: null where the disk did not give one.
    interface Found {
        void ended(@Nullable ByteBuffer[] blocks);
    }

    /// Takes the content of a block, or null if it is lost.
    interface Recovered {
        void ended(@Nullable ByteBuffer content);
    }

    private final GroupDisks disks;
    private final ChecksumStore checksums;

    StripeReader(GroupDisks disks, ChecksumStore checksums) {
        this.disks = disks;
        this.checksums = checksums;
    }

    /// Reads `count` consecutive blocks of a live member with one request; after a fault, block by
    /// block, so that one bad sector costs one block.
    void read(int slot, long dbn, int count, Found done) {
        read(slot, dbn, count, ByteBuffer.allocate(count * Blocks.SIZE), done);
    }

    /// The same with memory for them, `lent` as long as what was found is looked at.
    void read(int slot, long dbn, int count, ByteBuffer lent, Found done) {
        ByteBuffer all = lent.slice(0, count * Blocks.SIZE);
        @Nullable ByteBuffer[] blocks = new @Nullable ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            blocks[i] = all.slice(i * Blocks.SIZE, Blocks.SIZE);
        }
        long at = disks.layout().dataStart() + dbn;
        disks.read(
                slot,
                at,
                List.of(all),
                fault -> {
                    if (fault == null) {
                        done.ended(blocks);
                        return;
                    }
                    Together singly = new Together(_ -> done.ended(blocks));
                    for (int i = 0; i < count; i++) {
                        readOne(slot, at + i, blocks, i, singly.one());
                    }
                    singly.start();
                });
    }

    private void readOne(
            int slot, long block, @Nullable ByteBuffer[] blocks, int index, IoCompletion done) {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        disks.read(
                slot,
                block,
                List.of(into.duplicate()),
                fault -> {
                    blocks[index] = fault == null ? into : null;
                    done.ended(null);
                });
    }

    /// Whether `content` is what the checksum entry of the block asks for.
    boolean matches(int slot, long dbn, @Nullable ByteBuffer content) {
        ChecksumEntry entry = checksums.get(slot, dbn);
        return content != null && entry != null && Crc32c.of(content) == entry.crc();
    }

    /// Notes that a block came back wrong, or not at all.
    void countBad(int slot, long dbn, @Nullable ByteBuffer found) {
        String reason = found == null ? "not readable" : "checksum mismatch";
        disks.events().badBlock(disks.index(), slot, dbn, reason);
        disks.countBad(slot, found != null);
    }

    /// Works out the block whose content has the checksum `crc`, and writes it back if its disk is
    /// there. What cannot be had so is read once more from its disk, and then told of as lost.
    void recover(int slot, long dbn, int crc, Recovered done) {
        workOut(
                slot,
                dbn,
                crc,
                content -> {
                    if (content != null) {
                        writeBack(slot, dbn, content, done);
                    } else {
                        lastResort(slot, dbn, crc, done);
                    }
                });
    }

    /// Works out the block whose content has the checksum `crc` from the others of its stripe.
    void workOut(int slot, long dbn, int crc, Recovered done) {
        List<ByteBuffer> sources = new ArrayList<>();
        boolean[] whole = {true};
        Together together =
                new Together(
                        _ -> {
                            ByteBuffer content = Parity.zeros();
                            sources.forEach(source -> Parity.add(content, source));
                            boolean right = whole[0] && Crc32c.of(content) == crc;
                            done.ended(right ? content : null);
                        });
        for (int other = 0; other < disks.slots(); other++) {
            if (other != slot && checksums.get(other, dbn) != null) {
                if (disks.live(other)) {
                    readSource(other, dbn, sources, whole, together.one());
                } else {
                    whole[0] = false;
                }
            }
        }
        together.start();
    }

    // A disk that is not rebuilt yet may have the block from before, or by a write since. Any other
    // may have told a transient error, for which nothing is given up.
    private void lastResort(int slot, long dbn, int crc, Recovered done) {
        if (!disks.live(slot)) {
            lose(slot, dbn, done);
            return;
        }
        read(
                slot,
                dbn,
                1,
                found -> {
                    ByteBuffer content = found[0];
                    if (content != null && Crc32c.of(content) == crc) {
                        done.ended(content);
                    } else {
                        lose(slot, dbn, done);
                    }
                });
    }

    private void lose(int slot, long dbn, Recovered done) {
        disks.events().lostBlock(disks.index(), slot, dbn);
        done.ended(null);
    }

    private void readSource(
            int other, long dbn, List<ByteBuffer> sources, boolean[] whole, IoCompletion done) {
        read(
                other,
                dbn,
                1,
                found -> {
                    ByteBuffer content = found[0];
                    if (content != null && matches(other, dbn, content)) {
                        disks.countGood(other, 1);
                        sources.add(content);
                    } else {
                        whole[0] = false;
                        if (disks.readable(other, dbn)) {
                            countBad(other, dbn, content);
                        }
                    }
                    done.ended(null);
                });
    }

    /// Puts a block that was worked out back on its disk; a disk that does not take it leaves.
    void writeBack(int slot, long dbn, ByteBuffer content, Recovered done) {
        if (!disks.live(slot)) {
            done.ended(content);
            return;
        }
        disks.write(
                slot,
                disks.layout().dataStart() + dbn,
                List.of(content.duplicate()),
                _ -> {
                    if (disks.readable(slot, dbn)) {
                        disks.events().healed(disks.index(), slot, dbn);
                    }
                    done.ended(content);
                });
    }
}
