package lockstep.cli.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IscsiUrlTest {
    @Test
    void theUsualFormsAreRead() {
        assertThat(IscsiUrl.parse("iscsi://10.0.0.1:3261/iqn.2026-11.x:t/7"))
                .isEqualTo(new IscsiUrl("10.0.0.1", 3261, "iqn.2026-11.x:t", 7));
        assertThat(IscsiUrl.parse("iscsi://host/iqn.2026-11.x:t/0").port()).isEqualTo(3260);
        assertThat(IscsiUrl.parse("iscsi://[::1]:3261/t/0"))
                .isEqualTo(new IscsiUrl("::1", 3261, "t", 0))
                .hasToString("iscsi://[::1]:3261/t/0");
        assertThat(IscsiUrl.parse("iscsi://[::1]/t/0").port()).isEqualTo(3260);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://h/t/0",
                "iscsi://h/t",
                "iscsi:///t/0",
                "iscsi://h:x/t/0",
                "iscsi://h/t/one",
                "iscsi://h//0"
            })
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> IscsiUrl.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }
}
