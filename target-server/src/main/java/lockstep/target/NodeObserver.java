package lockstep.target;

import lockstep.replication.role.Replica;
import lockstep.replication.tail.TailStore;

/// Hears of every copy of a volume on this node. On the core loop.
final class NodeObserver implements Replica.Observer {
    private final Node node;

    NodeObserver(Node node) {
        this.node = node;
    }

    @Override
    public void activeChanged(Replica replica) {
        node.links().shareLog();
        HostedVolume volume = node.volumes().of(replica);
        if (volume != null) {
            node.targets().refresh(volume);
        }
    }

    @Override
    public void event(Replica replica, String text) {
        node.events().note(replica.copy().name(), text);
        node.faults().told(text);
    }

    @Override
    public TailStore tails() {
        return node.tails();
    }

    @Override
    public long leaseGrantedUntilNanos(Replica replica) {
        return node.links().grantedUntilNanos(replica);
    }
}
