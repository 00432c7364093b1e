package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Joining;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/// The blocks of a volume, over all its groups, under one number each. A read is right or it is
/// lost, never wrong: content counts only if it has the checksum that the caller's pointer asks
/// for, and what does not is made good from its stripe.
///
/// After opening, [#recover] comes first. From its end on, disks that are not wholly rebuilt are,
/// beside everything else ([Rebuilds]).
public final class VbnSpace {
    private final VolumeDisks disks;
    private final SpaceGrowth growth;
    private RaidGeometry geometry;
    private final List<RaidGroup> groups = new ArrayList<>();
    private final Rebuilds rebuilds;
    private @Nullable CpWriter writer;

    /// The space over `disks`.
    public VbnSpace(VolumeDisks disks, RebuildPace pace) {
        this.disks = disks;
        disks.groups().forEach(group -> groups.add(new RaidGroup(group)));
        this.geometry = shape(disks);
        this.growth = new SpaceGrowth(this, disks);
        this.rebuilds = new Rebuilds(disks, groups, pace);
    }

    private static RaidGeometry shape(VolumeDisks disks) {
        List<RaidGeometry.Group> shapes = new ArrayList<>();
        for (GroupDisks group : disks.groups()) {
            long dbns = group.layout().dbnCount();
            shapes.add(new RaidGeometry.Group(group.slots() - 1, group.paritySlot(), dbns));
        }
        return new RaidGeometry(shapes, disks.membership().joined());
    }

    /// What is known of one disk.
    public record DiskStatus(
            int group,
            int slot,
            boolean parity,
            String name,
            boolean live,
            String reason,
            long readFaults,
            long checksumErrors) {}

    /// VBNs in all.
    public long size() {
        return geometry.size();
    }

    /// Which VBN is where.
    public RaidGeometry geometry() {
        return geometry;
    }

    RaidGroup group(int index) {
        return groups.get(index);
    }

    List<RaidGroup> groups() {
        return groups;
    }

    /// Makes the space larger by `devices`, as one more data disk each of `group`, or as a group of
    /// their own if that is the number of the next one. VBNs that there are keep their numbers.
    /// `done` is told when all labels name the new disks, or why they do not; one such call at a
    /// time.
    public void grow(int group, List<Joining.NewDisk> devices, IoCompletion done) {
        growth.run(group, devices, done);
    }

    /// Whether it is getting larger just now.
    public boolean isGrowing() {
        return growth.isGrowing();
    }

    /// Goes by the membership as it is now.
    void joined() {
        for (int g = groups.size(); g < disks.groups().size(); g++) {
            groups.add(new RaidGroup(disks.groups().get(g)));
        }
        geometry = shape(disks);
    }

    /// Whether a disk is away.
    public boolean degraded() {
        return disks.degraded();
    }

    /// Every slot of every group.
    public List<DiskStatus> status() {
        List<DiskStatus> all = new ArrayList<>();
        for (GroupDisks group : disks.groups()) {
            for (int slot = 0; slot < group.slots(); slot++) {
                Disk disk = group.disk(slot);
                boolean parity = slot == group.paritySlot();
                all.add(
                        disk == null
                                ? new DiskStatus(
                                        group.index(), slot, parity, "", false, "absent", 0, 0)
                                : new DiskStatus(
                                        group.index(),
                                        slot,
                                        parity,
                                        disk.name(),
                                        disk.live(),
                                        disk.reason(),
                                        disk.readFaults(),
                                        disk.checksumErrors()));
            }
        }
        return all;
    }

    /// Fills `into` (4096 bytes from its position, lent) with the block whose content has the
    /// checksum `crc`.
    public void read(long vbn, int crc, ByteBuffer into, Read.Handler done) {
        RaidGroup group = groups.get(geometry.groupOf(vbn));
        int slot = geometry.slotOf(vbn);
        long dbn = geometry.dbnOf(vbn);
        if (!group.disks().readable(slot, dbn)) {
            group.heal(slot, dbn, crc, false, into, done);
            return;
        }
        ByteBuffer view = into.slice(into.position(), Blocks.SIZE);
        group.disks()
                .readSoon(
                        slot,
                        group.disks().layout().dataStart() + dbn,
                        List.of(view.duplicate()),
                        fault -> arrived(group, slot, dbn, crc, into, fault, done));
    }

