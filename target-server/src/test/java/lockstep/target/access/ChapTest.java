package lockstep.target.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.security.MessageDigest;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// CHAP from the host's side, with a digest of the test's own.
class ChapTest {
    private static final String SECRET = "host-secret-16ch";
    private static final String OWN_SECRET = "own-secret-16chr";

    private final Random random = new Random(11);
    private final Set<ChapAlgorithm> allowed = EnumSet.complementOf(EnumSet.of(ChapAlgorithm.MD5));

    private ChapExchange exchange(boolean known, boolean mutual) {
        HostRule plain = AccessTableTest.rule("iqn.a", LunMask.ALL, SECRET);
        Credential own = new Credential("target", Secret.of(OWN_SECRET), new byte[] {1});
        HostRule rule =
                mutual
                        ? new HostRule(
                                plain.initiator(), List.of(), LunMask.ALL, plain.inbound(), own)
                        : plain;
        Secret decoy = Secret.of("decoy-decoy-decoy");
        List<ChapExchange.Candidate> candidates =
                known
                        ? List.of(new ChapExchange.Candidate("v", rule, Secret.of(SECRET)))
                        : List.of();
        return new ChapExchange(candidates, allowed, decoy, random::nextLong);
    }

    private static Map<String, String> map(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int at = 0; at < pairs.length; at += 2) {
            map.put(pairs[at], pairs[at + 1]);
        }
        return map;
    }

    private static Map<String, String> begin(ChapExchange exchange, String algorithms) {
        return ((ChapExchange.Step.Continue) exchange.receive(map("CHAP_A", algorithms))).answers();
    }

    private static byte[] bytes(Map<String, String> answers, String key) {
        return HexFormat.of().parseHex(answers.getOrDefault(key, "0x").substring(2));
    }

    private static byte[] digest(String algorithm, int id, String secret, byte[] challenge)
            throws Exception {
        MessageDigest digest = MessageDigest.getInstance(algorithm);
        digest.update((byte) id);
        digest.update(secret.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return digest.digest(challenge);
    }

    private static byte[] response(Map<String, String> asked, String secret) throws Exception {
        String algorithm =
                Map.of("8", "SHA3-256", "7", "SHA-256", "6", "SHA-1", "5", "MD5")
                        .getOrDefault(asked.getOrDefault("CHAP_A", ""), "");
        return digest(
                algorithm,
                Integer.parseInt(asked.getOrDefault("CHAP_I", "")),
                secret,
                bytes(asked, "CHAP_C"));
    }

    private static String hex(byte[] value) {
        return "0x" + HexFormat.of().formatHex(value);
    }

    @ParameterizedTest
    @CsvSource({"'5,6,7,8', 8", "'5,7,6', 7", "'6,5', 6", "'8', 8", "'99,7', 7"})
    void strongestAllowedAlgorithmIsTaken(String offered, String taken) throws Exception {
        ChapExchange exchange = exchange(true, false);
        Map<String, String> asked = begin(exchange, offered);
        assertThat(asked).containsEntry("CHAP_A", taken);
        assertThat(bytes(asked, "CHAP_C")).hasSize(32);
        ChapExchange.Step step =
                exchange.receive(map("CHAP_N", "user", "CHAP_R", hex(response(asked, SECRET))));
        assertThat(step).isInstanceOf(ChapExchange.Step.Proven.class);
    }

    @ParameterizedTest
    @CsvSource({"'5'", "''", "'x'", "'-7'", "'0x7'", "'7 '", "'99999999999999999999'"})
    void md5AloneAndNonsenseAreRefused(String offered) {
        assertThat(exchange(true, false).receive(map("CHAP_A", offered)))
                .isInstanceOf(ChapExchange.Step.Failed.class);
    }

    @Test
    void md5IsTakenWhereItIsAllowed() throws Exception {
        allowed.add(ChapAlgorithm.MD5);
        ChapExchange exchange = exchange(true, false);
        Map<String, String> asked = begin(exchange, "5");
        assertThat(exchange.receive(map("CHAP_N", "user", "CHAP_R", hex(response(asked, SECRET)))))
                .isInstanceOf(ChapExchange.Step.Proven.class);
    }

    @Test
    void base64IsReadToo() throws Exception {
        ChapExchange exchange = exchange(true, false);
        Map<String, String> asked = begin(exchange, "7");
        String text = "0b" + Base64.getEncoder().encodeToString(response(asked, SECRET));
        assertThat(exchange.receive(map("CHAP_N", "user", "CHAP_R", text)))
                .isInstanceOf(ChapExchange.Step.Proven.class);
    }

    @Test
    void onlyTheRightAnswerToThisChallengeProvesAnything() throws Exception {
        Object[][] rows = {
            {true, "user", SECRET, true},
            {true, "user", "another-secret-1", false},
            {true, "other", SECRET, false},
            {true, "user", "decoy-decoy-decoy", false},
            {true, "other", "decoy-decoy-decoy", false},
            {false, "user", SECRET, false},
            {false, "user", "decoy-decoy-decoy", false},
        };
        for (Object[] row : rows) {
            ChapExchange exchange = exchange((boolean) row[0], false);
            Map<String, String> asked = begin(exchange, "7");
            byte[] response = response(asked, (String) row[2]);
            ChapExchange.Step step =
                    exchange.receive(map("CHAP_N", (String) row[1], "CHAP_R", hex(response)));
            assertThat(step instanceof ChapExchange.Step.Proven)
                    .as(java.util.Arrays.toString(row))
                    .isEqualTo(row[3]);
        }
    }

    /// Nobody learns from an answer whether a name exists.
    @Test
    void unknownHostIsAnsweredLikeAKnownOne() {
        Map<String, String> known = begin(exchange(true, false), "7");
        Map<String, String> unknown = begin(exchange(false, false), "7");
        assertThat(unknown.keySet()).isEqualTo(known.keySet());
        assertThat(unknown.get("CHAP_C")).hasSameSizeAs(known.get("CHAP_C"));
        ChapExchange one = exchange(true, false);
        ChapExchange other = exchange(false, false);
        begin(one, "7");
        begin(other, "7");
        Map<String, String> wrong = map("CHAP_N", "user", "CHAP_R", hex(new byte[32]));
        assertThat(one.receive(new LinkedHashMap<>(wrong))).isEqualTo(other.receive(wrong));
    }

    @Test
    void challengesAreNeverTheSame() {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            assertThat(seen.add(begin(exchange(true, false), "7").get("CHAP_C"))).isTrue();
        }
    }

    @Test
    void anExchangeEndsWithItsFirstAnswer() throws Exception {
        ChapExchange exchange = exchange(true, false);
        Map<String, String> asked = begin(exchange, "7");
        exchange.receive(map("CHAP_N", "user", "CHAP_R", hex(new byte[32])));
        assertThat(exchange.receive(map("CHAP_N", "user", "CHAP_R", hex(response(asked, SECRET)))))
                .isInstanceOf(ChapExchange.Step.Failed.class);
    }

    @Test
    void mutualChapProvesTheTargetUnlessItsOwnChallengeComesBack() throws Exception {
        byte[] theirs = new byte[16];
        random.nextBytes(theirs);
        Object[][] rows = {
            {true, hex(theirs), "9", true},
            {true, "0b" + Base64.getEncoder().encodeToString(theirs), "0x09", true},
            {true, null, "9", false}, // reflected
            {true, hex(theirs), "256", false},
            {true, hex(theirs), null, false},
            {true, hex(new byte[7]), "9", false},
            {true, hex(new byte[1025]), "9", false},
            {true, hex(new byte[1024]), "9", true},
            {false, hex(theirs), "9", false},
        };
        for (Object[] row : rows) {
            ChapExchange exchange = exchange(true, (boolean) row[0]);
            Map<String, String> asked = begin(exchange, "7");
            String challenge = row[1] == null ? asked.getOrDefault("CHAP_C", "") : (String) row[1];
            Map<String, String> answer =
                    map("CHAP_N", "user", "CHAP_R", hex(response(asked, SECRET)));
            answer.put("CHAP_C", challenge);
            if (row[2] != null) {
                answer.put("CHAP_I", (String) row[2]);
            }
            ChapExchange.Step step = exchange.receive(answer);
            assertThat(step instanceof ChapExchange.Step.Proven)
                    .as(java.util.Arrays.toString(row))
                    .isEqualTo(row[3]);
            if (step instanceof ChapExchange.Step.Proven(_, var own)) {
                byte[] asBytes = ChapValue.decode(challenge, 1, 1024);
                assertThat(own).containsEntry("CHAP_N", "target");
                assertThat(own)
                        .containsEntry(
                                "CHAP_R", hex(digest("SHA-256", 9, OWN_SECRET, notNull(asBytes))));
            }
        }
    }

    private static byte[] notNull(byte @Nullable [] bytes) {
        return java.util.Objects.requireNonNull(bytes);
    }

    /// The length is judged before anything is decoded; the text may be as long as a value can be.
    @Test
    void valuesOfAnotherLengthAreNotDecoded() {
        String[] texts = {
            "0x" + "00".repeat(31),
            "0x" + "00".repeat(33),
            "0x" + "0".repeat(63),
            "0x" + "zz".repeat(32),
            "0b" + "A".repeat(43),
            "0b" + "A".repeat(40),
            "0b" + "A".repeat(2000),
            "0b" + "*".repeat(42) + "==",
            "0c" + "00".repeat(32),
            "00".repeat(32),
            "0x",
            "0b",
            "",
        };
        for (String text : texts) {
            assertThat(ChapValue.decode(text, 32, 32)).as(text).isNull();
        }
        assertThat(ChapValue.decode("0x" + "00".repeat(32), 32, 32)).hasSize(32);
        assertThat(ChapValue.decode("0b" + "A".repeat(43) + "=", 32, 32)).hasSize(32);
    }

    @Test
    void failuresDelayTheNextAnswerAndAreForgiven() {
        FailureDelay delay = new FailureDelay();
        Standing host = Standing.of("iqn.a", AccessTableTest.address("10.0.0.1"), false);
        Standing sameName = Standing.of("iqn.a", AccessTableTest.address("10.0.0.2"), false);
        Standing sameAddress = Standing.of("iqn.b", AccessTableTest.address("10.0.0.1"), false);
        Standing stranger = Standing.of("iqn.b", AccessTableTest.address("10.0.0.2"), false);
        long before = 0;
        for (int failure = 0; failure < 6; failure++) {
            assertThat(delay.nanos(host, 0)).isEqualTo(before);
            delay.failed(host, 0);
            before = before == 0 ? 125_000_000 : before * 2;
        }
        assertThat(delay.nanos(sameName, 0)).isEqualTo(4_000_000_000L);
        assertThat(delay.nanos(sameAddress, 0)).isEqualTo(4_000_000_000L);
        assertThat(delay.nanos(stranger, 0)).isZero();
        for (int failure = 0; failure < 1000; failure++) {
            delay.failed(host, 0);
        }
        assertThat(delay.nanos(host, 0)).as("no lock-out").isEqualTo(FailureDelay.MOST_NANOS);
        assertThat(delay.nanos(host, 60_000_000_001L)).as("forgiven").isZero();
        for (int name = 0; name < 10_000; name++) {
            delay.failed(Standing.of("iqn." + name, host.address(), false), 0);
        }
        assertThat(delay.remembered()).isEqualTo(FailureDelay.REMEMBERED_MAX);
    }
}
