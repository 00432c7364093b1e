package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Sorts found devices into volumes, groups and slots, whatever order they are found in, and says
/// of each that is not used why. The newest membership generation decides: a disk that it names as
/// failed is stale. A member may lag behind by one generation (a crash between two label writes),
/// never by more.
///
/// Disks that join are labelled before the others ([Joining]). Theirs counts as the newest only if
/// it is the next after all others' and every disk that joined with it is there; else the volume is
/// what it was before, and they are not used.
public record DiskInventory(List<FoundVolume> volumes, List<DiskFault> faults) {
    /// The members found of one volume, by group and slot, null where there is none; and its
    /// spares.
    public record FoundVolume(
            VolumeId id,
            String name,
            long generation,
            Membership membership,
            List<@Nullable Disk[]> members,
            List<Disk> spares) {
        /// Its groups, in order.
        public List<DiskLabel.GroupMembers> groups() {
            return membership.groups();
        }

        /// Why the volume cannot be used with so few disks, for the operator; null if it can.
        @Nullable String tooFew() {
            for (int g = 0; g < groups().size(); g++) {
                int absent = 0;
                for (Disk disk : members.get(g)) {
                    absent += disk == null ? 1 : 0;
                }
                if (absent > 1) {
                    return absent + " disks of group " + g + " are missing; one may be";
                }
                int slot = groups().get(g).rebuiltSlot();
                Disk rebuilt = slot < 0 ? null : members.get(g)[slot];
                if (absent == 1 && rebuilt != null && !rebuilt.holds(groups().get(g).rebuiltTo())) {
                    return "a disk of group "
                            + g
                            + " is missing, and the one in slot "
                            + slot
                            + " is not rebuilt yet: bring the missing one back";
                }
            }
            return null;
        }
    }

    private record Labelled(BlockDevice device, DiskLabel label) {}

    /// How a device is asked.
    private interface Asked {
        void read(BlockDevice device, BlockDevice.Extent extent, IoCompletion done);
    }

    /// Reads the labels of `devices`; `done` gets the inventory on the loop.
    public static void read(List<BlockDevice> devices, Consumer<DiskInventory> done) {
        read(devices, BlockDevice::read, done);
    }

    /// The same, where a device that does not answer for as long as `patience` says counts as
    /// unreadable.
    public static void read(
            List<BlockDevice> devices,
            Clock clock,
            DiskPatience patience,
            Consumer<DiskInventory> done) {
        read(
                devices,
                (device, extent, ended) -> {
                    DiskOperations operations = new DiskOperations(device.name(), clock, patience);
                    operations.onHang(() -> operations.giveUpAll("it does not answer"));
                    operations.start("read", false, one -> device.read(extent, one), ended);
                },
                done);
    }

    private static void read(List<BlockDevice> devices, Asked asked, Consumer<DiskInventory> done) {
        List<@Nullable Labelled> labelled = new ArrayList<>();
        List<DiskFault> faults = new ArrayList<>();
        Together together =
                new Together(
                        _ -> {
                            List<Labelled> present = new ArrayList<>();
                            for (Labelled found : labelled) {
                                if (found != null) {
                                    present.add(found);
                                }
                            }
                            done.accept(sort(present, faults));
                        });
        for (int i = 0; i < devices.size(); i++) {
            labelled.add(null);
            readLabel(devices.get(i), asked, i, labelled, faults, together);
        }
        together.start();
    }

    private static void readLabel(
            BlockDevice device,
            Asked asked,
            int index,
            List<@Nullable Labelled> labelled,
            List<DiskFault> faults,
            Together together) {
        if (!DiskLayout.fits(device.size())) {
            faults.add(new DiskFault.Unformatted(device.name()));
            return;
        }
        ByteBuffer both = ByteBuffer.allocate(2 * Blocks.SIZE);
        var one = together.one();
        long at = Blocks.toBytes(DiskLayout.label(0));
        asked.read(
                device,
                new BlockDevice.Extent(at, List.of(both)),
                fault -> {
                    if (fault != null) {
                        readSingly(device, asked, index, labelled, faults, one);
                        return;
                    }
                    take(device, index, both, labelled, faults);
                    one.ended(null);
                });
    }

    private static void take(
            BlockDevice device,
            int index,
            ByteBuffer both,
            List<@Nullable Labelled> labelled,
            List<DiskFault> faults) {
        DiskLabel label = newest(device, both, faults);
        if (label != null) {
            labelled.set(index, new Labelled(device, label));
        }
    }

    // One bad sector costs one of the two labels; a disk that gives neither is not readable.
    private static void readSingly(
            BlockDevice device,
            Asked asked,
            int index,
            List<@Nullable Labelled> labelled,
            List<DiskFault> faults,
            IoCompletion done) {
        ByteBuffer both = ByteBuffer.allocate(2 * Blocks.SIZE);
        List<String> reasons = new ArrayList<>();
        Together singly =
                new Together(
                        _ -> {
                            if (reasons.size() == 2) {
                                String reason = reasons.getFirst();
                                faults.add(new DiskFault.Unreadable(device.name(), reason));
                            } else {
                                take(device, index, both, labelled, faults);
                            }
                            done.ended(null);
                        });
        for (int slot = 0; slot < 2; slot++) {
            ByteBuffer block = ByteBuffer.allocate(Blocks.SIZE);
            int at = slot;
            IoCompletion one = singly.one();
            asked.read(
                    device,
                    new BlockDevice.Extent(
                            Blocks.toBytes(DiskLayout.label(slot)), List.of(block.duplicate())),
                    fault -> {
                        if (fault == null) {
                            both.put(at * Blocks.SIZE, block, 0, Blocks.SIZE);
                        } else {
                            reasons.add(fault.reason());
                        }
                        one.ended(null);
                    });
        }
        singly.start();
    }

