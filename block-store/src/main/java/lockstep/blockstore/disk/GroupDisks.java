package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// The members of one group, of which at most one may be away. A member that fails a write or a
/// flush leaves the group, and the operation counts as done as long as the group lives on without
/// it; so a caller sees a fault only when the group is lost.
public final class GroupDisks {
    private final VolumeDisks volume;
    private final int group;
    private final @Nullable Disk[] slots;
    private final DiskLayout layout;

    GroupDisks(VolumeDisks volume, int group, @Nullable Disk[] slots) {
        this.volume = volume;
        this.group = group;
        this.slots = slots;
        Disk any = null;
        for (Disk disk : slots) {
            any = disk == null ? any : disk;
        }
        if (any == null) {
            throw new IllegalArgumentException("a group has a disk");
        }
        this.layout = any.layout();
    }

    /// This group's number in the volume.
    public int index() {
        return group;
    }

    /// Slots, parity included.
    public int slots() {
        return slots.length;
    }

    /// The slot of the parity disk.
    public int paritySlot() {
        return slots.length - 1;
    }

    /// Where things stand on each member.
    public DiskLayout layout() {
        return layout;
    }

    /// Whether the member in `slot` is there and in use.
    public boolean live(int slot) {
        Disk disk = slots[slot];
        return disk != null && disk.live();
    }

    /// The slot that is away, or -1.
    public int missingSlot() {
        for (int slot = 0; slot < slots.length; slot++) {
            if (!live(slot)) {
                return slot;
            }
        }
        return -1;
    }

    /// The disk in `slot`, or null if none was found there.
    public @Nullable Disk disk(int slot) {
        return slots[slot];
    }

    /// Why nothing can be written to this group any more; null while it can.
    public @Nullable IoFault lost() {
        return volume.lost(group);
    }

    /// What the volume's owner hears.
    public DiskEvents events() {
        return volume.events();
    }

    /// Reads blocks of a live member. A fault here costs no membership.
    public void read(int slot, long block, List<ByteBuffer> into, IoCompletion done) {
        Disk disk = slots[slot];
        Check.that(disk != null, "an absent disk is not read", group, slot);
        if (!disk.live()) {
            volume.loop().execute(() -> done.ended(gone(disk)));
            return;
        }
        disk.read(block, into, done);
    }

    private static IoFault gone(Disk disk) {
        return new IoFault(disk.name(), "read", "the disk left its group: " + disk.reason());
    }

    /// Writes blocks of a member; nothing if it is away.
    public void write(int slot, long block, List<ByteBuffer> from, IoCompletion done) {
        Disk disk = slots[slot];
        if (disk == null || !disk.live()) {
            volume.loop().execute(() -> done.ended(lost()));
            return;
        }
        disk.write(block, from, fault -> judged(disk, slot, fault, done));
    }

    /// Writes durably to one member; nothing if it is away.
    public void writeDurably(int slot, long block, ByteBuffer from, IoCompletion done) {
        Disk disk = slots[slot];
        if (disk == null || !disk.live()) {
            volume.loop().execute(() -> done.ended(lost()));
            return;
        }
        disk.writeDurably(block, from, fault -> judged(disk, slot, fault, done));
    }

    /// Writes the same durably to every live member.
    public void writeEverywhereDurably(long block, ByteBuffer from, IoCompletion done) {
        Together together = new Together(fault -> settled(fault, done));
        for (int slot = 0; slot < slots.length; slot++) {
            Disk disk = slots[slot];
            if (disk != null && disk.live()) {
                int at = slot;
                IoCompletion one = together.one();
                disk.writeDurably(block, from.duplicate(), fault -> judged(disk, at, fault, one));
            }
        }
        together.start();
    }

    /// Flushes every live member.
    public void flush(IoCompletion done) {
        Together together = new Together(fault -> settled(fault, done));
        for (int slot = 0; slot < slots.length; slot++) {
            Disk disk = slots[slot];
            if (disk != null && disk.live()) {
                int at = slot;
                IoCompletion one = together.one();
                disk.flush(fault -> judged(disk, at, fault, one));
            }
        }
        together.start();
    }

    /// Reads the same blocks of every live member: `into` by slot, null where there is none.
    public void readEverywhere(long block, @Nullable ByteBuffer[] into, Runnable done) {
        Together together = new Together(_ -> done.run());
        for (int slot = 0; slot < slots.length; slot++) {
            Disk disk = slots[slot];
            ByteBuffer buffer = into[slot];
            if (disk != null && disk.live() && buffer != null) {
                int at = slot;
                IoCompletion one = together.one();
                disk.read(
                        block,
                        List.of(buffer.duplicate()),
                        fault -> {
                            if (fault != null) {
                                into[at] = null;
                            }
                            one.ended(null);
                        });
            } else {
                into[slot] = null;
            }
        }
        together.start();
    }

    private void judged(Disk disk, int slot, @Nullable IoFault fault, IoCompletion done) {
        if (fault != null && disk.live()) {
            volume.fail(group, slot, fault.operation() + ": " + fault.reason());
        }
        done.ended(lost());
    }

    /// Who left must be named on the others before anything builds on their absence.
    private void settled(@Nullable IoFault fault, IoCompletion done) {
        if (fault != null) {
            done.ended(fault);
        } else {
            volume.whenMembershipIsDurable(done);
        }
    }

    /// A block of the member in `slot` was wrong (`readable`) or could not be read. A member of
    /// which that is one too many leaves, unless its group can spare none: then what is still right
    /// on it is worth more.
    public void countBad(int slot, boolean readable) {
        Disk disk = slots[slot];
        if (disk == null || !disk.live()) {
            return;
        }
        boolean tooMany = readable ? disk.countChecksumError() : disk.countUnreadable();
        if (tooMany && missingSlot() < 0) {
            volume.fail(group, slot, "too many wrong blocks: " + disk.checksumErrors());
        }
    }

    /// Blocks of the member in `slot` were read and right.
    public void countGood(int slot, int blocks) {
        Disk disk = slots[slot];
        if (disk != null) {
            disk.countGood(blocks);
        }
    }

    /// The volume's loop, for long work that is cut in slices.
    public EventLoop loop() {
        return volume.loop();
    }

    /// Takes the member in `slot` out of the group.
    public void fail(int slot, String reason) {
        if (live(slot)) {
            volume.fail(group, slot, reason);
        }
    }
}
