package lockstep.target.iscsi.session;

import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The normal sessions of a node, by initiator port and target. One initiator port has at most one
/// session with a target: a new login ends the old one, and completes only when nothing of the old
/// one is under way (RFC 7143 6.3.5).
public final class SessionTable {
    /// Who is logged in where. `sessionId` is the ISID.
    record Key(String targetName, String initiator, long sessionId) {}

    private final Map<Key, Connection> sessions = new LinkedHashMap<>();
    private int lastHandle;

    /// An empty table.
    public SessionTable() {}

    /// Gives `key` to `connection`; `ready` runs when whoever had it is gone.
    void claim(Key key, Connection connection, Runnable ready) {
        Connection old = sessions.put(key, connection);
        if (old == null) {
            ready.run();
        } else {
            old.reinstated(ready);
        }
    }

    /// Whether a session has `key` now.
    boolean has(Key key) {
        return sessions.containsKey(key);
    }

    /// The rules of `target` have changed: every session with it sees what it may now, or ends.
    public void accessChanged(ScsiTarget target) {
        for (Map.Entry<Key, Connection> entry : List.copyOf(sessions.entrySet())) {
            if (entry.getKey().targetName().equals(target.port().targetName())) {
                entry.getValue().accessChanged();
            }
        }
    }

    /// `connection` is over; no effect if another has taken its key.
    void release(@Nullable Key key, Connection connection) {
        if (key != null) {
            sessions.remove(key, connection);
        }
    }

    /// Ends every session with `target`: TARGET COLD RESET, or the target goes away.
    public void dropAll(ScsiTarget target) {
        for (Map.Entry<Key, Connection> entry : List.copyOf(sessions.entrySet())) {
            if (entry.getKey().targetName().equals(target.port().targetName())) {
                entry.getValue().dismiss("its target ends all sessions");
            }
        }
    }

    /// A session identifying handle, never 0.
    int nextHandle() {
        lastHandle = lastHandle == 0xFFFF ? 1 : lastHandle + 1;
        return lastHandle;
    }
}
