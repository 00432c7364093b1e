package lockstep.target;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;

import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;

/// What a node logs, on its way to whoever reads it. A thread of its own writes it: loops log too,
/// and one that waited for a full pipe, or for the disk that standard error goes to, would miss its
/// heartbeats, and the node would be taken for dead.
final class LogLines {
    private static final int LINES = 4096;

    // A process that has to end waits no longer for its last words.
    private static final int LAST_WORDS_MILLIS = 500;

    private LogLines() {}

    /// From here on nobody who logs waits. What there is no room for is lost, warnings last.
    static void later() {
        Logger root = root();
        for (Appender<ILoggingEvent> direct : appenders(root)) {
            AsyncAppender later = new AsyncAppender();
            later.setContext(root.getLoggerContext());
            later.setQueueSize(LINES);
            later.setNeverBlock(true);
            later.setMaxFlushTime(LAST_WORDS_MILLIS);
            later.addAppender(direct);
            later.start();
            root.detachAppender(direct);
            root.addAppender(later);
        }
    }

    /// Writes what waits, or gives it up after half a second. Nothing is logged any more.
    static void lastWords() {
        appenders(root()).forEach(Appender::stop);
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    }

    private static List<Appender<ILoggingEvent>> appenders(Logger root) {
        List<Appender<ILoggingEvent>> found = new ArrayList<>();
        root.iteratorForAppenders().forEachRemaining(found::add);
        return found;
    }
}
