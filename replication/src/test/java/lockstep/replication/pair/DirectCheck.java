package lockstep.replication.pair;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCheck;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.blockstore.volume.VolumeSettings;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;

/// Runs [VolumeCheck] on what the disks hold now, inside the call.
final class DirectCheck {
    private DirectCheck() {}

    /// Runs tasks as they come, in the caller's thread.
    private static final class InlineLoop implements EventLoop {
        final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public Clock clock() {
            throw new AssertionError("the checker takes no time");
        }

        void run() {
            while (!tasks.isEmpty()) {
                tasks.remove().run();
            }
        }
    }

    /// Takes what an image says, and how to read it.
    interface Look {
        void at(StateFile state, BlockReader reader, BlockPool pool);
    }

    /// Shows the state file of the image of `root` on `space`.
    static void look(DirectSpace space, VolumeRoot root, Look look) {
        BlockPool pool = new BlockPool();
        BlockReader reader = new BlockReader(space, new BlockCache(256, 0, pool), pool);
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        look.at(state, reader, pool);
                    }

                    @Override
                    public void lost(String what) {
                        throw new AssertionError("cannot read " + what);
                    }
                });
    }

    /// Checks the image of `root` on `space`.
    static VolumeCheck.Report run(DirectSpace space, VolumeRoot root) {
        InlineLoop loop = new InlineLoop();
        VolumeCopy copy =
                new VolumeCopy(
                        new VolumeCopy.Parts(
                                root.volume(),
                                "check",
                                space,
                                null,
                                loop,
                                new VolumeSettings(1 << 20, 1, 1, 256)),
                        root,
                        0,
                        CopyState.standalone(),
                        0);
        AtomicReference<VolumeCheck.Report> report = new AtomicReference<>();
        VolumeCheck.run(copy, report::set);
        loop.run();
        return report.get();
    }
}
