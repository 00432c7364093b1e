package lockstep.target;

import lockstep.blockstore.disk.DiskFault;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.DryDevice;
import lockstep.blockstore.io.real.DeviceInUse;
import lockstep.blockstore.io.real.FileDevice;
import lockstep.blockstore.io.real.ThreadEventLoop;
import lockstep.target.admin.model.CheckView;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// The check of volumes on the disks of a node that is not running. Damage is what it reports, in
/// whatever form; it writes nothing. Its memory is some bits for each block of a volume.
public final class DiskCheck {
    private final List<FileDevice> files = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final List<CheckView.VolumeResult> results = new ArrayList<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final ThreadEventLoop loop =
            new ThreadEventLoop("check", broken -> ended.completeExceptionally(broken));

    /// Somebody has one of the disks open.
    public static final class InUse extends IOException {
        private static final long serialVersionUID = 1;

        InUse(DeviceInUse cause) {
            super(cause.getMessage(), cause);
        }
    }

    private DiskCheck() {}

    /// Checks the volume of this name, or all volumes, on the disks that `config` names. Throws
    /// [InUse] where somebody has one of them open.
    public static CheckView run(NodeConfig config, @Nullable String volume) throws IOException {
        return new DiskCheck().check(config, volume);
    }

    private CheckView check(NodeConfig config, @Nullable String volume) throws IOException {
        List<BlockDevice> devices = open(config);
        loop.execute(() -> DiskInventory.read(devices, inventory -> sorted(inventory, volume)));
        try {
            ended.get();
        } catch (ExecutionException broken) {
            // What is on the disks has broken a rule that no check had thought of.
            problems.add("the check broke off: " + broken.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", stopped);
        } finally {
            loop.close();
            closeAll();
        }
        boolean clean =
                problems.isEmpty() && results.stream().allMatch(CheckView.VolumeResult::clean);
        return new CheckView(clean, problems, results);
    }

    private List<BlockDevice> open(NodeConfig config) throws IOException {
        List<BlockDevice> devices = new ArrayList<>();
        for (Path path : NodeDisks.paths(config.disks())) {
            try {
                FileDevice device = FileDevice.open(path, loop, FileDevice.Options.DATA);
                files.add(device);
                devices.add(new DryDevice(device, loop));
            } catch (DeviceInUse inUse) {
                loop.close();
                closeAll();
                throw new InUse(inUse);
            } catch (IOException failed) {
                problems.add(path + " cannot be opened: " + failed);
            }
        }
        return devices;
    }

    private void closeAll() throws IOException {
        try {
            for (FileDevice file : files) {
                file.closeNow();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", stopped);
        }
    }

    private void sorted(DiskInventory inventory, @Nullable String volume) {
        for (DiskFault fault : inventory.faults()) {
            if (!(fault instanceof DiskFault.Unformatted)) {
                problems.add(fault.text());
            }
        }
        List<DiskInventory.FoundVolume> wanted = new ArrayList<>();
        for (DiskInventory.FoundVolume found : inventory.volumes()) {
            if (volume == null || volume.equals(found.name())) {
                wanted.add(found);
            }
        }
        if (volume != null && wanted.isEmpty()) {
            problems.add("no disk belongs to a volume " + volume);
        }
        next(wanted);
    }

    private void next(List<DiskInventory.FoundVolume> left) {
        if (left.isEmpty()) {
            ended.complete(null);
            return;
        }
        DiskInventory.FoundVolume found = left.removeFirst();
        new OfflineCheck(
                        found,
                        loop,
                        result -> {
                            results.add(result);
                            loop.execute(() -> next(left));
                        })
                .run();
    }
}
