package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskFault;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.real.DiskWrites;
import lockstep.blockstore.io.real.FileDevice;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// The disks that the node's file names, and what each is used for. Opened on the main thread, used
/// on the core loop from then on.
final class NodeDisks {
    private static final String LATE =
            "it came after the start: give it to a volume, or start the node again";
    private static final int REOPEN_TRIES = 40;
    private static final long REOPEN_NANOS = 50_000_000;

    /// What a disk is to this node.
    enum Use {
        /// No volume of ours is on it.
        FREE,
        /// Part of a volume.
        MEMBER,
        /// Not usable as it is; the remark says why.
        REFUSED
    }

    /// One disk. `remark` is for people.
    static final class NodeDisk {
        final String name;
        final Path path;
        BlockDevice device;
        Use use = Use.FREE;
        String remark = "";
        @Nullable String volume;

        /// An order has it in hand, from its first look on until the disk is part of something.
        boolean reserved;

        NodeDisk(String name, Path path, BlockDevice device) {
            this.name = name;
            this.path = path;
            this.device = device;
        }

        /// It belongs to a volume now: as a member, or as one of its spares.
        void takeFor(String newVolume) {
            use = Use.MEMBER;
            remark = "";
            volume = newVolume;
        }

        /// It is not to be used for what `why` says.
        void refuse(String why) {
            use = Use.REFUSED;
            remark = why;
            volume = null;
        }

        /// It belongs to nobody now.
        void setFree() {
            use = Use.FREE;
            remark = "";
            volume = null;
            reserved = false;
        }
    }

    private final Map<String, NodeDisk> byDevice = new LinkedHashMap<>();
    private final List<String> patterns;
    private final EventLoop loop;
    private final NodeEvents events;
    private final UnaryOperator<BlockDevice> port;
    private final FileDevice.Options options;

    private NodeDisks(
            List<String> patterns,
            EventLoop loop,
            NodeEvents events,
            UnaryOperator<BlockDevice> port) {
        this.port = port;
        this.patterns = patterns;
        this.loop = loop;
        this.events = events;
        this.options = FileDevice.Options.DATA.with(new DiskWrites(loop));
    }

    /// Opens all that `patterns` name. A disk that is not there or cannot be opened is an event and
    /// no failure: its volume can do without it. `port` puts what it wants in front of each.
    static NodeDisks open(
            List<String> patterns,
            EventLoop loop,
            NodeEvents events,
            UnaryOperator<BlockDevice> port)
            throws IOException {
        NodeDisks disks = new NodeDisks(patterns, loop, events, port);
        disks.openNew("");
        return disks;
    }

    // What came since the last look is opened too. Nobody has read what it carries then, so it is
    // not free: only who looks at it first may use it.
    private void openNew(String remark) throws IOException {
        Set<String> names = new LinkedHashSet<>();
        byDevice.values().forEach(disk -> names.add(disk.name));
        for (Path path : paths(patterns)) {
            if (byDevice.containsKey(path.toString())) {
                continue;
            }
            try {
                BlockDevice device = opened(path);
                String name = String.valueOf(path.getFileName());
                String unique = names.add(name) ? name : path.toString();
                NodeDisk disk = new NodeDisk(unique, path, device);
                if (!remark.isEmpty()) {
                    disk.refuse(remark);
                }
                byDevice.put(device.name(), disk);
            } catch (IOException failed) {
                events.note(path.toString(), "the disk cannot be opened: " + failed);
            }
        }
    }

    private BlockDevice opened(Path path) throws IOException {
        return port.apply(FileDevice.open(path, loop, options));
    }

    /// Opens a disk once more, whose device failed or whose file was replaced; `done` gets why that
    /// cannot be, or null. What still hangs on it may take its time to end.
    void reopen(NodeDisk disk, Consumer<@Nullable String> done) {
        disk.device.close();
        tryOpen(disk, 0, done);
    }

    private void tryOpen(NodeDisk disk, int tries, Consumer<@Nullable String> done) {
        try {
            disk.device = opened(disk.path);
            done.accept(null);
        } catch (IOException failed) {
            if (tries == REOPEN_TRIES) {
                done.accept("it cannot be opened: " + failed.getMessage());
            } else {
                loop.clock().schedule(REOPEN_NANOS, () -> tryOpen(disk, tries + 1, done));
            }
        }
    }

    /// All that `patterns` name, each once.
    static Set<Path> paths(List<String> patterns) throws IOException {
        Set<Path> paths = new LinkedHashSet<>();
        for (String pattern : patterns) {
            paths.addAll(expand(pattern));
        }
        return paths;
    }