    private static void arrived(
            RaidGroup group,
            int slot,
            long dbn,
            int crc,
            ByteBuffer into,
            @Nullable IoFault fault,
            Read.Handler done) {
        ByteBuffer view = into.slice(into.position(), Blocks.SIZE);
        if (fault == null && Crc32c.of(view) == crc) {
            group.disks().countGood(slot, 1);
            done.ended(Read.Ok.OK);
        } else if (fault != null && fault.isSlow()) {
            readWithout(group, slot, dbn, crc, into, done);
        } else {
            group.reader().countBad(slot, dbn, fault == null ? view : null);
            group.heal(slot, dbn, crc, fault == null, into, done);
        }
    }

    private static void readPatiently(
            RaidGroup group, int slot, long dbn, int crc, ByteBuffer into, Read.Handler done) {
        ByteBuffer view = into.slice(into.position(), Blocks.SIZE);
        group.disks()
                .read(
                        slot,
                        group.disks().layout().dataStart() + dbn,
                        List.of(view),
                        fault -> arrived(group, slot, dbn, crc, into, fault, done));
    }

    // From the others; if these do not have it either the slow disk is waited for after all.
    private static void readWithout(
            RaidGroup group, int slot, long dbn, int crc, ByteBuffer into, Read.Handler done) {
        group.readWithout(
                slot,
                dbn,
                crc,
                into,
                result -> {
                    switch (result) {
                        case Read.Ok _ -> done.ended(result);
                        case Read.Lost _ -> readPatiently(group, slot, dbn, crc, into, done);
                    }
                });
    }

    /// As [#read] for `count` consecutive VBNs, with one request for each disk that holds some;
    /// `done` is told block by block, in the order of `into`, when all have ended.
    public void readRun(
            long vbn, int count, int[] crcs, ByteBuffer[] into, Consumer<List<Read>> done) {
        @Nullable Read[] results = new @Nullable Read[count];
        Together together =
                new Together(
                        _ -> {
                            List<Read> all = new ArrayList<>();
                            for (Read one : results) {
                                all.add(one == null ? new Read.Lost("not read") : one);
                            }
                            done.accept(all);
                        });
        int from = 0;
        while (from < count) {
            long dbns = groups.get(geometry.groupOf(vbn + from)).disks().layout().dbnCount();
            int part = (int) Math.min(count - from, dbns - geometry.dbnOf(vbn + from));
            readPart(vbn + from, from, part, crcs, into, results, together);
            from += part;
        }
        together.start();
    }

