package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.LeakWatch;
import lockstep.target.access.AccessTable;
import lockstep.target.access.LunMask;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.session.EmbeddedHost.Answer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// What other targets got wrong in CHAP and in whom they let in, tried here (invariant 10).
@ExtendWith(LeakWatch.class)
class ChapAttackTest extends AttackBase {
    private Answer chapBegin(EmbeddedHost host, String name, String algorithms) {
        Answer method =
                host.login(
                        0x81,
                        "InitiatorName=" + name,
                        "TargetName=" + TestTarget.NAME,
                        "AuthMethod=CHAP,None");
        assertThat(method.keys()).containsEntry("AuthMethod", "CHAP");
        assertThat(method.u8(1) & 0x80).as("no transit before the proof").isZero();
        return host.login(0x00, "CHAP_A=" + algorithms);
    }

    private static String response(Answer asked, String secret) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update((byte) Integer.parseInt(asked.keys().getOrDefault("CHAP_I", "")));
        digest.update(secret.getBytes(StandardCharsets.UTF_8));
        String challenge = asked.keys().getOrDefault("CHAP_C", "0x");
        return "0x"
                + HexFormat.of()
                        .formatHex(digest.digest(HexFormat.of().parseHex(challenge.substring(2))));
    }

    private Answer chapEnd(EmbeddedHost host, String response, String... more) {
        List<String> keys = new ArrayList<>(List.of("CHAP_N=user", "CHAP_R=" + response));
        keys.addAll(List.of(more));
        host.send(host.loginHeader(0x83, 1), EmbeddedHost.text(keys.toArray(String[]::new)));
        if (host.isSilent() && !host.isClosed()) {
            world.loop.pass(5000);
        }
        return host.next();
    }

    @Test
    void chapLetsInWhoKnowsTheSecretAndNobodyElse() throws Exception {
        rules(rule("iqn.chap", LunMask.ALL, SECRET));
        EmbeddedHost good = host();
        Answer asked = chapBegin(good, "iqn.chap", "7");
        Answer end = chapEnd(good, response(asked, SECRET));
        assertThat(end.status()).isZero();
        assertThat(end.u8(1)).isEqualTo(0x83);
        for (String[] row : new String[][] {{"iqn.chap", "wrong-secret-abc"}, {"iqn.x", SECRET}}) {
            EmbeddedHost bad = host();
            Answer challenge = chapBegin(bad, row[0], "7");
            assertThat(chapEnd(bad, response(challenge, row[1])).status()).isEqualTo(0x0201);
            assertThat(bad.isClosed()).isTrue();
        }
        EmbeddedHost none = host();
        assertThat(none.enter("iqn.chap").status()).as("security left out").isEqualTo(0x0201);
        EmbeddedHost plain = host();
        Answer refused =
                plain.login(
                        0x81,
                        "InitiatorName=iqn.chap",
                        "TargetName=" + TestTarget.NAME,
                        "AuthMethod=None");
        assertThat(refused.status()).isEqualTo(0x0201);
    }

    /// LIO, CVE-2018-14633 and CVE-2026-63886: a response longer than its digest.
    @Test
    void chapResponseOfAnotherLengthIsRefusedUndecoded() {
        rules(rule("iqn.chap", LunMask.ALL, SECRET));
        String[] responses = {
            "0x" + "00".repeat(100),
            "0x" + "00".repeat(31),
            "0x0",
            "0b" + "A".repeat(200),
            "0b=",
            "0x" + "g".repeat(64),
            ""
        };
        for (String response : responses) {
            EmbeddedHost host = host();
            chapBegin(host, "iqn.chap", "7");
            assertThat(chapEnd(host, response).status()).as(response).isEqualTo(0x0201);
            assertThat(host.isClosed()).isTrue();
        }
    }

    /// LIO, commits e4fae2318b5d and 1d2b60a55459: a challenge beyond 1024 bytes, and our own.
    @Test
    void chapChallengeTooLongOrReflectedClosesTheConnection() throws Exception {
        rules(rule("iqn.chap", LunMask.ALL, SECRET));
        EmbeddedHost reflects = host();
        Answer asked = chapBegin(reflects, "iqn.chap", "7");
        String own = "CHAP_C=" + asked.keys().get("CHAP_C");
        assertThat(chapEnd(reflects, response(asked, SECRET), "CHAP_I=1", own).status())
                .isEqualTo(0x0201);
        assertThat(reflects.isClosed()).isTrue();
        EmbeddedHost floods = host();
        Answer again = chapBegin(floods, "iqn.chap", "7");
        String huge = "CHAP_C=0x" + "ab".repeat(1025);
        assertThat(chapEnd(floods, response(again, SECRET), "CHAP_I=1", huge).status())
                .isEqualTo(0x0200);
        assertThat(floods.isClosed()).isTrue();
        EmbeddedHost mutual = host();
        Answer fine = chapBegin(mutual, "iqn.chap", "7");
        String long1024 = "CHAP_C=0x" + "ab".repeat(1024);
        Answer proof = chapEnd(mutual, response(fine, SECRET), "CHAP_I=1", long1024);
        assertThat(proof.status()).isZero();
        assertThat(proof.keys()).containsEntry("CHAP_N", "target").containsKey("CHAP_R");
    }

    /// tgt, CVE-2024-45751: challenges that come again.
    @Test
    void chapChallengeOfAnotherConnectionProvesNothing() throws Exception {
        rules(rule("iqn.chap", LunMask.ALL, SECRET));
        Answer first = chapBegin(host(), "iqn.chap", "7");
        EmbeddedHost other = host();
        Answer second = chapBegin(other, "iqn.chap", "7");
        assertThat(second.keys().get("CHAP_C")).isNotEqualTo(first.keys().get("CHAP_C"));
        assertThat(chapEnd(other, response(first, SECRET)).status()).isEqualTo(0x0201);
    }

    @Test
    void guessingSecretsGetsSlowAndLocksNobodyOut() throws Exception {
        rules(rule("iqn.chap", LunMask.ALL, SECRET));
        for (int guess = 0; guess < 8; guess++) {
            EmbeddedHost host = host();
            Answer asked = chapBegin(host, "iqn.chap", "7");
            chapEnd(host, response(asked, "wrong-secret-abc"));
        }
        EmbeddedHost guessing = host();
        Answer asked = chapBegin(guessing, "iqn.chap", "7");
        guessing.send(
                guessing.loginHeader(0x83, 1),
                EmbeddedHost.text("CHAP_N=user", "CHAP_R=" + response(asked, "wrong-secret-abc")));
        assertThat(guessing.isSilent()).as("the answer waits").isTrue();
        guessing.login0();
        assertThat(guessing.isClosed()).as("no request while the last waits").isTrue();
        EmbeddedHost knows = host();
        Answer challenge = chapBegin(knows, "iqn.chap", "7");
        assertThat(chapEnd(knows, response(challenge, SECRET)).status()).isZero();
    }

    @Test
    void discoveryTellsAHostOnlyOfWhatItMayUse() throws Exception {
        rules(rule("iqn.chap", LunMask.ALL, SECRET));
        EmbeddedHost stranger = host();
        Answer refused = stranger.login(0x87, "InitiatorName=iqn.x", "SessionType=Discovery");
        assertThat(refused.status()).isEqualTo(0x0201);
        EmbeddedHost known = host();
        known.login(
                0x81, "InitiatorName=iqn.chap", "SessionType=Discovery", "AuthMethod=CHAP,None");
        Answer asked = known.login(0x00, "CHAP_A=7");
        assertThat(chapEnd(known, response(asked, SECRET)).status()).isZero();
        assertThat(known.sendTargets("All")).contains("TargetName=" + TestTarget.NAME);
        EmbeddedHost seen = host();
        seen.login(0x87, "InitiatorName=iqn.witness", "SessionType=Discovery");
        assertThat(seen.sendTargets("All")).contains(TestTarget.NAME);
        world.setTable(new AccessTable("volume", true, List.of()));
        assertThat(seen.sendTargets("All")).isEmpty();
        assertThat(seen.sendTargets(TestTarget.NAME)).isEmpty();
    }

    /// The 13,500 targets of 2019 that were open to everybody.
    @Test
    void portalOffLoopbackIsClosedWithoutAuthentication() {
        EmbeddedHost remote = host("10.0.0.9", "10.0.0.1");
        assertThat(remote.enter("iqn.x").status()).isEqualTo(0x0202);
        rules(rule("iqn.x", LunMask.ALL, null));
        assertThat(host("10.0.0.9", "10.0.0.1").enter("iqn.x").status())
                .as("a name is no proof")
                .isEqualTo(0x0202);
        assertThat(
                        host("10.0.0.9", "10.0.0.1")
                                .login(0x87, "InitiatorName=iqn.x", "SessionType=Discovery")
                                .status())
                .isEqualTo(0x0202);
        restart(new World(Caps.Limits.DEFAULT, true, false));
        assertThat(host("10.0.0.9", "10.0.0.1").enter("iqn.x").status()).isZero();
    }
}
