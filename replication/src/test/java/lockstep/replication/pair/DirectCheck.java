package lockstep.replication.pair;

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
