package lockstep.target;

import lockstep.blockstore.io.Clock;
import lockstep.replication.trust.Invitation;
import lockstep.replication.trust.PairingCode;
import lockstep.replication.trust.PairingDesk;
import lockstep.replication.trust.PairingSession;
import lockstep.replication.wire.PairingMessage;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.target.admin.model.AdminError;

import org.jspecify.annotations.Nullable;

import java.security.SecureRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The code that this node gave out last, and who comes with it. It is kept in memory only: a
/// restart ends it. On the core loop.
final class Invitations implements PairingDesk {
    private static final String AGAIN = ": ask for a new one (`lockstep pair invite`)";

    private final PeerKeeper keeper;
    private final Clock clock;
    private final NodeEvents events;
    private final Supplier<Claim> own;
    private final SecureRandom random = new SecureRandom();
    private @Nullable Invitation open;

    /// `own` says who this node is and where it listens.
    Invitations(PeerKeeper keeper, Clock clock, NodeEvents events, Supplier<Claim> own) {
        this.keeper = keeper;
        this.clock = clock;
        this.events = events;
        this.own = own;
    }

    /// Gives out a code for `validNanos`; the one before is void.
    PairingCode open(long validNanos) {
        PairingCode code = PairingCode.draw(random);
        open = new Invitation(code, clock.nanoTime() + validNanos);
        return code;
    }

    @Override
    public void claimed(PairingSession session, Claim claim, Consumer<PairingMessage> answer) {
        Invitation invitation = open;
        String wrong =
                invitation == null
                        ? "no code is given out"
                        : invitation.judge(session, claim, clock.nanoTime());
        if (invitation == null || wrong != null) {
            events.note("pairing", "refused " + claim.node() + ", " + wrong);
            answer.accept(new PairingMessage.Refused(wrong + AGAIN));
            return;
        }
        AdminError refusal = keeper.refusal(claim);
        if (refusal != null) {
            events.note("pairing", "refused " + claim.node() + ", " + refusal.happened());
            answer.accept(new PairingMessage.Refused(refusal.happened()));
            return;
        }
        Claim mine = invitation.accept(session, own.get());
        open = null;
        keeper.pin(
                new PeerFile.Pinned(claim.node(), session.dialler(), claim.address()),
                failure ->
                        answer.accept(
                                failure == null
                                        ? new PairingMessage.Accepted(mine)
                                        : new PairingMessage.Refused(
                                                "the other node cannot write its peers down")));
    }
}
