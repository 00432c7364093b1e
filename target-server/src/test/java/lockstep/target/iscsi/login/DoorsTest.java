package lockstep.target.iscsi.login;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.access.Gatekeeper;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.net.InetSocketAddress;
import java.util.List;

/// Which addresses a host is told.
class DoorsTest {
    private final Doors doors =
            new Doors(
                    new Gatekeeper(false, false, () -> 1L, () -> 0L),
                    new Caps(Caps.Limits.DEFAULT));

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(host, port);
    }

    private void door(InetSocketAddress listening, InetSocketAddress advertised) {
        doors.add(new Doors.Door(listening, advertised));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.0.0.1 | 10.0.0.1:1, 203.0.113.1:9, [fd00:0:0:0:0:0:0:1]:3",
                "fd00::1 | 10.0.0.1:1, 203.0.113.1:9, [fd00:0:0:0:0:0:0:1]:3",
                "127.0.0.1 | 10.0.0.1:1, 203.0.113.1:9, [fd00:0:0:0:0:0:0:1]:3, 127.0.0.1:4",
            })
    void everyPortalIsToldUnderItsOwnOrItsAdvertisedAddress(String reached, String told) {
        door(at("10.0.0.1", 1), at("10.0.0.1", 1));
        door(at("10.0.0.2", 2), at("203.0.113.1", 9));
        door(at("fd00::1", 3), at("fd00::1", 3));
        door(at("127.0.0.1", 4), at("127.0.0.1", 4));
        assertThat(doors.addresses(at(reached, 77))).isEqualTo(List.of(told.split(", ", -1)));
    }

    @Test
    void thePortalThatWasReachedComesFirst() {
        door(at("10.0.0.1", 1), at("10.0.0.1", 1));
        door(at("10.0.0.2", 2), at("203.0.113.1", 9));
        assertThat(doors.addresses(at("10.0.0.2", 2)))
                .containsExactly("203.0.113.1:9", "10.0.0.1:1");
    }

    @Test
    void aWildcardPortalIsToldAsTheAddressThatWasReached() {
        door(at("0.0.0.0", 5), at("0.0.0.0", 5));
        door(at("10.0.0.1", 1), at("10.0.0.1", 1));
        assertThat(doors.addresses(at("192.0.2.7", 5)))
                .containsExactly("192.0.2.7:5", "10.0.0.1:1");
        assertThat(doors.addresses(at("10.0.0.1", 1))).containsExactly("10.0.0.1:1");
    }

    @Test
    void withoutPortalsThereIsStillTheOneThatWasReached() {
        assertThat(doors.addresses(at("10.0.0.1", 1))).containsExactly("10.0.0.1:1");
    }
}