    private static @Nullable DiskLabel newest(
            BlockDevice device, ByteBuffer both, List<DiskFault> faults) {
        ByteBuffer second = both.slice(Blocks.SIZE, Blocks.SIZE);
        DiskLabel a = DiskLabel.decode(both.slice(0, Blocks.SIZE));
        DiskLabel b = DiskLabel.decode(second);
        DiskLabel label = a == null || (b != null && b.generation() > a.generation()) ? b : a;
        if (label == null) {
            int version = Math.max(DiskLabel.otherVersion(both), DiskLabel.otherVersion(second));
            faults.add(
                    version == 0
                            ? new DiskFault.Unformatted(device.name())
                            : new DiskFault.OtherVersion(device.name(), version));
            return null;
        }
        long needed = Blocks.toBytes(label.layout().deviceBlocks());
        if (device.size() < needed) {
            faults.add(new DiskFault.TooSmall(device.name(), device.size(), needed));
            return null;
        }
        return label;
    }

    private static DiskInventory sort(List<Labelled> found, List<DiskFault> faults) {
        TreeMap<VolumeId, List<Labelled>> byVolume = new TreeMap<>();
        for (Labelled one : found) {
            byVolume.computeIfAbsent(one.label().volume(), _ -> new ArrayList<>()).add(one);
        }
        List<FoundVolume> volumes = new ArrayList<>();
        for (List<Labelled> members : byVolume.values()) {
            volumes.add(assemble(members, faults));
        }
        return new DiskInventory(List.copyOf(volumes), List.copyOf(faults));
    }

    private static FoundVolume assemble(List<Labelled> found, List<DiskFault> faults) {
        DiskLabel newest = newest(found);
        List<@Nullable Disk[]> members = new ArrayList<>();
        for (DiskLabel.GroupMembers group : newest.groups()) {
            members.add(new @Nullable Disk[group.slots()]);
        }
        List<Disk> spares = new ArrayList<>();
        for (Labelled one : found) {
            if (one.label().isSpare()) {
                spares.add(new Disk(one.device(), one.label()));
                continue;
            }
            DiskFault fault = place(one, newest, members);
            if (fault != null) {
                faults.add(fault);
            }
        }
        return new FoundVolume(
                newest.volume(),
                newest.name(),
                newest.generation(),
                newest.members(),
                members,
                List.copyOf(spares));
    }

    private static DiskLabel newest(List<Labelled> found) {
        DiskLabel settled = null;
        DiskLabel ahead = null;
        for (Labelled one : found) {
            DiskLabel label = one.label();
            if (label.isSpare()) {
                // What a spare says of the others is as old as the spare.
                continue;
            }
            if (label.isAhead()) {
                boolean newer = ahead == null || label.generation() > ahead.generation();
                ahead = newer ? label : ahead;
            } else if (settled == null || label.generation() > settled.generation()) {
                settled = label;
            }
        }
        if (settled == null) {
            return ahead == null ? found.getFirst().label() : ahead;
        }
        boolean next = ahead != null && ahead.generation() == settled.generation() + 1;
        return next && ahead != null && allJoin(found, settled, ahead) ? ahead : settled;
    }

    // Whether every place that is new in `ahead` has a disk that was labelled with it.
    private static boolean allJoin(List<Labelled> found, DiskLabel settled, DiskLabel ahead) {
        for (int g = 0; g < ahead.groups().size(); g++) {
            for (int slot = 0; slot < ahead.groups().get(g).slots(); slot++) {
                if (!settled.members().has(g, slot) && !isThere(found, ahead, g, slot)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isThere(List<Labelled> found, DiskLabel ahead, int group, int slot) {
        return found.stream()
                .map(Labelled::label)
                .anyMatch(
                        label ->
                                label.isAhead()
                                        && label.generation() == ahead.generation()
                                        && label.group() == group
                                        && label.slot() == slot);
    }

    private static @Nullable DiskFault place(
            Labelled one, DiskLabel newest, List<@Nullable Disk[]> members) {
        DiskLabel label = one.label();
        String device = one.device().name();
        int group = label.group();
        boolean known = newest.members().has(group, label.slot());
        if (label.generation() > newest.generation() || (label.isAhead() && !known)) {
            return new DiskFault.Unjoined(device, label.volume());
        }
        if (!known) {
            return new DiskFault.Foreign(device, label.volume());
        }
        boolean failed = !newest.groups().get(group).admits(label.slot());
        if (failed || label.generation() < newest.generation() - 1) {
            return new DiskFault.Stale(
                    device, label.volume(), group, label.slot(), label.generation());
        }
        @Nullable Disk[] slots = members.get(group);
        Disk other = slots[label.slot()];
        if (other != null) {
            return new DiskFault.Duplicate(
                    device, other.name(), label.volume(), group, label.slot());
        }
        slots[label.slot()] = new Disk(one.device(), label);
        return null;
    }
}
