package lockstep.target.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/// Names, addresses, masks, and the table in Gatekeeper's description.
class AccessTableTest {
    private static final String OWNER = "v";
    private static final InetAddress HERE = address("127.0.0.1");
    private static final SecretKeys KEYS = new SecretKeys(List.of(new byte[32]));

    private final Random random = new Random(5);
    private final Gatekeeper gatekeeper = new Gatekeeper(false, false, random::nextLong, () -> 0L);

    static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    static HostRule rule(String pattern, LunMask luns, @Nullable String secret) {
        InitiatorPattern initiator = Objects.requireNonNull(InitiatorPattern.parse(pattern));
        Credential inbound =
                secret == null ? null : new Credential("user", Secret.of(secret), new byte[] {1});
        return new HostRule(initiator, List.of(), luns, inbound, null);
    }

    private static AccessTable table(HostRule... rules) {
        return new AccessTable(OWNER, true, List.of(rules));
    }

    @ParameterizedTest
    @CsvSource({
        "iqn.2026-11.io.x:a, iqn.2026-11.io.x:a, true",
        "iqn.2026-11.io.x:a, IQN.2026-11.IO.X:A, true",
        "iqn.2026-11.io.x:a, iqn.2026-11.io.x:ab, false",
        "iqn.2026-11.io.x:a, iqn.2026-11.io.x:, false",
        "iqn.2026-11.io.x:*, iqn.2026-11.io.x:a, true",
        "iqn.2026-11.io.x:*, iqn.2026-11.io.x:, true",
        "iqn.2026-11.io.x:*, iqn.2026-11.io.y:a, false",
        "*, iqn.anything, true",
    })
    void namesMatchExactlyOrByTheirStart(String pattern, String name, boolean matches) {
        assertThat(Objects.requireNonNull(InitiatorPattern.parse(pattern)).matches(name))
                .isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource({"a", "iqn.a b", "iqn.*a", "iqn.a**", "''", "iqn.a\u0007b"})
    void otherTextIsNoPattern(String text) {
        assertThat(InitiatorPattern.parse(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.0.0/16, 10.1.255.255, true",
        "10.1.0.0/16, 10.2.0.0, false",
        "10.1.2.3/16, 10.1.9.9, true",
        "10.1.2.3, 10.1.2.3, true",
        "10.1.2.3, 10.1.2.4, false",
        "0.0.0.0/0, 200.1.1.1, true",
        "0.0.0.0/0, ::1, false",
        "fd00:1::/33, fd00:1:7fff::9, true",
        "fd00:1::/33, fd00:1:8000::9, false",
        "::/0, fd00::1, true",
        "10.0.0.0/8, ::ffff:10.1.1.1, true",
    })
    void rangesHoldTheAddressesOfTheirPrefix(String range, String address, boolean inside) {
        AddressRange parsed = Objects.requireNonNull(AddressRange.parse(range));
        assertThat(parsed.contains(address(address))).isEqualTo(inside);
        assertThat(AddressRange.parse(parsed.toString())).isEqualTo(parsed);
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.0/33", "10.0.0/8", "300.1.1.1", "host", "::/129", "10.0.0.0/-1", ":::"})
    void otherTextIsNoRange(String text) {
        assertThat(AddressRange.parse(text)).isNull();
    }

    @Test
    void exactNameThenLongestPrefixDecidesAmongThoseThatFitTheAddress() {
        HostRule any = rule("*", LunMask.of(List.of(1)), null);
        HostRule site = rule("iqn.site:*", LunMask.of(List.of(2)), null);
        HostRule one = rule("iqn.site:one", LunMask.of(List.of(3)), null);
        HostRule bound =
                new HostRule(
                        one.initiator(),
                        List.of(Objects.requireNonNull(AddressRange.parse("10.0.0.0/8"))),
                        one.luns(),
                        null,
                        null);
        AccessTable table = table(any, site, bound);
        assertThat(table.find("iqn.site:one", address("10.9.9.9"))).isSameAs(bound);
        assertThat(table.find("iqn.site:one", HERE)).isSameAs(site);
        assertThat(table.find("iqn.site:two", HERE)).isSameAs(site);
        assertThat(table.find("iqn.other", HERE)).isSameAs(any);
        assertThat(table(site).find("iqn.other", HERE)).isNull();
    }

    @Test
    void aHostUsesWhatTheTableOfRightsSays() {
        LunMask two = LunMask.of(List.of(2));
        AccessTable open = AccessTable.open(OWNER);
        AccessTable plain = table(rule("iqn.a", two, null));
        AccessTable chap = table(rule("iqn.a", two, "0123456789ab"));
        Set<String> proven = Set.of(Standing.name(OWNER, chap.rules().getFirst()));
        Object[][] rows = {
            {open, "iqn.a", true, Set.of(), LunMask.ALL},
            {open, "iqn.a", false, Set.of(), null},
            {plain, "iqn.b", true, Set.of(), null},
            {plain, "iqn.a", true, Set.of(), two},
            {plain, "iqn.a", false, Set.of(), null},
            {chap, "iqn.a", true, Set.of(), null},
            {chap, "iqn.a", false, Set.of(), null},
            {chap, "iqn.a", false, proven, two},
            {chap, "iqn.b", true, proven, null},
            {plain.without(plain.rules().getFirst().initiator()), "iqn.a", true, Set.of(), null},
        };
        for (Object[] row : rows) {
            @SuppressWarnings("unchecked")
            Set<String> rules = (Set<String>) row[3];
            Standing standing = new Standing((String) row[1], HERE, (boolean) row[2], rules);
            assertThat(gatekeeper.luns((AccessTable) row[0], standing))
                    .as(Arrays.toString(row))
                    .isEqualTo(row[4]);
        }
        Gatekeeper careless = new Gatekeeper(true, false, random::nextLong, () -> 0L);
        assertThat(careless.trusts(false)).isTrue();
        assertThat(gatekeeper.trusts(false)).isFalse();
        assertThat(gatekeeper.trusts(true)).isTrue();
    }

    @Test
    void aDeletedLunIsInNoList() {
        AccessTable table =
                table(rule("iqn.a", LunMask.of(List.of(1, 2)), null), rule("*", LunMask.ALL, null));
        AccessTable after = table.withoutLun(2);
        assertThat(after.rules().getFirst().luns()).isEqualTo(LunMask.of(List.of(1)));
        assertThat(after.rules().getLast().luns().isAll()).isTrue();
    }

    @Test
    void oneSecretInBothDirectionsIsNoticed() {
        HostRule in = rule("iqn.a", LunMask.ALL, "0123456789ab");
        Credential same = new Credential("t", Secret.of("0123456789ab"), new byte[] {2});
        HostRule out =
                new HostRule(
                        rule("iqn.b", LunMask.ALL, null).initiator(),
                        List.of(),
                        LunMask.ALL,
                        null,
                        same);
        assertThat(table(in).reusesSecret()).isFalse();
        assertThat(table(in, out).reusesSecret()).isTrue();
    }

    @Test
    void secretsShowThemselvesToNobody() {
        HostRule rule = rule("iqn.a", LunMask.ALL, "topsecret-0123");
        assertThat(rule.toString() + table(rule) + Secret.of("topsecret-0123") + KEYS)
                .doesNotContain("topsecret");
        assertThat(Secret.generate(random::nextLong)).hasSize(16).matches("[A-Za-z0-9_-]+");
        assertThat(Secret.of("0123456789a").isLongEnough()).isFalse();
        assertThat(Secret.of("0123456789ab").isLongEnough()).isTrue();
    }

    private HostRule sealed(SecretKeys keys) {
        InitiatorPattern initiator =
                Objects.requireNonNull(InitiatorPattern.parse("iqn.2026-11.io.x:a"));
        Secret secret = Secret.of("0123456789ab");
        byte[] bytes =
                keys.seal(
                        secret, AccessCodec.place(OWNER, initiator, true), new Random(1)::nextLong);
        return new HostRule(
                initiator,
                List.of(Objects.requireNonNull(AddressRange.parse("10.0.0.0/8"))),
                LunMask.of(List.of(0, 9)),
                new Credential("user", secret, bytes),
                null);
    }

    /// Golden bytes of version 1.
    @Test
    void tableIsTheSameFromItsBytes() {
        AccessTable table = table(sealed(KEYS), rule("*", LunMask.ALL, null));
        ByteBuffer encoded = Objects.requireNonNull(AccessCodec.encode(table));
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo(
                        "00000001"
                                + "00000002"
                                + "0012"
                                + "69716e2e323032362d31312e696f2e783a61"
                                + "00000001"
                                + "040a00000008"
                                + "00"
                                + "00020102"
                                + "01"
                                + "000475736572"
                                + "0030"
                                + SEALED
                                + "00"
                                + "0001"
                                + "2a"
                                + "00000000"
                                + "01"
                                + "0000"
                                + "00"
                                + "00");
        assertThat(AccessCodec.decode(OWNER, bytes, KEYS)).isEqualTo(table);
        assertThat(AccessCodec.decode(OWNER, null, KEYS)).isEqualTo(AccessTable.open(OWNER));
        bytes[3] = 2;
        assertThat(AccessCodec.decode(OWNER, bytes, KEYS)).isNull();
        bytes[3] = 1;
        assertThat(AccessCodec.decode(OWNER, Arrays.copyOf(bytes, 20), KEYS)).isNull();
    }

    private static final String SEALED =
            "66687aadf862bd77bb1ad57319b89cd868fb0e6fc94735839d2e1dc7fbd055c7"
                    + "f47860ef20f46e10dc8ed383d1c4c19a";

    @Test
    void aSecretOpensOnlyWhereItWasSealedAndWithItsKey() {
        Secret secret = Secret.of("0123456789ab");
        SecretKeys other = new SecretKeys(List.of(SecretKeys.draw(random::nextLong)));
        byte[] bytes = other.seal(secret, "place", random::nextLong);
        assertThat(other.open(bytes, "place")).isEqualTo(secret);
        assertThat(other.open(bytes, "elsewhere")).isNull();
        assertThat(KEYS.open(bytes, "place")).isNull();
        assertThat(KEYS.with(other.copies()).open(bytes, "place")).isEqualTo(secret);
        assertThat(other.seal(secret, "place", random::nextLong)).isNotEqualTo(bytes);
        bytes[30] ^= 1;
        assertThat(other.open(bytes, "place")).isNull();
        assertThat(other.open(new byte[20], "place")).isNull();
        AccessTable locked = AccessCodec.decode(OWNER, encoded(table(sealed(other))), KEYS);
        assertThat(Objects.requireNonNull(locked).hasLockedSecret()).isTrue();
        assertThat(gatekeeper.luns(locked, Standing.of("iqn.2026-11.io.x:a", HERE, true))).isNull();
    }

    private static byte[] encoded(AccessTable table) {
        ByteBuffer value = Objects.requireNonNull(AccessCodec.encode(table));
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        return bytes;
    }
}
