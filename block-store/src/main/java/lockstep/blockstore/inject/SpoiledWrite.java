package lockstep.blockstore.inject;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.inject.DeviceFault.Range;
import lockstep.blockstore.io.BlockDevice.Extent;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// What reaches the medium of a write that is spoiled and reported done all the same. Extents that
/// the fault does not touch are as they should be.
final class SpoiledWrite {
    private SpoiledWrite() {}

    static Range range(Extent extent) {
        return new Range(extent.offset(), extent.length());
    }

    private static Predicate<Extent> touchedBy(DeviceFault fault) {
        return extent -> fault.touches(range(extent));
    }

    /// The extents that are not lost.
    static List<Extent> lost(DeviceFault fault, List<Extent> all) {
        return all.stream().filter(touchedBy(fault).negate()).toList();
    }

    /// The extents where they land on a device of `size` bytes: one that goes astray by its own
    /// length further back, or in front where the device ends. Where neither is room it is lost.
    static List<Extent> astray(DeviceFault fault, List<Extent> all, long size) {
        List<Extent> landed = new ArrayList<>();
        for (Extent extent : all) {
            long length = extent.length();
            boolean fitsBehind = extent.offset() + 2 * length <= size;
            long elsewhere = fitsBehind ? extent.offset() + length : extent.offset() - length;
            if (!fault.touches(range(extent))) {
                landed.add(extent);
            } else if (elsewhere >= 0) {
                landed.add(new Extent(elsewhere, extent.buffers()));
            }
        }
        return landed;
    }

    /// The first extent that the fault touches, which is the one that is torn.
    static Extent first(DeviceFault fault, List<Extent> all) {
        return all.stream().filter(touchedBy(fault)).findFirst().orElseThrow();
    }

    /// `all` with the first half of the bytes of `torn`, in whole sectors of 512, and behind them
    /// what is in `before`, which becomes part of the result.
    static List<Extent> torn(List<Extent> all, Extent torn, ByteBuffer before) {
        long half = torn.length() / 2 / Blocks.SECTOR * Blocks.SECTOR;
        int at = 0;
        for (ByteBuffer buffer : torn.buffers()) {
            int part = (int) Math.min(buffer.remaining(), half - at);
            before.put(at, buffer, buffer.position(), part);
            at += part;
        }
        Extent landed = new Extent(torn.offset(), List.of(before));
        return all.stream()
                .map(extent -> extent.offset() == torn.offset() ? landed : extent)
                .toList();
    }
}
