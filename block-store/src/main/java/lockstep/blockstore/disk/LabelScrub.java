package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Makes both labels of every live member right. The current one is known; the one before is what
/// other members have there, with the member's own identity. Nobody may write labels meanwhile.
final class LabelScrub {
    private final VolumeDisks volume;
    private final long generation;
    private final Membership members;
    private final RecordScrub.Listener found;
    private final List<Copy> copies = new ArrayList<>();

    private record Copy(GroupDisks group, int slot, Disk disk, int index, ByteBuffer bytes) {}

    LabelScrub(
            VolumeDisks volume, long generation, Membership members, RecordScrub.Listener found) {
        this.volume = volume;
        this.generation = generation;
        this.members = members;
        this.found = found;
    }

    void run(Runnable done) {
        Together reads = new Together(_ -> compare(done));
        for (GroupDisks group : volume.groups()) {
            for (int slot = 0; slot < group.slots(); slot++) {
                Disk disk = group.disk(slot);
                if (disk != null && disk.live()) {
                    read(group, slot, disk, 0, reads);
                    read(group, slot, disk, 1, reads);
                }
            }
        }
        reads.start();
    }

    private void read(GroupDisks group, int slot, Disk disk, int index, Together reads) {
        ByteBuffer bytes = ByteBuffer.allocate(Blocks.SIZE);
        var one = reads.one();
        disk.read(
                DiskLayout.label(index),
                List.of(bytes.duplicate()),
                fault -> {
                    // What cannot be read is no label either.
                    bytes.limit(fault == null ? Blocks.SIZE : 0);
                    copies.add(new Copy(group, slot, disk, index, bytes));
                    one.ended(null);
                });
    }

    private void compare(Runnable done) {
        DiskLabel before = null;
        for (Copy copy : copies) {
            boolean isOld = copy.index() != current() && copy.bytes().hasRemaining();
            DiskLabel label = isOld ? DiskLabel.decode(copy.bytes()) : null;
            if (label != null
                    && label.generation() <= generation
                    && (before == null || label.generation() > before.generation())) {
                before = label;
            }
        }
        Together writes = new Together(_ -> done.run());
        for (Copy copy : copies) {
            ByteBuffer right = right(copy, before);
            if (right != null && !right.equals(copy.bytes()) && copy.disk().live()) {
                rewrite(copy, right, writes);
            }
        }
        writes.start();
    }

    private int current() {
        return (int) (generation & 1);
    }

    private @Nullable ByteBuffer right(Copy copy, @Nullable DiskLabel before) {
        DiskLabel own = copy.disk().label();
        if (copy.index() == current()) {
            return own.with(generation, members).encode();
        }
        // Before a disk joined there is nothing that its label could have said.
        return before == null || !before.members().has(own.group(), own.slot())
                ? null
                : own.with(before.generation(), before.members()).encode();
    }

    private void rewrite(Copy copy, ByteBuffer right, Together writes) {
        copy.group().countBad(copy.slot(), copy.bytes().hasRemaining());
        var one = writes.one();
        copy.group()
                .writeDurably(
                        copy.slot(),
                        DiskLayout.label(copy.index()),
                        right,
                        fault -> {
                            found.rewritten(
                                    copy.group().index(),
                                    copy.slot(),
                                    DiskLayout.label(copy.index()),
                                    "label " + copy.index());
                            one.ended(fault);
                        });
    }
}
