package lockstep.target;

import lockstep.blockstore.base.Fatal;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/// The node as a process: runs until it gets a signal. A broken invariant ends it at once, without
/// any clean-up that might act on what is broken.
public final class NodeMain implements NodeProgram {
    private static final Logger LOG = LoggerFactory.getLogger(NodeMain.class);
    private static final int BROKEN = 70;

    /// With this system property the node ends as soon as its standard input does: its parent's
    /// death, however that comes, is its own.
    private static final String LIFELINE = "lockstep.lifeline";

    /// For the service loader.
    public NodeMain() {}

    @Override
    public void run(NodeConfig config) throws Exception {
        LogLines.later();
        watchThreads();
        if (Boolean.getBoolean(LIFELINE)) {
            Thread.ofPlatform().daemon().name("lifeline").start(NodeMain::endWithInput);
        }
        Node node = Node.start(config, NodeMain::broken);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        Thread.ofPlatform()
                                .name("stop")
                                .unstarted(
                                        () -> {
                                            node.close();
                                            LogLines.lastWords();
                                            ended.countDown();
                                        }));
        ended.await();
    }

    /// Ends the process when something that must not happen does, on whatever thread, or when the
    /// virtual machine is at its end. Anything else costs its thread, and is told.
    static void watchThreads() {
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, thrown) -> {
                    if (Fatal.is(thrown)) {
                        broken(thrown);
                    }
                    LOG.error("the thread {} ends", thread.getName(), thrown);
                });
    }

    static void broken(Throwable cause) {
        try {
            LOG.error("this node stops at once: something happened that must not", cause);
            LogLines.lastWords();
        } finally {
            // Where memory is at its end, so is saying it.
            Runtime.getRuntime().halt(BROKEN);
        }
    }

    private static void endWithInput() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is said here; only the end counts.
            }
        } catch (IOException _) {
            // As good as the end.
        }
        Runtime.getRuntime().halt(0);
    }
}
