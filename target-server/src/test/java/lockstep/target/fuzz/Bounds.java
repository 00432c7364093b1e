package lockstep.target.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import com.sun.management.ThreadMXBean;

import io.netty.buffer.UnpooledByteBufAllocator;

import org.slf4j.LoggerFactory;

import java.lang.management.ClassLoadingMXBean;
import java.lang.management.ManagementFactory;

/// What a stranger's bytes may cost at most, and that none of it is kept: memory of buffers, of the
/// heap, and errors that were caught and logged instead of escaping.
public final class Bounds implements AutoCloseable {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final ClassLoadingMXBean CLASSES = ManagementFactory.getClassLoadingMXBean();

    /// What a whole target, its loop and a connection take.
    private static final long HEAP_FIXED = 16 << 20;

    /// A command of some 40 bytes may read a good part of the LUN. Code that is not compiled yet
    /// also allocates what compiled code does not.
    private static final long HEAP_PER_BYTE = 8192;

    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true, true);
    private final ListAppender<ILoggingEvent> errors = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("lockstep.target");
    private final Logger netty = (Logger) LoggerFactory.getLogger("io.netty");
    private final int inputBytes;
    private final long classesBefore;
    private final long heapBefore;

    /// Watches the current thread from now on, for an input of this length.
    public Bounds(int inputBytes) {
        this.inputBytes = inputBytes;
        errors.start();
        logger.setLevel(Level.ERROR);
        logger.addAppender(errors);
        // Netty warns of what a listener or a handler has thrown.
        netty.setLevel(Level.WARN);
        netty.addAppender(errors);
        classesBefore = CLASSES.getTotalLoadedClassCount();
        heapBefore = THREADS.getCurrentThreadAllocatedBytes();
    }

    /// Where all buffers have to come from.
    public UnpooledByteBufAllocator buffers() {
        return buffers;
    }

    /// Buffers hold at most `bytes` now.
    public void buffersWithin(long bytes) {
        assertThat(buffers.metric().usedDirectMemory()).isLessThanOrEqualTo(bytes);
    }

    /// Everything was given back, nothing was logged as an error, and the heap was not flooded. An
    /// input for which classes had to be loaded says nothing about the heap: that they were, and
    /// were made ready for fuzzing on the way, takes hundreds of times what the input does.
    @Override
    public void close() {
        logger.detachAppender(errors);
        logger.setLevel(null);
        netty.detachAppender(errors);
        netty.setLevel(null);
        long heap = THREADS.getCurrentThreadAllocatedBytes() - heapBefore;
        assertThat(errors.list)
                .extracting(event -> event.getFormattedMessage() + cause(event))
                .isEmpty();
        assertThat(buffers.metric().usedDirectMemory()).as("buffers never released").isZero();
        if (CLASSES.getTotalLoadedClassCount() == classesBefore) {
            assertThat(heap)
                    .as("heap for %d bytes", inputBytes)
                    .isLessThan(HEAP_FIXED + HEAP_PER_BYTE * inputBytes);
        }
    }

    private static String cause(ILoggingEvent event) {
        var thrown = event.getThrowableProxy();
        if (thrown == null) {
            return "";
        }
        var frames = thrown.getStackTraceElementProxyArray();
        return ": "
                + thrown.getClassName()
                + " "
                + thrown.getMessage()
                + (frames.length == 0 ? "" : " " + frames[0]);
    }
}
