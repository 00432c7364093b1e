package lockstep.replication.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.PairingMessage.Claim;

import org.junit.jupiter.api.Test;

import java.security.SecureRandom;
import java.util.Objects;
import java.util.UUID;

/// What a code is good for, and what a proof made with it is.
class InvitationTest {
    private static final Claim BETA = claim("beta", "10.0.0.2:7801");
    private static final Claim ALPHA = claim("alpha", "10.0.0.1:7801");

    private final PairingCode code = Objects.requireNonNull(PairingCode.parse("0123456789ABCDEF"));
    private final PairingCode other = Objects.requireNonNull(PairingCode.parse("0123456789ABCDEG"));
    private final PairingSession session = session(1, 'd', 'a');
    private final Invitation invitation = new Invitation(code, 1000);

    private static Claim claim(String name, String address) {
        return Claim.of(new NodeIdentity(7, new UUID(1, 2), name), address);
    }

    private static PairingSession session(int secret, char dialler, char listener) {
        return new PairingSession(
                new byte[] {(byte) secret},
                Fingerprint.parse(String.valueOf(dialler).repeat(64)),
                Fingerprint.parse(String.valueOf(listener).repeat(64)));
    }

    @Test
    void whoKnowsTheCodeIsAcceptedOnce() {
        Claim proved = session.byDialler(code, BETA);
        assertThat(invitation.judge(session, proved, 999)).isNull();
        Claim answer = invitation.accept(session, ALPHA);
        assertThat(session.provesListener(code, answer)).isTrue();
        assertThat(invitation.judge(session, proved, 999)).isEqualTo("the code was used");
        assertThatThrownBy(() -> invitation.accept(session, ALPHA))
                .isInstanceOf(BrokenInvariant.class);
    }

    @Test
    void aCodeExpires() {
        Claim proved = session.byDialler(code, BETA);
        assertThat(invitation.judge(session, proved, 1000)).isEqualTo("the code has expired");
    }

    @Test
    void aFewWrongTriesSpendIt() {
        Claim guessed = session.byDialler(other, BETA);
        for (int i = 0; i < Invitation.TRIES; i++) {
            assertThat(invitation.judge(session, guessed, 0)).isEqualTo("the code is wrong");
        }
        assertThat(invitation.judge(session, session.byDialler(code, BETA), 0))
                .isEqualTo("the code was tried too often");
    }

    /// A man in the middle has other sessions, and his own key in them; and may change a claim.
    @Test
    void aProofHoldsForItsConnectionItsKeysItsSideAndItsClaim() {
        Claim proved = session.byDialler(code, BETA);
        assertThat(session.provesDialler(code, proved)).isTrue();
        assertThat(session(2, 'd', 'a').provesDialler(code, proved)).isFalse();
        assertThat(session(1, 'e', 'a').provesDialler(code, proved)).isFalse();
        assertThat(session(1, 'd', 'b').provesDialler(code, proved)).isFalse();
        assertThat(session(1, 'a', 'd').provesDialler(code, proved)).isFalse();
        assertThat(session.provesListener(code, proved)).isFalse();
        assertThat(session.provesDialler(other, proved)).isFalse();
        Claim changed = claim("beta", "10.6.6.6:7801").with(proved.proof());
        assertThat(session.provesDialler(code, changed)).isFalse();
    }

    @Test
    void codesAreReadAsPeopleTypeThem() {
        PairingCode drawn = PairingCode.draw(new SecureRandom());
        assertThat(drawn.show()).matches("([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}");
        assertThat(PairingCode.draw(new SecureRandom()).show()).isNotEqualTo(drawn.show());
        assertThat(drawn.toString()).doesNotContain(drawn.show());
        for (String typed :
                new String[] {"0123-4567-89AB-CDEF", "0123 4567 89ab cdef\n", "oi23456789ABCDEF"}) {
            PairingCode read = Objects.requireNonNull(PairingCode.parse(typed));
            assertThat(read.show()).isEqualTo(code.show());
        }
        for (String typed : new String[] {"", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEU"}) {
            assertThat(PairingCode.parse(typed)).isNull();
        }
    }
}
