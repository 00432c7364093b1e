package lockstep.blockstore.crash;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.Allocator;
import lockstep.blockstore.cp.ConsistencyPoint;
import lockstep.blockstore.cp.CpContext;
import lockstep.blockstore.cp.CpStage;
import lockstep.blockstore.cp.DeadList;
import lockstep.blockstore.cp.Pins;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.Slices;
import lockstep.blockstore.volume.ActiveVolume;

import org.jspecify.annotations.NullUnmarked;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.List;
import java.util.function.LongConsumer;

/// Mistakes that somebody could make, made on purpose.
@NullUnmarked
final class Canaries {
    private Canaries() {}

    /// The superblock is written without a flush of what it names.
    static void noFlushBeforeTheSuperblock(VolumeNode node) {
        node.spaceWrapper =
                real ->
                        new ForwardingSpace(real) {
                            @Override
                            public Writer begin(CpId cp) {
                                return new ForwardingWriter(super.begin(cp)) {
                                    @Override
                                    public void flush(IoCompletion done) {
                                        node.loop.execute(() -> done.ended(null));
                                    }
                                };
                            }
                        };
    }

    /// The log half is given back when its consistency point begins to write.
    static void logReleasedBeforeTheCommit(VolumeNode node) {
        node.spaceWrapper =
                real ->
                        new ForwardingSpace(real) {
                            @Override
                            public Writer begin(CpId cp) {
                                node.copy.log().release(cp.count());
                                return super.begin(cp);
                            }
                        };
    }

    /// Blocks that die in a consistency point are free in the same one.
    static void freedBlocksAreUsedAtOnce(VolumeNode node) {
        node.simulation.afterEveryEvent(
                () -> {
                    if (node.volume != null && stage(node.volume) == CpStage.LUNS) {
                        sweep(node.volume);
                    }
                });
    }

    private static CpStage stage(ActiveVolume volume) {
        Object running = get(get(volume, "driver"), "running");
        return running instanceof ConsistencyPoint cp ? cp.stage() : null;
    }

    private static void sweep(ActiveVolume volume) {
        CpContext context = (CpContext) get(get(volume, "core"), "cp");
        LongConsumer free = context.map()::give;
        try {
            Method sweep =
                    DeadList.class.getDeclaredMethod("sweep", Pins.class, LongConsumer.class);
            sweep.setAccessible(true);
            long before = context.dead().entries();
            Slices.Step walk =
                    (Slices.Step) sweep.invoke(context.dead(), new Pins(List.of()), free);
            boolean more = true;
            while (more) {
                more = walk.run();
            }
            if (context.dead().entries() < before) {
                lookFromTheStart(context.allocator());
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    // Otherwise what was just freed would be reached only after a whole circle.
    private static void lookFromTheStart(Allocator allocator) throws ReflectiveOperationException {
        Method windowAt = Allocator.class.getDeclaredMethod("windowAt", long.class);
        windowAt.setAccessible(true);
        Object window = windowAt.invoke(allocator, 0L);
        Method all = window.getClass().getDeclaredMethod("all");
        all.setAccessible(true);
        set(allocator, "window", window);
        set(allocator, "chosen", all.invoke(window));
        set(allocator, "disk", 0);
        set(allocator, "offset", 0);
    }

    private static void set(Object of, String field, Object value)
            throws ReflectiveOperationException {
        Field found = of.getClass().getDeclaredField(field);
        found.setAccessible(true);
        found.set(of, value);
    }

    /// A private field.
    static Object get(Object of, String field) {
        try {
            Field found = of.getClass().getDeclaredField(field);
            found.setAccessible(true);
            return found.get(of);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
