package lockstep.replication.pair;

import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.ShownVolume;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/// State beside the blocks of a LUN, as reservations are kept: a number that only grows. Checked:
/// whoever serves has the last that was acknowledged or a later one, and a mirror in sync shows
/// what its source has.
final class StateHistory {
    private static final String NAME = "number";
    private static final int COMMANDS_BETWEEN = 12;

    private final PairSimulation pair;
    private int commands;
    private long begun;
    private long acknowledged;

    StateHistory(PairSimulation pair) {
        this.pair = pair;
    }

    /// A command comes by; now and then the state changes with it.
    void oneCommand(SimNode node, Lun lun) {
        commands++;
        if (commands % COMMANDS_BETWEEN != 0) {
            return;
        }
        begun++;
        long number = begun;
        node.loop.call(
                () ->
                        lun.put(
                                NAME,
                                ByteBuffer.allocate(Long.BYTES).putLong(0, number),
                                outcome -> {
                                    if (outcome.isDone() && node.alive) {
                                        acknowledged = Math.max(acknowledged, number);
                                    }
                                }));
    }

    void verify(SimNode node) {
        byte[] kept = node.replica.active().luns().getFirst().value(NAME);
        long seen = kept == null ? 0 : ByteBuffer.wrap(kept).getLong();
        pair.check(
                seen >= acknowledged && seen <= begun,
                "state %d, acknowledged %d, begun %d".formatted(seen, acknowledged, begun));
    }

    /// The mirror may still be reading its newest image.
    void verifyMirror(SimNode source) {
        pair.await(
                () -> {
                    List<Lun> luns = source.replica.active().luns();
                    Lun lun = luns.getFirst();
                    List<LunRecord> records = luns.stream().map(Lun::record).toList();
                    ShownVolume mirror = source.peer.replica.shown();
                    List<Lun> shown = mirror == null ? null : mirror.luns();
                    return shown != null
                            && shown.stream().map(Lun::record).toList().equals(records)
                            && source.peer.told.equals(records)
                            && Arrays.equals(shown.getFirst().value(NAME), lun.value(NAME));
                },
                "the mirror shows the LUNs as its source has them");
    }
}
