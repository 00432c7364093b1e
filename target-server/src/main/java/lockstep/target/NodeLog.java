package lockstep.target;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.real.DeviceInUse;
import lockstep.blockstore.io.real.FileDevice;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.volume.VolumeSettings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/// The node's log device: made when the node starts for the first time, and never made again over
/// one that cannot be read. On the main thread.
final class NodeLog {
    private static final long ABORT_NANOS = 10_000_000_000L;

    private NodeLog() {}

    /// `port` puts what it wants in front of each device.
    static NvLog open(
            NodeConfig.Log config,
            EventLoop loop,
            LongSupplier entropy,
            MetricRegistry metrics,
            NodeEvents events,
            UnaryOperator<BlockDevice> port)
            throws IOException {
        Path path = config.path();
        // Stands beside a log that is being made, so that a start that was cut off is repeated and
        // a log that lost its header is not taken for a new one.
        Path unfinished = path.resolveSibling(path.getFileName() + ".unfinished");
        boolean fresh = !Files.exists(path) || Files.exists(unfinished);
        // Where the other device holds a log, a new one here becomes a copy of that.
        boolean first = fresh && config.secondPath().filter(Files::exists).isEmpty();
        if (fresh) {
            Files.write(unfinished, new byte[0]);
            Files.deleteIfExists(path);
            FileDevice.preallocate(path, config.sizeBytes());
        }
        List<BlockDevice> devices = new ArrayList<>();
        NvLog log;
        try {
            devices.add(port.apply(device(path, config, loop)));
            if (first) {
                format(devices.getFirst(), config, loop, entropy);
                Files.delete(unfinished);
            }
            if (config.secondPath().isPresent()) {
                addSecond(config.secondPath().get(), config, loop, events, devices, port);
            }
            log = opened(devices, config.acceptOneCopy(), loop, entropy, metrics);
        } catch (IOException e) {
            devices.forEach(BlockDevice::close);
            throw e;
        }
        Files.deleteIfExists(unfinished);
        log.whenOneIsLost(
                fault -> events.note("log", "goes on with one copy, the other failed: " + fault));
        for (NvLog.CopyState copy : log.devices()) {
            if (!copy.state().isEmpty()) {
                events.note("log", copy.device() + " is not in use: " + copy.state());
            }
        }
        return log;
    }

    private static FileDevice device(Path path, NodeConfig.Log config, EventLoop loop)
            throws IOException {
        boolean synchronous = config.mode() == NodeConfig.LogMode.DSYNC;
        return FileDevice.open(path, loop, FileDevice.Options.log(synchronous));
    }

    /// A second copy that is not there yet is made of zeros, and then made a copy by opening the
    /// log. One that cannot be had does not keep the node from starting with the first, if that is
    /// known to be the newer.
    private static void addSecond(
            Path path,
            NodeConfig.Log config,
            EventLoop loop,
            NodeEvents events,
            List<BlockDevice> devices,
            UnaryOperator<BlockDevice> port)
            throws DeviceInUse {
        try {
            if (!Files.exists(path)) {
                FileDevice.preallocate(
                        path, Math.max(config.sizeBytes(), devices.getFirst().size()));
            }
            devices.add(port.apply(device(path, config, loop)));
        } catch (DeviceInUse e) {
            throw e;
        } catch (IOException e) {
            events.note("log", "the second copy cannot be opened: " + e);
        }
    }

    private static void format(
            BlockDevice device, NodeConfig.Log config, EventLoop loop, LongSupplier entropy)
            throws IOException {
        CompletableFuture<Void> formatted = new CompletableFuture<>();
        loop.execute(
                () ->
                        NvLog.format(
                                device,
                                (int) config.segmentBytes(),
                                entropy,
                                fault -> {
                                    if (fault == null) {
                                        formatted.complete(null);
                                    } else {
                                        formatted.completeExceptionally(
                                                new IOException(fault.toString()));
                                    }
                                }));
        await(formatted);
    }

    private static NvLog opened(
            List<BlockDevice> devices,
            boolean acceptOne,
            EventLoop loop,
            LongSupplier entropy,
            MetricRegistry metrics)
            throws IOException {
        CompletableFuture<NvLog> opened = new CompletableFuture<>();
        BlockDevice first = devices.getFirst();
        loop.execute(
                () ->
                        NvLog.open(
                                devices,
                                acceptOne,
                                loop,
                                entropy,
                                metrics,
                                result -> {
                                    switch (result) {
                                        case NvLog.OpenResult.Opened(NvLog log) ->
                                                opened.complete(log);
                                        case NvLog.OpenResult.NotALog(String reason) ->
                                                opened.completeExceptionally(
                                                        refused(first, reason));
                                        case NvLog.OpenResult.Failed(var fault) ->
                                                opened.completeExceptionally(
                                                        refused(first, fault.toString()));
                                    }
                                }));
        return await(opened);
    }

    private static IOException refused(BlockDevice device, String reason) {
        return new IOException(
                "the log on "
                        + device.name()
                        + " is refused: "
                        + reason
                        + "; restore it, or move it away only if no volume of this node needs it");
    }

    /// How the volumes of this node, whose log is `log`, behave.
    static VolumeSettings volumeSettings(NodeConfig config, NvLog log) {
        long fixed = config.log().halfBytes();
        long memory = HalfSize.directMemoryBytes();
        return new VolumeSettings(
                fixed > 0 ? () -> fixed : new HalfSize(memory, log.capacityBytes(), log::volumes),
                config.cpInterval().toNanos(),
                ABORT_NANOS,
                config.cacheBytes() / Blocks.SIZE);
    }

    /// Waits on the main thread for what goes on on the loop.
    static <T> T await(CompletableFuture<T> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException(String.valueOf(failed.getCause()), failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the node was starting", stopped);
        }
    }
}
