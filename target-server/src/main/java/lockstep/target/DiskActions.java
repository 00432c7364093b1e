package lockstep.target;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.DiskFault;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoFault;
import lockstep.target.NodeDisks.NodeDisk;
import lockstep.target.NodeDisks.Use;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.FaultDisk;
import lockstep.target.admin.model.ReplaceDisk;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Disks put in and taken out for an operator. On the core loop; refusals are thrown, or complete
/// the answer where they come later.
///
/// A disk is looked at anew before it is used: it may have been swapped for another since the node
/// started, and what it carries may be somebody's.
final class DiskActions {
    private static final long ANSWER_NANOS = 10_000_000_000L;

    private final Node node;

    DiskActions(Node node) {
        this.node = node;
    }

    void replace(HostedVolume volume, ReplaceDisk request, CompletableFuture<Done> answer) {
        Integer group = request.group();
        Integer slot = request.slot();
        DiskPlaces.Place place =
                group == null || slot == null
                        ? DiskPlaces.onlyOpen(volume)
                        : DiskPlaces.open(volume, group, slot);
        NodeDisk disk = node.disks().named(request.disk());
        long needed = volume.disks().groups().get(place.group()).neededBytes();
        prepare(
                volume,
                disk,
                new Wanted(needed, request.force()),
                answer,
                device ->
                        volume.space()
                                .raid()
                                .replace(
                                        place.group(),
                                        place.slot(),
                                        device,
                                        NodeDisks.newName(),
                                        fault -> {
                                            String done = place + " is rebuilt onto " + disk.name;
                                            end(disk, fault, done, answer);
                                        }));
    }

    void add(HostedVolume volume, AddDisk request, CompletableFuture<Done> answer) {
        NodeDisk disk = node.disks().named(request.disk());
        long smallest = Long.MAX_VALUE;
        for (GroupDisks group : volume.disks().groups()) {
            smallest = Math.min(smallest, group.neededBytes());
        }
        prepare(
                volume,
                disk,
                new Wanted(smallest, request.force()),
                answer,
                device ->
                        volume.space()
                                .raid()
                                .addSpare(
                                        device,
                                        NodeDisks.newName(),
                                        fault -> {
                                            String done = " is a spare of " + volume.name();
                                            end(disk, fault, disk.name + done, answer);
                                        }));
    }

    /// It is written to now. What a large disk carried takes a while to erase.
    void begin(HostedVolume volume, NodeDisk disk, CompletableFuture<Done> answer) {
        disk.takeFor(volume.name());
        disk.remark = "preparing";
        Done later = new Done(disk.name + " is being prepared; its events tell how that ends");
        node.core().clock().schedule(ANSWER_NANOS, () -> answer.complete(later));
    }

    private void end(
            NodeDisk disk, @Nullable IoFault fault, String done, CompletableFuture<Done> answer) {
        disk.reserved = false;
        if (fault == null) {
            disk.remark = "";
            answer.complete(new Done(done));
        } else {
            node.events().note(disk.name, "it could not be used: " + fault);
            disk.refuse("it could not be used: " + fault);
            answer.completeExceptionally(
                    refused(disk.name + " could not be used: " + fault, "try another disk"));
        }
    }

    void fault(HostedVolume volume, FaultDisk request, CompletableFuture<Done> answer) {
        DiskPlaces.Place place = DiskPlaces.at(volume, request.group(), request.slot());
        GroupDisks group = volume.disks().groups().get(place.group());
        if (!group.live(place.slot())) {
            throw refused(place + " has left already", "replace it: `lockstep disk replace`");
        }
        if (!group.canSpare(place.slot())) {
            throw refused(
                    "group " + place.group() + " cannot do without " + place,
                    "wait until the other disk is rebuilt, or replace that one first");
        }
        group.fail(place.slot(), "the operator took it out");
        answer.complete(new Done(place + " is taken out"));
    }

    /// What a disk has to be good for; `force` overwrites what others may need.
    record Wanted(long bytes, boolean force) {}

