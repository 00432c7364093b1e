package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.Slices;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/// The writes of one consistency point: put blocks, write them out (as often as wanted), flush,
/// then commit elsewhere and [#end], or [#abandon]. A fault means that a group is lost; a single
/// disk that fails on the way leaves its group and costs nothing here.
///
/// Only VBNs that are free in the committed image may be put, each once.
public final class CpWriter {
    private final VbnSpace space;
    private final List<RaidGroup> groups;
    private final CpId cp;

    // By group, then by range of stripes: sorting range by range takes the loop a little at a time.
    private final List<TreeMap<Long, List<StripeChunk.Put>>> pending = new ArrayList<>();
    private List<StripeChunk.Put> last = List.of();
    private int lastGroup = -1;
    private long lastRange;
    private BooleanSupplier urgent = () -> true;
    private boolean busy;
    private boolean ended;

    CpWriter(VbnSpace space, List<RaidGroup> groups, CpId cp) {
        this.space = space;
        this.groups = groups;
        this.cp = cp;
        groups.forEach(_ -> pending.add(new TreeMap<>()));
    }

    /// The consistency point that is written.
    public CpId cp() {
        return cp;
    }

    /// Little is under way at a time while `isUrgent` says no.
    public void calmUnless(BooleanSupplier isUrgent) {
        urgent = isUrgent;
    }

    /// Adds the content of a block: 4096 bytes from the position of `content`, whose checksum is
    /// `crc`. They are lent until the [#writeOut] that covers them ends.
    public void put(long vbn, ByteBuffer content, int crc) {
        Check.that(!ended, "an ended consistency point takes no blocks");
        RaidGeometry geometry = space.geometry();
        ByteBuffer block = content.slice(content.position(), Blocks.SIZE);
        long dbn = geometry.dbnOf(vbn);
        range(geometry.groupOf(vbn), dbn / StripeChunk.MAXIMUM)
                .add(new StripeChunk.Put(geometry.slotOf(vbn), dbn, block, crc));
    }

    // Mostly the one of the call before.
    private List<StripeChunk.Put> range(int group, long range) {
        if (group != lastGroup || range != lastRange) {
            lastGroup = group;
            lastRange = range;
            last = pending.get(group).computeIfAbsent(range, _ -> new ArrayList<>());
        }
        return last;
    }

    /// Writes all blocks put since the last call, not durably. Best with many at once: whole
    /// stripes are written without reading.
    public void writeOut(IoCompletion done) {
        Together together = begin("writeOut", done);
        lastGroup = -1;
        for (int g = 0; g < groups.size(); g++) {
            TreeMap<Long, List<StripeChunk.Put>> puts = pending.get(g);
            pending.set(g, new TreeMap<>());
            if (!puts.isEmpty()) {
                sortAndWrite(groups.get(g), puts, together.one());
            }
        }
        together.start();
    }

    private void sortAndWrite(
            RaidGroup group, SortedMap<Long, List<StripeChunk.Put>> puts, IoCompletion done) {
        List<StripeChunk.Put> sorted = new ArrayList<>();
        Iterator<List<StripeChunk.Put>> ranges = puts.values().iterator();
        Slices.run(
                group.disks().loop(),
                1,
                () -> {
                    if (!ranges.hasNext()) {
                        return false;
                    }
                    List<StripeChunk.Put> range = ranges.next();
                    range.sort(StripeChunk.BY_STRIPE);
                    sorted.addAll(range);
                    return true;
                },
                () -> new GroupWriter(group, cp, sorted, urgent, done).run());
    }

    /// Makes all that was written out durable on every live disk; before that, holes of what is
    /// offered for this consistency point ([SpaceHoles]).
    public void flush(IoCompletion done) {
        Together together = begin("flush", done);
        for (RaidGroup group : groups) {
            IoCompletion one = together.one();
            new HolePunch(
                            group,
                            cp,
                            fault -> {
                                if (fault != null) {
                                    one.ended(fault);
                                } else {
                                    group.flush(one);
                                }
                            })
                    .run();
        }
        together.start();
    }

    private Together begin(String what, IoCompletion done) {
        Check.that(!busy && !ended, what + " waits for the call before it");
        busy = true;
        return new Together(
                fault -> {
                    busy = false;
                    done.ended(fault);
                });
    }

    /// The consistency point is committed.
    public void end() {
        Check.that(!busy && !ended, "a consistency point ends once, when nothing is under way");
        ended = true;
        space.writerEnded();
        space.holes().withdraw();
    }

    /// Drops the consistency point: its stripes are made right, its blocks are free again.
    public void abandon(IoCompletion done) {
        Check.that(!busy && !ended, "a consistency point ends once, when nothing is under way");
        ended = true;
        pending.forEach(TreeMap::clear);
        space.holes().withdraw();
        CpId before = new CpId(Epoch.NONE, 0);
        Together together =
                new Together(
                        fault -> {
                            space.writerEnded();
                            done.ended(fault);
                        });
        for (RaidGroup group : groups) {
            if (group.notes().isOpen()) {
                group.recover(before, together.one());
            }
        }
        together.start();
    }
}
