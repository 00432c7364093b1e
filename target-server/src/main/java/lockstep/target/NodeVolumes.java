package lockstep.target;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.DiskPatience;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.replication.role.Replica;
import lockstep.target.NodeDisks.NodeDisk;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The volumes that this node has copies of: found on its disks at the start, made on request. On
/// the core loop.
final class NodeVolumes {
    private final NodeDisks disks;
    private final VolumeOpener opener;
    private final NodeEvents events;
    private final EventLoop loop;
    private final LongSupplier entropy;
    private final long self;
    private final Replica.Observer observer;
    private final Map<String, HostedVolume> byName = new LinkedHashMap<>();
    private final Map<String, String> refused = new LinkedHashMap<>();

    NodeVolumes(
            NodeDisks disks,
            VolumeOpener opener,
            NodeEvents events,
            EventLoop loop,
            LongSupplier entropy,
            long self,
            Replica.Observer observer) {
        this.disks = disks;
        this.opener = opener;
        this.events = events;
        this.loop = loop;
        this.entropy = entropy;
        this.self = self;
        this.observer = observer;
    }

    DiskPatience patience() {
        return opener.patience();
    }

    List<HostedVolume> all() {
        return List.copyOf(byName.values());
    }

    /// Volumes whose labels were found and that could not be opened, with the reason.
    Map<String, String> refused() {
        return refused;
    }

    @Nullable HostedVolume find(String name) {
        return byName.get(name);
    }

    @Nullable HostedVolume find(VolumeId id) {
        for (HostedVolume volume : byName.values()) {
            if (volume.id().equals(id)) {
                return volume;
            }
        }
        return null;
    }

    @Nullable HostedVolume of(Replica replica) {
        return find(replica.volume());
    }

    /// Reads all labels and opens every volume; `done` when each is open or refused. None is
    /// started yet.
    void openAll(Runnable done) {
        DiskInventory.read(
                disks.devices(),
                loop.clock(),
                opener.patience(),
                inventory -> {
                    disks.note(inventory, events);
                    openNext(new ArrayList<>(inventory.volumes()), done);
                });
    }

    private void openNext(List<DiskInventory.FoundVolume> left, Runnable done) {
        if (left.isEmpty()) {
            done.run();
            return;
        }
        DiskInventory.FoundVolume found = left.removeFirst();
        open(
                found,
                problem -> {
                    if (problem != null) {
                        refused.put(found.name(), problem);
                        events.note(found.name(), "the volume cannot be opened: " + problem);
                    }
                    openNext(left, done);
                });
    }

    private void open(DiskInventory.FoundVolume found, Consumer<@Nullable String> done) {
        claim(found);
        if (byName.containsKey(found.name())) {
            done.accept("there is another volume of this name: take the disks of one away");
            return;
        }
        opener.open(
                found,
                new VolumeOpener.Handler() {
                    @Override
                    public void opened(VolumeDisks members, RaidSpace space, VolumeCopy copy) {
                        Replica replica = new Replica(copy, self, observer);
                        byName.put(found.name(), new HostedVolume(members, space, replica));
                        done.accept(null);
                    }

                    @Override
                    public void refused(String reason) {
                        done.accept(reason);
                    }
                });
    }

    private void claim(DiskInventory.FoundVolume found) {
        List<Disk> all = new ArrayList<>(found.spares());
        for (@Nullable Disk[] slots : found.members()) {
            for (Disk member : slots) {
                if (member != null) {
                    all.add(member);
                }
            }
        }
        for (Disk one : all) {
            NodeDisk disk = disks.ofDevice(one.name());
            if (disk != null) {
                disk.takeFor(found.name());
            }
        }
    }

    /// What a new copy begins with. `blocks` of 0 means all that fit.
    record Beginning(VolumeId id, String name, long blocks, CopyState state) {}

    /// Formats `groups` and opens the new copy; `done` gets it, or why there is none. Not started.
    void create(Beginning beginning, List<List<NodeDisk>> groups, Created done) {
        List<List<BlockDevice>> devices = new ArrayList<>();
        for (List<NodeDisk> group : groups) {
            group.forEach(disk -> disk.use = NodeDisks.Use.MEMBER);
            devices.add(group.stream().map(disk -> disk.device).toList());
        }
        Consumer<String> failed =
                reason -> {
                    groups.forEach(group -> group.forEach(NodeDisk::setFree));
                    done.ended(null, reason);
                };
        new FormatPlan(beginning.id(), beginning.name(), devices, entropy)
                .run(
                        fault -> {
                            if (fault != null) {
                                failed.accept(fault.toString());
                            } else {
                                assemble(beginning, devices, failed, done);
                            }
                        });
    }

    /// Takes a new volume, or why there is none.
    interface Created {
        void ended(@Nullable HostedVolume volume, String problem);
    }

    // A new copy is opened from its disks like any other, once its first records stand there.
    private void assemble(
            Beginning beginning,
            List<List<BlockDevice>> groups,
            Consumer<String> failed,
            Created done) {
        List<BlockDevice> devices = groups.stream().flatMap(List::stream).toList();
        Runnable open =
                () ->
                        inventory(
                                devices,
                                found ->
                                        open(
                                                found,
                                                problem -> {
                                                    if (problem == null) {
                                                        done.ended(find(beginning.id()), "");
                                                    } else {
                                                        failed.accept(problem);
                                                    }
                                                }),
                                failed);
        inventory(devices, found -> opener.begin(found, beginning, open, failed), failed);
    }

    private static void inventory(
            List<BlockDevice> devices,
            Consumer<DiskInventory.FoundVolume> next,
            Consumer<String> failed) {
        DiskInventory.read(
                devices,
                found -> {
                    if (found.volumes().size() == 1) {
                        next.accept(found.volumes().getFirst());
                    } else {
                        failed.accept("the new labels do not read back: " + found.faults());
                    }
                });
    }

    /// Erases the labels of a volume that is in use no more; its disks are free afterwards.
    void erase(HostedVolume volume, Consumer<@Nullable String> done) {
        byName.remove(volume.name());
        volume.space().raid().rebuilds().stop();
        List<NodeDisk> members =
                disks.all().stream().filter(disk -> volume.name().equals(disk.volume)).toList();
        eraseNext(new ArrayList<>(members), null, done);
    }

    // A disk that does not take it keeps none of the others: a volume without them is none.
    private void eraseNext(
            List<NodeDisk> left, @Nullable String problem, Consumer<@Nullable String> done) {
        if (left.isEmpty()) {
            loop.execute(() -> done.accept(problem));
            return;
        }
        NodeDisk disk = left.removeFirst();
        disk.device.writeDurably(
                List.of(NodeDisks.labels()),
                fault -> {
                    if (fault == null) {
                        disk.setFree();
                        eraseNext(left, problem, done);
                    } else {
                        disk.refuse("its label could not be erased: " + fault);
                        eraseNext(left, fault.toString(), done);
                    }
                });
    }
}
