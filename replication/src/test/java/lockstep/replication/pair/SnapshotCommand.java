package lockstep.replication.pair;

import java.util.function.Consumer;

/// A command of [SnapshotLoad] whose end is not known yet.
final class SnapshotCommand {
    final String what;
    final Consumer<Boolean> ended;
    final Consumer<SimNode> look;

    /// The node has said how it ended, heard or not.
    boolean answered;

    private final SimNode node;
    private final Object incarnation;

    /// `ended` is told whether it was done; `look` finds that out later, at a node.
    SnapshotCommand(SimNode node, String what, Consumer<Boolean> ended, Consumer<SimNode> look) {
        this.node = node;
        this.incarnation = node.loop;
        this.what = what;
        this.ended = ended;
        this.look = look;
    }

    /// Whether the node that took it still has it, and may do it yet.
    boolean isPending() {
        return !answered && incarnation.equals(node.loop) && PairSimulation.isActive(node);
    }
}
