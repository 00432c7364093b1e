package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;

import lockstep.blockstore.base.Check;
import lockstep.target.runtime.NettyEventLoop;
import lockstep.target.runtime.NettyLoops;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.util.List;

/// Row P3 of the fault model: whatever is thrown where state may be half changed ends the process
/// at once, and what costs only its thread does not.
final class NodeMainTest {
    @ParameterizedTest
    @CsvSource({"CORE, 70", "LATER, 70", "STACK, 70", "INVARIANT, 70", "HELPER, 0"})
    void p3NothingGoesOnAfterWhatMustNotHappen(Thrower where, int code) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command =
                List.of(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        where.name());
        Process child =
                new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertThat(child.waitFor()).isEqualTo(code);
    }

    /// Where something is thrown.
    enum Thrower {
        /// In a task of the loop that owns the volumes.
        CORE,
        /// In a timer of it.
        LATER,
        /// On an I/O thread, whose stack is at its end.
        STACK,
        /// On some thread, by a check of ours.
        INVARIANT,
        /// On a thread that does something for itself.
        HELPER;

        void run(NettyEventLoop core) throws InterruptedException {
            switch (this) {
                case CORE -> core.execute(Thrower::fail);
                case LATER -> core.clock().schedule(1_000_000, Thrower::fail);
                case STACK -> onThread(() -> endless(1));
                case INVARIANT -> onThread(() -> Check.that(false, "it never happens"));
                case HELPER -> onThread(Thrower::fail);
            }
        }

        private static void onThread(Runnable task) throws InterruptedException {
            Thread.ofPlatform().start(task).join();
        }

        private static void fail() {
            throw new IllegalStateException("it never happens");
        }

        @SuppressWarnings("InfiniteRecursion") // that is what it is for
        private static long endless(long depth) {
            return depth < 0 ? 0 : endless(depth + 1) + depth;
        }
    }

    /// What a node's process does before anything else.
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            NodeMain.watchThreads();
            EventLoopGroup group = NettyLoops.group(1);
            NettyEventLoop core = new NettyEventLoop(group.next(), NodeMain::broken);
            Thrower where = Thrower.valueOf(args[0]);
            where.run(core);
            // Only what does not end the process lets it come this far.
            Thread.sleep(where == Thrower.HELPER ? 0 : 60_000);
            System.exit(0);
        }
    }
}
