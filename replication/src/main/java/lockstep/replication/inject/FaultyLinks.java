package lockstep.replication.inject;

import lockstep.blockstore.inject.FaultPlan;
import lockstep.replication.link.Connection;
import lockstep.replication.link.Dialer;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/// All connections of a node, with the faults that a plan has for them.
public final class FaultyLinks {
    private final FaultPlan plan;
    private final Set<FaultyConnection> open = new LinkedHashSet<>();

    /// Links that suffer what `plan` says.
    public FaultyLinks(FaultPlan plan) {
        this.plan = plan;
        plan.whenChanged(() -> List.copyOf(open).forEach(FaultyConnection::look));
    }

    /// The dialer of the link to `peer`, in front of `under`.
    public Dialer dialing(UUID peer, Dialer under) {
        return new FaultyDialer(peer, under);
    }

    /// Takes the connections of those who dial, in front of `next`.
    public Consumer<Connection> accepting(Consumer<Connection> next) {
        return connection -> next.accept(faulty(connection, null));
    }

    private FaultyConnection faulty(Connection under, @Nullable UUID peer) {
        FaultyConnection connection = new FaultyConnection(under, peer, plan, open::remove);
        open.add(connection);
        connection.look();
        return connection;
    }

    private boolean happens(LinkEffect effect, UUID peer) {
        return !plan.isEmpty()
                && plan.take(LinkFault.class, fault -> fault.hits(effect, peer)) != null;
    }

    private final class FaultyDialer implements Dialer {
        private final UUID peer;
        private final Dialer under;

        FaultyDialer(UUID peer, Dialer under) {
            this.peer = peer;
            this.under = under;
        }

        @Override
        public String address() {
            return under.address();
        }

        @Override
        public Attempt dial(Result result) {
            if (happens(LinkEffect.BLACK_HOLE, peer)) {
                return () -> {};
            }
            if (happens(LinkEffect.CUT, peer)) {
                boolean[] cancelled = new boolean[1];
                plan.loop()
                        .execute(
                                () -> {
                                    if (!cancelled[0]) {
                                        result.failed(FaultyConnection.CUT);
                                    }
                                });
                return () -> cancelled[0] = true;
            }
            return under.dial(
                    new Result() {
                        @Override
                        public void opened(Connection connection) {
                            result.opened(faulty(connection, peer));
                        }

                        @Override
                        public void failed(String reason) {
                            result.failed(reason);
                        }
                    });
        }
    }
}
