package lockstep.replication.inject;

import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;

import java.util.ArrayList;
import java.util.List;

/// The named points of the link, at which a node can be made to crash: before a message about a
/// volume is sent, and when one has come and nothing was done about it. So every step of a resync,
/// of a switchover and of the mirroring of a consistency point is between two of them.
public final class LinkPoint {
    private LinkPoint() {}

    /// The names of all.
    public static List<String> all() {
        List<String> names = new ArrayList<>();
        for (String message : MessageCodec.volumeMessages()) {
            names.add("send-" + message);
            names.add("receive-" + message);
        }
        return names;
    }

    static String sending(Message borrowed) {
        return "send-" + MessageCodec.nameOf(borrowed);
    }

    static String received(Message borrowed) {
        return "receive-" + MessageCodec.nameOf(borrowed);
    }
}
