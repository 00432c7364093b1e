package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.access.AccessTable;
import lockstep.target.access.Credential;
import lockstep.target.access.HostRule;
import lockstep.target.access.InitiatorPattern;
import lockstep.target.access.LunMask;
import lockstep.target.access.Secret;
import lockstep.target.iscsi.session.EmbeddedHost.Answer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// A world with hostile hosts, and one that was there all the time and is still served after each
/// test.
abstract class AttackBase {
    static final String SECRET = "host-secret-16ch";
    static final String OWN = "own-secret-16chr";
    static final byte[] NOTHING = {};

    private final List<EmbeddedHost> hosts = new ArrayList<>();
    World world = new World();
    EmbeddedHost witness = host().ready("iqn.witness");

    final EmbeddedHost host() {
        EmbeddedHost made = new EmbeddedHost(world);
        hosts.add(made);
        return made;
    }

    final EmbeddedHost host(String remote, String local) {
        EmbeddedHost made = new EmbeddedHost(world, remote, local);
        hosts.add(made);
        return made;
    }

    final void restart(World other) {
        hosts.forEach(EmbeddedHost::close);
        hosts.clear();
        world = other;
        witness = host().ready("iqn.witness");
    }

    @AfterEach
    void theWitnessIsStillServed() {
        if (!witness.isClosed()) {
            while (!witness.isSilent()) {
                witness.next(); // pings of an idle session
            }
            Answer answer = witness.ask(0, 0xC0, 512, "28000000000000000100");
            assertThat(answer.data()).hasSize(512);
        }
        hosts.forEach(EmbeddedHost::close);
    }

    static HostRule rule(String pattern, LunMask luns, @Nullable String secret) {
        Credential in =
                secret == null ? null : new Credential("user", Secret.of(secret), new byte[] {1});
        Credential out =
                secret == null ? null : new Credential("target", Secret.of(OWN), new byte[] {2});
        InitiatorPattern initiator = Objects.requireNonNull(InitiatorPattern.parse(pattern));
        return new HostRule(initiator, List.of(), luns, in, out);
    }

    final void rules(HostRule... rules) {
        List<HostRule> all = new ArrayList<>(List.of(rules));
        all.add(rule("iqn.witness", LunMask.ALL, null));
        world.setTable(new AccessTable("volume", true, all));
    }
}
