package lockstep.target;

import lockstep.target.admin.model.EventView;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;

/// What an operator should know of: written to the log, and the last few kept for the admin API.
/// Used from any thread.
final class NodeEvents {
    private static final Logger LOG = LoggerFactory.getLogger(NodeEvents.class);
    private static final int KEPT = 500;

    private final ArrayDeque<EventView> kept = new ArrayDeque<>();

    /// Notes that `text` happened to `about`.
    synchronized void note(String about, String text) {
        LOG.info("{}: {}", about, text);
        if (kept.size() == KEPT) {
            kept.removeFirst();
        }
        kept.addLast(new EventView(Instant.now().toString(), about, text));
    }

    /// Oldest first.
    synchronized List<EventView> list() {
        return List.copyOf(kept);
    }
}