    private static Set<Path> expand(String pattern) throws IOException {
        Path whole = Path.of(pattern);
        Path directory = whole.getParent();
        Path last = whole.getFileName();
        boolean plain = pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0;
        if (plain || directory == null || last == null || !Files.isDirectory(directory)) {
            return plain ? Set.of(whole) : Set.of();
        }
        Set<Path> found = new TreeSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, last.toString())) {
            entries.forEach(found::add);
        }
        return found;
    }

    List<BlockDevice> devices() {
        return byDevice.values().stream().map(disk -> disk.device).toList();
    }

    List<NodeDisk> all() {
        return List.copyOf(byDevice.values());
    }

    /// The disk whose device is called `name`; null if it is none of these.
    @Nullable NodeDisk ofDevice(String name) {
        return byDevice.get(name);
    }

    /// Notes what an inventory says of disks that it does not use.
    void note(DiskInventory inventory, NodeEvents events) {
        for (DiskFault fault : inventory.faults()) {
            NodeDisk disk = byDevice.get(deviceOf(fault));
            if (disk == null || fault instanceof DiskFault.Unformatted) {
                continue;
            }
            disk.refuse(fault.text());
            events.note(disk.name, fault.text());
        }
    }

    private static String deviceOf(DiskFault fault) {
        return switch (fault) {
            case DiskFault.Unformatted one -> one.device();
            case DiskFault.OtherVersion one -> one.device();
            case DiskFault.TooSmall one -> one.device();
            case DiskFault.Duplicate one -> one.device();
            case DiskFault.Stale one -> one.device();
            case DiskFault.Foreign one -> one.device();
            case DiskFault.Unjoined one -> one.device();
            case DiskFault.Unreadable one -> one.device();
        };
    }

    /// The disks that a request names, all free; or, for an automatic one, all free disks as one
    /// group.
    List<List<NodeDisk>> choose(List<List<String>> groups, boolean automatic) {
        List<List<NodeDisk>> chosen = new ArrayList<>();
        if (automatic) {
            chosen.add(all().stream().filter(NodeDisks::isUsable).toList());
        }
        Set<NodeDisk> taken = new LinkedHashSet<>();
        for (List<String> group : groups) {
            List<NodeDisk> members = new ArrayList<>();
            for (String name : group) {
                NodeDisk disk = free(name);
                if (!taken.add(disk)) {
                    throw refused(name + " is named twice", "name each disk once");
                }
                members.add(disk);
            }
            chosen.add(members);
        }
        for (List<NodeDisk> group : chosen) {
            if (group.size() < 2) {
                throw refused(
                        "a group has " + group.size() + " usable disks",
                        "give it two or more; `lockstep disk list` shows which are free");
            }
        }
        return chosen;
    }

    private static boolean isUsable(NodeDisk disk) {
        return disk.use == Use.FREE && !disk.reserved && DiskLayout.fits(disk.device.size());
    }

    private NodeDisk free(String name) {
        NodeDisk disk = named(name);
        if (!isUsable(disk)) {
            boolean idle = disk.use == Use.FREE && !disk.reserved;
            String why = idle ? "too small" : "in use or refused";
            throw refused(name + " is " + why, "choose a free disk");
        }
        return disk;
    }

    /// The disk of this name or path, also one that came after the start.
    NodeDisk named(String name) {
        NodeDisk known = find(name);
        if (known == null) {
            try {
                openNew(LATE);
            } catch (IOException failed) {
                events.note(name, "the disks cannot be looked through: " + failed);
            }
            known = find(name);
        }
        if (known == null) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    "there is no disk " + name + " among those that the node's file names",
                    "`lockstep disk list` shows them; a new one has to be matched by `disks`, or it"
                            + " would not be found after a restart");
        }
        return known;
    }

    private @Nullable NodeDisk find(String name) {
        for (NodeDisk disk : byDevice.values()) {
            if (disk.name.equals(name) || disk.path.toString().equals(name)) {
                return disk;
            }
        }
        return null;
    }

    private static AdminException refused(String happened, String remedy) {
        return new AdminException(Code.REFUSED, happened, remedy);
    }

    /// A name for a new disk or volume.
    static UUID newName() {
        return UUID.randomUUID();
    }

    /// Blocks of both labels: zeros there make a disk free.
    static BlockDevice.Extent labels() {
        return new BlockDevice.Extent(0, List.of(java.nio.ByteBuffer.allocate(2 * Blocks.SIZE)));
    }
}
