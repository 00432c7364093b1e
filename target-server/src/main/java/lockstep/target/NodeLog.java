package lockstep.target;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.real.FileDevice;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.volume.VolumeSettings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;

/// The node's log device: made when the node starts for the first time, and never made again over
/// one that cannot be read. On the main thread.
final class NodeLog {
    private static final long ABORT_NANOS = 10_000_000_000L;

    private NodeLog() {}

    static NvLog open(
            NodeConfig.Log config, EventLoop loop, LongSupplier entropy, MetricRegistry metrics)
            throws IOException {
        Path path = config.path();
        // Stands beside a log that is being made, so that a start that was cut off is repeated and
        // a log that lost its header is not taken for a new one.
        Path unfinished = path.resolveSibling(path.getFileName() + ".unfinished");
        boolean fresh = !Files.exists(path) || Files.exists(unfinished);
        if (fresh) {
            Files.write(unfinished, new byte[0]);
            Files.deleteIfExists(path);
            FileDevice.preallocate(path, config.sizeBytes());
        }
        boolean synchronous = config.mode() == NodeConfig.LogMode.DSYNC;
        FileDevice device = FileDevice.open(path, loop, FileDevice.Options.log(synchronous));
        if (fresh) {
            format(device, config, loop, entropy);
            Files.delete(unfinished);
        }
        return opened(device, loop, entropy, metrics);
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
            BlockDevice device, EventLoop loop, LongSupplier entropy, MetricRegistry metrics)
            throws IOException {
        CompletableFuture<NvLog> opened = new CompletableFuture<>();
        loop.execute(
                () ->
                        NvLog.open(
                                device,
                                loop,
                                entropy,
                                metrics,
                                result -> {
                                    switch (result) {
                                        case NvLog.OpenResult.Opened(NvLog log) ->
                                                opened.complete(log);
                                        case NvLog.OpenResult.NotALog(String reason) ->
                                                opened.completeExceptionally(
                                                        refused(device, reason));
                                        case NvLog.OpenResult.Failed(var fault) ->
                                                opened.completeExceptionally(
                                                        refused(device, fault.toString()));
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

    /// How the volumes of this node behave.
    static VolumeSettings volumeSettings(NodeConfig config) {
        return new VolumeSettings(
                config.log().halfBytes(),
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