    private void readPart(
            long vbn,
            int from,
            int count,
            int[] crcs,
            ByteBuffer[] into,
            @Nullable Read[] results,
            Together together) {
        RaidGroup group = groups.get(geometry.groupOf(vbn));
        int slot = geometry.slotOf(vbn);
        if (!group.disks().readable(slot, geometry.dbnOf(vbn) + count - 1)) {
            for (int i = 0; i < count; i++) {
                readInto(vbn + i, crcs[from + i], into[from + i], results, from + i, together);
            }
            return;
        }
        List<ByteBuffer> views = new ArrayList<>();
        List<ByteBuffer> lent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            views.add(into[from + i].slice(into[from + i].position(), Blocks.SIZE));
            lent.add(views.get(i).duplicate());
        }
        IoCompletion one = together.one();
        group.disks()
                .readSoon(
                        slot,
                        group.disks().layout().dataStart() + geometry.dbnOf(vbn),
                        lent,
                        fault -> {
                            for (int i = 0; i < count; i++) {
                                int at = from + i;
                                if (fault == null && Crc32c.of(views.get(i)) == crcs[at]) {
                                    results[at] = Read.Ok.OK;
                                    group.disks().countGood(slot, 1);
                                } else if (fault != null && fault.isSlow()) {
                                    long dbn = geometry.dbnOf(vbn + i);
                                    IoCompletion late = together.one();
                                    readWithout(
                                            group,
                                            slot,
                                            dbn,
                                            crcs[at],
                                            into[at],
                                            result -> {
                                                results[at] = result;
                                                late.ended(null);
                                            });
                                } else {
                                    readInto(vbn + i, crcs[at], into[at], results, at, together);
                                }
                            }
                            one.ended(null);
                        });
    }

    private void readInto(
            long vbn,
            int crc,
            ByteBuffer into,
            @Nullable Read[] results,
            int at,
            Together together) {
        IoCompletion one = together.one();
        read(
                vbn,
                crc,
                into,
                result -> {
                    results[at] = result;
                    one.ended(null);
                });
    }

    /// Begins to write consistency point `cp`; one at a time.
    public CpWriter begin(CpId cp) {
        Check.that(writer == null, "one consistency point is written at a time");
        CpWriter begun = new CpWriter(this, groups, cp);
        writer = begun;
        return begun;
    }

    void writerEnded() {
        writer = null;
        growth.writerEnded();
    }

    /// Makes right what a crash left of a consistency point newer than `committed`. To be called
    /// after opening and before anything else; it may be repeated.
    public void recover(CpId committed, IoCompletion done) {
        Check.that(writer == null, "nothing is written during recovery");
        recoverGroups(committed, done);
    }

    void recoverGroups(CpId committed, IoCompletion done) {
        Together together =
                new Together(
                        fault -> {
                            if (fault == null) {
                                rebuilds.begin();
                            }
                            done.ended(fault);
                        });
        groups.forEach(group -> group.recover(committed, together.one()));
        together.start();
    }

    /// Puts `device` in the place of a member that left, and has it rebuilt. `done` is told when
    /// the labels name it.
    public void replace(int group, int slot, BlockDevice device, UUID uuid, IoCompletion done) {
        rebuilds.replace(group, slot, device, uuid, done);
    }

    /// Makes `device` a spare; it is used at once if a member is away.
    public void addSpare(BlockDevice device, UUID uuid, IoCompletion done) {
        rebuilds.addSpare(device, uuid, done);
    }

    /// What consistency points wrote since this was opened.
    public RaidTraffic traffic() {
        return groups.stream()
                .map(group -> group.traffic().soFar())
                .reduce(RaidTraffic.NONE, RaidTraffic::plus);
    }

    /// The disks that are rebuilt.
    public Rebuilds rebuilds() {
        return rebuilds;
    }

    /// What makes up a scrub of this space; `listener` hears what its steps find.
    public SpaceScrub scrub(ScrubListener listener) {
        return new SpaceScrub(this, NotedStripes.none(), listener);
    }

    /// As [#scrub], for a space that was not recovered: nothing is said of `noted` stripes.
    public SpaceScrub scrub(NotedStripes noted, ScrubListener listener) {
        return new SpaceScrub(this, noted, listener);
    }

    /// Blocks that another copy of the volume has too.
    public HeldBlocks held() {
        return new HeldBlocks(this);
    }

    /// Giving space back that nothing uses.
    public SpaceHoles holes() {
        return new SpaceHoles(groups);
    }

    /// Finds the stripes that [#recover] would make right.
    public void notedStripes(CpId committed, Consumer<NotedStripes> done) {
        NotedStripes.read(groups, committed, done);
    }

    /// Whether a consistency point is being written.
    public boolean isWriting() {
        return writer != null;
    }

    /// Reads everything and compares: parity, checksum entries, and for the VBNs that `isLive`
    /// names also that they are there. For tests and the volume check; nothing may be written
    /// meanwhile.
    public void verifyAll(LongPredicate isLive, Consumer<ParityCheck.Report> done) {
        new ParityCheck(geometry, groups, isLive).run(done);
    }
}
