package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.tree.LunRecord;
import lockstep.target.LeakWatch;
import lockstep.target.access.AccessTable;
import lockstep.target.access.HostRule;
import lockstep.target.access.InitiatorPattern;
import lockstep.target.access.LunMask;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.scsi.MemoryLun;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// LUNs shown, hidden, made, grown and removed while hosts are attached.
@ExtendWith(LeakWatch.class)
class MaskingTest {
    private static final String TEST_UNIT_READY = "000000000000";
    private static final String REPORT_LUNS = "a00000000000000001000000";
    private static final int LUNS_CHANGED = 0x063F0E;
    private static final int CAPACITY_CHANGED = 0x062A09;
    private static final int POWER_ON = 0x062900;

    private final World world = new World();
    private final EmbeddedHost one = host("iqn.one", List.of(0, 1));
    private final EmbeddedHost two = host("iqn.two", List.of(2));

    private EmbeddedHost host(String name, List<Integer> luns) {
        mask(name, luns);
        EmbeddedHost host = new EmbeddedHost(world);
        assertThat(host.enter(name).status()).isZero();
        luns.forEach(lun -> assertThat(sense(host, lun)).isEqualTo(POWER_ON));
        return host;
    }

    private void mask(String name, List<Integer> luns) {
        InitiatorPattern pattern = Objects.requireNonNull(InitiatorPattern.parse(name));
        HostRule rule = new HostRule(pattern, List.of(), LunMask.of(luns), null, null);
        world.setTable(world.table.with(rule));
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    /// Sense of TEST UNIT READY; 0 if it is GOOD.
    private static int sense(EmbeddedHost host, int lun) {
        var answer = host.ask(lun, 0x80, 0, TEST_UNIT_READY);
        return answer.u8(3) == 0 ? 0 : answer.sense();
    }

    private static int lunsSeen(EmbeddedHost host) {
        return host.ask(0, 0xC0, 256, REPORT_LUNS).data().length / 8 - 1;
    }

    @Test
    void eachHostSeesItsLunsOnly() {
        assertThat(lunsSeen(one)).isEqualTo(2);
        assertThat(lunsSeen(two)).isEqualTo(1);
        assertThat(sense(one, 0)).isZero();
        assertThat(sense(one, 2)).isEqualTo(0x052500);
        assertThat(sense(two, 0)).isEqualTo(0x052500);
        assertThat(sense(two, 2)).isZero();
    }

    @Test
    void mappingIsToldToItsHostAndNobodyElse() {
        mask("iqn.two", List.of(1, 2));
        assertThat(sense(two, 2)).isEqualTo(LUNS_CHANGED);
        assertThat(lunsSeen(two)).isEqualTo(2);
        assertThat(sense(two, 1)).as("the unit is new to it").isEqualTo(POWER_ON);
        assertThat(sense(one, 0)).isZero();
        assertThat(sense(one, 1)).isZero();
        mask("iqn.two", List.of(1));
        assertThat(sense(two, 2)).isEqualTo(0x052500);
        assertThat(lunsSeen(two)).isEqualTo(1);
        assertThat(sense(one, 1)).isZero();
    }

    @Test
    void lunsThatComeAndGoAreToldToWhoSeesThem() {
        MemoryLun late = new MemoryLun(new LunRecord(9, "l", new UUID(7, 9), 1 << 20), world.loop);
        mask("iqn.one", List.of(0, 1, 9));
        assertThat(sense(one, 0)).as("nothing is there yet").isZero();
        world.target.addLun(late);
        assertThat(sense(one, 0)).isEqualTo(LUNS_CHANGED);
        assertThat(sense(two, 2)).isZero();
        assertThat(sense(one, 9)).isEqualTo(POWER_ON);
        assertThat(sense(one, 9)).isZero();
        world.target.removeLun(9, () -> {});
        assertThat(sense(one, 9)).isEqualTo(0x052500);
        assertThat(sense(one, 1)).isEqualTo(LUNS_CHANGED);
        assertThat(sense(two, 2)).isZero();
    }

    @Test
    void growthIsToldToEachHostThatSeesTheLun() {
        assertThat(sense(one, 0)).isZero();
        world.luns.get(0).resize(32 << 20);
        assertThat(sense(one, 0)).isEqualTo(CAPACITY_CHANGED);
        assertThat(sense(one, 0)).isZero();
        assertThat(sense(one, 1)).isZero();
        assertThat(sense(two, 2)).isZero();
        byte[] capacity = one.ask(0, 0xC0, 8, "25000000000000000000").data();
        assertThat(java.nio.ByteBuffer.wrap(capacity).getInt(0)).isEqualTo((32 << 20) / 512 - 1);
    }

    /// Each part but the last says that more comes, and under which tag (RFC 7143 11.10.4, 11.11).
    @Test
    void manyPortalsAreToldInSeveralParts() {
        for (int port = 1; port <= 60; port++) {
            var address = new InetSocketAddress("10.0.0." + port, 3260);
            world.doors.add(new Doors.Door(address, address));
        }
        EmbeddedHost host = new EmbeddedHost(world);
        host.login(
                0x87,
                "InitiatorName=iqn.one",
                "SessionType=Discovery",
                "MaxRecvDataSegmentLength=512");
        String all = host.sendTargets("All");
        assertThat(host.textParts()).isGreaterThan(2);
        assertThat(all).startsWith("TargetName=" + TestTarget.NAME + "\0TargetAddress=");
        for (int port = 1; port <= 60; port++) {
            assertThat(all).contains("\0TargetAddress=10.0.0." + port + ":3260,1\0");
        }
        host.close();
    }

    @Test
    void aHostWithoutARuleIsSentAway() {
        InitiatorPattern pattern = Objects.requireNonNull(InitiatorPattern.parse("iqn.two"));
        world.setTable(world.table.without(pattern));
        assertThat(two.isClosed()).isTrue();
        assertThat(one.isClosed()).isFalse();
        EmbeddedHost again = new EmbeddedHost(world);
        assertThat(again.enter("iqn.two").status()).isEqualTo(0x0202);
        world.setTable(new AccessTable("volume", true, List.of()));
        assertThat(one.isClosed()).isTrue();
    }
}
