package lockstep.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The decisions about a LUN that has everything, and what each loses with one answer less.
class DecisionTest {
    private static final String NAA = "6024c5300000000000000000000000ff";

    private ByteBuffer inquiry = hex("00000612" + "5b181002" + "00".repeat(88));
    private final Map<Integer, ByteBuffer> pages = new TreeMap<>();
    private final Set<Integer> opcodes = new HashSet<>();
    private ByteBuffer capacity =
            hex("00000000000fffff" + "00000200" + "0003c000" + "00".repeat(16));
    private ByteBuffer groups = hex("0000000c" + "008f0001" + "00000001" + "00000001");
    private ByteBuffer caching = hex("17001000" + "0812" + "00".repeat(18));
    private ByteBuffer reservations = hex("0008" + "1180" + "ea01" + "0000");

    DecisionTest() {
        pages.put(0x83, hex("00830014" + "01030010" + NAA));
        pages.put(0x8f, hex("008f0000"));
        pages.put(
                0xb0,
                hex(
                        "00b0003c"
                                + "0101"
                                + "0008"
                                + "00".repeat(12)
                                + "00001000"
                                + "00000040"
                                + "00000008"
                                + "80000000"
                                + "00".repeat(24)));
        pages.put(0xb1, hex("00b1003c" + "0001" + "00".repeat(58)));
        pages.put(0xb2, hex("00b20004" + "00e40200"));
        opcodes.addAll(Set.of(0x42, 0x89, 0x93));
        for (int[] each :
                new int[][] {
                    {0x83, 0}, {0x83, 0x10}, {0x83, 0x11}, {0x84, 3}, {0x5e, 0}, {0x5f, 0}
                }) {
            opcodes.add(LunFacts.withAction(each[0], each[1]));
        }
    }

    private static ByteBuffer hex(String digits) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(digits));
    }

    private LunFacts facts() {
        return new LunFacts(inquiry, pages, opcodes, capacity, groups, caching, reservations);
    }

    private Set<Decision> bad() {
        Set<Decision> bad = EnumSet.noneOf(Decision.class);
        for (Decision decision : Decision.values()) {
            if (!decision.about(facts()).good()) {
                bad.add(decision);
            }
        }
        return bad;
    }

    private Decision.Verdict about(Decision decision) {
        return decision.about(facts());
    }

    @Test
    void aLunWithEverythingIsUsedWithEverything() {
        assertThat(bad()).isEmpty();
        assertThat(about(Decision.ESXI_NAME).result()).isEqualTo("naa." + NAA);
        assertThat(about(Decision.LINUX_NAME).result()).isEqualTo("3" + NAA);
        assertThat(about(Decision.ESXI_PATHS).result()).contains("ALUA");
        assertThat(about(Decision.LINUX_DISCARD).result()).isEqualTo("UNMAP");
        assertThat(about(Decision.LINUX_CACHE).result()).contains("write through");
    }

    @Test
    void withoutACommandItsFeatureIsOff() {
        opcodes.remove(0x89);
        assertThat(bad()).containsExactly(Decision.ESXI_ATS);
        assertThat(about(Decision.ESXI_ATS).why()).contains("COMPARE AND WRITE missing");
        opcodes.remove(0x93);
        assertThat(bad())
                .containsExactlyInAnyOrder(
                        Decision.ESXI_ATS, Decision.ESXI_ZERO, Decision.LINUX_ZERO);
        opcodes.remove(0x42);
        assertThat(bad())
                .contains(
                        Decision.ESXI_DELETE,
                        Decision.ESXI_RECLAIM,
                        Decision.WINDOWS_TRIM,
                        Decision.LINUX_DISCARD);
    }

    @Test
    void withoutUnmapWriteSameDiscards() {
        opcodes.remove(0x42);
        assertThat(about(Decision.LINUX_DISCARD).result()).isEqualTo("WRITE SAME(16) with UNMAP");
    }

    @Test
    void withoutPortGroupsPathsAreEqual() {
        inquiry.put(5, (byte) 0x08);
        groups = hex("");
        assertThat(bad()).containsExactlyInAnyOrder(Decision.ESXI_PATHS, Decision.LINUX_PATHS);
        assertThat(about(Decision.WINDOWS_MPIO).result()).contains("round robin");
        inquiry.put(5, (byte) 0x10);
        assertThat(bad()).contains(Decision.ESXI_CLONE, Decision.ESXI_PATHS);
    }

    @Test
    void withoutDurableReservationsNoClusterIsReady() {
        reservations = hex("0008" + "1080" + "ea01" + "0000");
        assertThat(bad())
                .containsExactlyInAnyOrder(
                        Decision.ESXI_GUEST_CLUSTER,
                        Decision.WINDOWS_CLUSTER,
                        Decision.LINUX_CLUSTER);
        reservations = hex("");
        assertThat(about(Decision.WINDOWS_CLUSTER).why()).contains("PTPL_C 0", "type 5 missing");
    }

    @Test
    void aVolatileCacheWithoutFuaIsNoticed() {
        caching = hex("17000000" + "081204" + "00".repeat(17));
        assertThat(bad()).containsExactlyInAnyOrder(Decision.WINDOWS_CACHE, Decision.LINUX_CACHE);
        caching = hex("17001000" + "081204" + "00".repeat(17));
        assertThat(about(Decision.LINUX_CACHE).result()).isEqualTo("write back, flushed");
    }

    @Test
    void aLunThatAnswersNothingIsUsedPlainly() {
        LunFacts nothing =
                new LunFacts(hex(""), Map.of(), Set.of(), hex(""), hex(""), hex(""), hex(""));
        for (Decision decision : Decision.values()) {
            assertThat(decision.about(nothing).why()).isNotEmpty();
        }
    }
}
