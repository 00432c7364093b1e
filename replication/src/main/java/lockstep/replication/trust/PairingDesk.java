package lockstep.replication.trust;

import lockstep.replication.wire.PairingMessage;

import java.util.function.Consumer;

/// Where a node hears of who wants to pair with it: a port. On the core loop.
@FunctionalInterface
public interface PairingDesk {
    /// A node that gives out no codes.
    PairingDesk CLOSED =
            (_, _, answer) -> answer.accept(new PairingMessage.Refused("no code is given out"));

    /// Somebody dialled and claims to be a node that knows a code; `answer` takes what he is told,
    /// now or later, once.
    void claimed(
            PairingSession session, PairingMessage.Claim claim, Consumer<PairingMessage> answer);
}
