package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/// The members of one group, of which at most one may be away. A member that fails a write or a
/// flush leaves the group, and the operation counts as done as long as the group lives on without
/// it; so a caller sees a fault only when the group is lost.
///
/// A disk that is rebuilt is [#live]: it gets every write. It is [#readable] only below the
/// watermark, up to which all of it was rebuilt and flushed; above, it is as good as missing, and
/// what is found on it counts only where it matches its checksum entry.
public final class GroupDisks {
    // So many times the wrong blocks of any other member make a bad one of it.
    private static final int WORSE_THAN_OTHERS = 4;

    private final VolumeDisks volume;
    private final int group;
    private @Nullable Disk[] slots;
    private SlotRing ring;
    private final DiskLayout layout;
    private int rebuilding = DiskLabel.NO_PLACE;
    private long watermark;
    private int underWay;

    GroupDisks(
            VolumeDisks volume, int group, @Nullable Disk[] slots, DiskLabel.GroupMembers members) {
        this.volume = volume;
        this.group = group;
        this.slots = slots;
        this.ring = new SlotRing(members.paritySlot(), slots.length);
        int rebuilt = members.rebuiltSlot();
        if (rebuilt >= 0 && slots[rebuilt] != null) {
            rebuilding = rebuilt;
            watermark = members.rebuiltTo();
        }
        Disk any = null;
        for (Disk disk : slots) {
            any = disk == null ? any : disk;
        }
        if (any == null) {
            throw new IllegalArgumentException("a group has a disk");
        }
        this.layout = any.layout();
        for (int slot = 0; slot < slots.length; slot++) {
            watch(slot);
        }
    }

    private void watch(int slot) {
        Disk disk = slots[slot];
        if (disk != null) {
            disk.watch(volume.loop().clock(), volume.patience(), () -> hangs(slot, disk));
            disk.onSpace(() -> events().spaceBelow(group, slot, disk.name(), disk.isOutOfSpace()));
        }
    }

    // One that the group cannot do without is waited for: stopping would be no better.
    private void hangs(int slot, Disk disk) {
        if (disk.live() && canSpare(slot)) {
            long seconds = volume.patience().evictNanos() / 1_000_000_000;
            volume.fail(group, slot, "it did not answer for " + seconds + " s");
        }
        if (!disk.live()) {
            disk.giveUp();
        }
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
        return ring.parity();
    }

    /// Where the second copies of checksum pages stand.
    public SlotRing ring() {
        return ring;
    }