    private void prepare(
            HostedVolume volume,
            NodeDisk disk,
            Wanted wanted,
            CompletableFuture<Done> answer,
            Consumer<BlockDevice> next) {
        reserve(volume, List.of(disk));
        look(
                volume,
                disk,
                wanted,
                problem -> {
                    if (problem != null) {
                        disk.reserved = false;
                        answer.completeExceptionally(problem);
                        return;
                    }
                    begin(volume, disk, answer);
                    next.accept(disk.device);
                });
    }

    /// Keeps all of `disks` from other orders until each is released. Throws, and keeps none, if
    /// one of them is in use.
    void reserve(HostedVolume volume, List<NodeDisk> disks) {
        for (NodeDisk disk : disks) {
            boolean used = disk.use == Use.MEMBER;
            if (used && (!volume.name().equals(disk.volume) || DiskPlaces.isInUse(volume, disk))) {
                throw refused(
                        disk.name + " is in use by volume " + disk.volume,
                        "choose another; `lockstep disk list` shows which are free");
            }
            if (disk.reserved) {
                throw refused(
                        disk.name + " is being prepared for another order",
                        "choose another, or wait until that has ended");
            }
        }
        disks.forEach(disk -> disk.reserved = true);
    }

    /// Looks at what a disk that is reserved is and carries; `done` gets why it may not be
    /// overwritten, or null.
    void look(
            HostedVolume volume,
            NodeDisk disk,
            Wanted wanted,
            Consumer<@Nullable AdminException> done) {
        Runnable look =
                () ->
                        DiskInventory.read(
                                List.of(disk.device),
                                node.core().clock(),
                                node.volumes().patience(),
                                found -> done.accept(problem(volume, disk, found, wanted)));
        if (disk.use == Use.FREE) {
            look.run();
            return;
        }
        node.disks()
                .reopen(
                        disk,
                        failure -> {
                            if (failure == null) {
                                look.run();
                            } else {
                                done.accept(
                                        refused(disk.name + ": " + failure, "try another disk"));
                            }
                        });
    }

    private @Nullable AdminException problem(
            HostedVolume volume, NodeDisk disk, DiskInventory found, Wanted wanted) {
        boolean force = wanted.force();
        long bytes = disk.device.size();
        if (bytes < wanted.bytes() || !DiskLayout.fits(bytes)) {
            return refused(
                    disk.name + " has " + bytes + " bytes, and " + wanted.bytes() + " are needed",
                    "choose a disk of " + wanted.bytes() + " bytes or more");
        }
        for (DiskFault fault : found.faults()) {
            if (fault instanceof DiskFault.Unreadable) {
                return refused(fault.text(), "choose another disk");
            }
            if (fault instanceof DiskFault.OtherVersion && !force) {
                return refused(fault.text(), "give --force if nobody needs what is on it");
            }
        }
        for (DiskInventory.FoundVolume other : found.volumes()) {
            AdminException problem = problem(volume, disk, other);
            if (problem != null && !force) {
                return problem;
            }
        }
        return null;
    }

    // What the disk says that it is. One that left this volume is welcome.
    private @Nullable AdminException problem(
            HostedVolume volume, NodeDisk disk, DiskInventory.FoundVolume other) {
        if (!other.id().equals(volume.id())) {
            return refused(
                    disk.name + " is a disk of volume " + other.name() + " (" + other.id() + ")",
                    "choose another, or give --force if nobody needs what is on it");
        }
        boolean current = other.generation() >= volume.disks().generation() - 1;
        for (int group = 0; group < other.members().size(); group++) {
            @Nullable Disk[] slots = other.members().get(group);
            for (int slot = 0; slot < slots.length; slot++) {
                boolean taken =
                        volume.disks().membership().has(group, slot)
                                && volume.disks().groups().get(group).live(slot);
                if (slots[slot] != null && current && taken) {
                    String place = new DiskPlaces.Place(group, slot).toString();
                    return refused(
                            disk.name + " is a copy of " + place + " of " + volume.name(),
                            "take the copy away, or give --force to overwrite it");
                }
            }
        }
        return null;
    }

    private static AdminException refused(String happened, String remedy) {
        return new AdminException(Code.REFUSED, happened, remedy);
    }
}
