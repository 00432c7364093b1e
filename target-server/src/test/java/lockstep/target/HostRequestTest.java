package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.target.access.AccessCodec;
import lockstep.target.access.Credential;
import lockstep.target.access.HostRule;
import lockstep.target.access.LunMask;
import lockstep.target.access.Secret;
import lockstep.target.access.SecretKeys;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AddHost;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Objects;
import java.util.Random;

/// Requests for rules, word by word.
final class HostRequestTest {
    private static final String SECRET = "twelve-bytes";
    private static final String OTHER = "twelve-bytez";

    private final Random random = new Random(1);
    private final SecretKeys keys = new SecretKeys(List.of(SecretKeys.draw(random::nextLong)));

    private HostRule rule(AddHost request) {
        return new HostRequest("volume", request, keys, random::nextLong).rule();
    }

    private static AddHost plain(String initiator, List<String> addresses) {
        return new AddHost(initiator, addresses, List.of(1), false, null, null, null, null, false);
    }

    private static AddHost chap(
            String initiator, @Nullable String user, @Nullable String in, @Nullable String out) {
        return new AddHost(initiator, List.of(), List.of(), true, user, in, null, out, false);
    }

    @Test
    void ruleSaysWhatWasAskedAndItsSecretsAreSealedForItsPlace() {
        HostRule plain = rule(plain("IQN.a:*", List.of("10.1.2.3/8", "::1")));
        assertThat(plain.initiator().text()).isEqualTo("iqn.a:*");
        assertThat(plain.addresses().getFirst()).hasToString("10.0.0.0/8");
        assertThat(plain.luns()).isEqualTo(LunMask.of(List.of(1)));
        assertThat(plain.inbound()).isNull();
        HostRule chap = rule(chap("iqn.a", null, SECRET, OTHER));
        Credential in = Objects.requireNonNull(chap.inbound());
        assertThat(in.user()).isEqualTo("iqn.a");
        assertThat(Objects.requireNonNull(chap.outbound()).user()).isEqualTo("target");
        String place = AccessCodec.place("volume", chap.initiator(), true);
        assertThat(keys.open(in.sealed(), place)).isEqualTo(Secret.of(SECRET));
        String elsewhere = AccessCodec.place("volume", chap.initiator(), false);
        assertThat(keys.open(in.sealed(), elsewhere)).isNull();
        assertThat(HostViews.of("v", chap).chap()).isEqualTo("mutual");
        assertThat(HostViews.of("v", plain).chap()).isEqualTo("none");
    }

    @Test
    void whatMakesNoRuleIsRefusedWithoutRepeatingSecrets() {
        Object[][] rows = {
            {plain("host", List.of()), "no iSCSI name"},
            {plain("iqn.a", List.of("10.0.0.0/40")), "no address range"},
            {plain("iqn.a", List.of("myhost")), "no address range"},
            {chap("iqn.a", null, "eleven-byte", null), "12 to 64 bytes"},
            {chap("iqn.a", null, "x".repeat(65), null), "12 to 64 bytes"},
            {chap("iqn.a:*", null, SECRET, null), "CHAP user's name is missing"},
            {chap("iqn.a", "a b", SECRET, null), "CHAP user's name"},
            {chap("iqn.a", "user", null, null), "without a secret"},
            {chap("iqn.a", null, null, OTHER), "proves itself only to a host that does"},
            {
                new AddHost("iqn.a", List.of(), List.of(1), true, null, null, null, null, false),
                "all LUNs and some LUNs"
            },
        };
        for (Object[] row : rows) {
            AddHost request = (AddHost) row[0];
            assertThatThrownBy(() -> rule(request))
                    .as(request.toString())
                    .isInstanceOfSatisfying(
                            AdminException.class,
                            refused ->
                                    assertThat(refused.error().toString())
                                            .contains((String) row[1])
                                            .doesNotContain(SECRET)
                                            .doesNotContain("eleven-byte"));
        }
    }
}