    /// `disk` is one more member, on which nothing was written yet.
    void join(Disk disk) {
        int slot = slots.length;
        slots = Arrays.copyOf(slots, slot + 1);
        slots[slot] = disk;
        ring = new SlotRing(ring.parity(), slots.length);
        watch(slot);
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

    /// The slot that is rebuilt, or -1.
    public int rebuildingSlot() {
        return rebuilding;
    }

    /// Blocks of the disk that is rebuilt which are as good as any member's.
    public long watermark() {
        return watermark;
    }

    /// Whether the block `dbn` of the member in `slot` can be trusted to be there.
    public boolean readable(int slot, long dbn) {
        return live(slot) && (slot != rebuilding || dbn < watermark);
    }

    /// How many of `count` blocks from `dbn` on are [#readable]: the others come behind them.
    public int readableOf(int slot, long dbn, int count) {
        int done = (int) Math.max(0, Math.min(count, watermark - dbn));
        return live(slot) ? slot == rebuilding ? done : count : 0;
    }

    /// As [#readable], of the last block that checksum page `page` covers.
    public boolean pageReadable(int slot, long page) {
        long end = Math.min((page + 1) * DiskLayout.ENTRIES_PER_PAGE, layout.dbnCount());
        return readable(slot, end - 1);
    }

    /// The slot that is away in stripe `dbn`, or not rebuilt there; -1 if there is none.
    public int missingAt(long dbn) {
        int missing = missingSlot();
        return missing >= 0 || rebuilding < 0 || dbn < watermark ? missing : rebuilding;
    }

    /// Whether the group has all its redundancy without what is in `slot`.
    public boolean canSpare(int slot) {
        for (int other = 0; other < slots.length; other++) {
            boolean whole = other != rebuilding || watermark >= layout.dbnCount();
            if (other != slot && !(live(other) && whole)) {
                return false;
            }
        }
        return true;
    }

    /// Bytes that a disk of this group has at least.
    public long neededBytes() {
        return Blocks.toBytes(layout.deviceBlocks());
    }

    /// Whether `device` is large enough.
    public boolean fits(BlockDevice device) {
        return device.size() >= neededBytes();
    }

    /// Reads and writes under way, whoever asked for them.
    public int underWay() {
        return underWay;
    }

    private IoCompletion counted(IoCompletion done) {
        underWay++;
        return fault -> {
            underWay--;
            done.ended(fault);
        };
    }

    /// Puts `disk` into a slot whose member is away; it gets all writes from here on.
    void admit(int slot, Disk disk) {
        Check.that(!live(slot) && rebuilding < 0, "a slot is free before it is rebuilt");
        slots[slot] = disk;
        watch(slot);
        rebuilding = slot;
        watermark = 0;
    }

    /// All below `upTo` is rebuilt and flushed; in the labels as soon as `noted` says.
    public void rebuiltTo(long upTo, boolean noted, IoCompletion done) {
        watermark = Math.max(watermark, upTo);
        volume.noteRebuild(this, noted, done);
    }

    /// The disk that was rebuilt is a member like any other.
    public void rebuilt(IoCompletion done) {
        Check.that(watermark >= layout.dbnCount(), "a disk is rebuilt to its end");
        volume.noteRebuilt(this, done);
        rebuilding = DiskLabel.NO_PLACE;
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
        read(slot, block, into, false, done);
    }

    /// As [#read], for somebody who can do without: if it takes long it ends with [IoFault#isSlow],
    /// and the buffers are the caller's again.
    public void readSoon(int slot, long block, List<ByteBuffer> into, IoCompletion done) {
        read(slot, block, into, canSpare(slot), done);
    }

    private void read(
            int slot, long block, List<ByteBuffer> into, boolean hedged, IoCompletion done) {
        Disk disk = slots[slot];
        Check.that(disk != null, "an absent disk is not read", group, slot);
        if (!disk.live()) {
            volume.loop().execute(() -> done.ended(gone(disk)));
            return;
        }
        disk.read(block, into, hedged, counted(done));
    }

    private static IoFault gone(Disk disk) {
        return new IoFault(disk.name(), "read", "the disk left its group: " + disk.reason());
    }

    /// Writes blocks of a member; nothing if it is away.
    public void write(int slot, long block, List<ByteBuffer> from, IoCompletion done) {
        write(slot, List.of(new BlockDevice.Extent(Blocks.toBytes(block), from)), done);
    }

    /// The same of several extents, with one request.
    public void write(int slot, List<BlockDevice.Extent> extents, IoCompletion done) {
        Disk disk = there(slot, done);
        if (disk != null) {
            disk.write(extents, counted(fault -> judged(disk, slot, fault, done)));
        }
    }

    /// Gives the space of `count` blocks of a member back, which read as zeros then; nothing if it
    /// is away. Counts as a write, but for this: if there is no space below to do it, it ends with
    /// [IoFault#isOutOfSpace], nobody leaves for it, and what the blocks read as is not known.
    public void punch(int slot, long block, long count, IoCompletion done) {
        Disk disk = there(slot, done);
        if (disk != null) {
            disk.punchIfSpace(block, count, counted(fault -> judged(disk, slot, fault, done)));
        }
    }

    private @Nullable Disk there(int slot, IoCompletion done) {
        if (live(slot)) {
            return slots[slot];
        }
        volume.loop().execute(() -> done.ended(lost()));
        return null;
    }

    /// Writes durably to one member; nothing if it is away.
    public void writeDurably(int slot, long block, ByteBuffer from, IoCompletion done) {
        Disk disk = there(slot, done);
        if (disk != null) {
            disk.writeDurably(block, from, fault -> judged(disk, slot, fault, done));
        }
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
        EveryMember.read(this, block, into, done);
    }

    /// The member in `slot` is used no more.
    void left(int slot) {
        if (slot == rebuilding) {
            rebuilding = DiskLabel.NO_PLACE;
            watermark = 0;
        }
    }

    private void judged(Disk disk, int slot, @Nullable IoFault fault, IoCompletion done) {
        boolean full = fault != null && fault.isOutOfSpace();
        if (fault != null && !full && disk.live()) {
            volume.fail(group, slot, fault.operation() + ": " + fault.reason());
        }
        done.ended(full && lost() == null ? fault : lost());
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
    /// on it is worth more. Nor can it spare one where the others are hardly better: their wrong
    /// blocks are healed from this one.
    public void countBad(int slot, boolean readable) {
        Disk disk = slots[slot];
        if (disk == null || !disk.live()) {
            return;
        }
        boolean tooMany = readable ? disk.countChecksumError() : disk.countUnreadable();
        if (tooMany && canSpare(slot) && standsOut(disk)) {
            volume.fail(group, slot, "too many wrong blocks: " + disk.checksumErrors());
        }
    }

    private boolean standsOut(Disk bad) {
        for (Disk disk : slots) {
            boolean sound = disk != null && disk.wrong() * WORSE_THAN_OTHERS <= bad.wrong();
            if (!sound && !bad.equals(disk)) {
                return false;
            }
        }
        return true;
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
