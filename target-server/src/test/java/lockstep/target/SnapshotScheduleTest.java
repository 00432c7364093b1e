package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;

/// When a schedule takes a snapshot, what it gives up, and its bytes.
final class SnapshotScheduleTest {
    private static final long HOUR = 3_600_000;
    private static final long NOON = 1_795_694_400_000L;
    private static final LunRecord LUN = new LunRecord(0, "l", new UUID(1, 1), 4096);

    private final SnapshotSchedule hourly = new SnapshotSchedule("hourly", 3600, 2, List.of());

    private static Snapshot taken(String origin, long at) {
        return Snapshot.pending(new UUID(2, at), "s", new UUID(3, at), origin, at, LUN);
    }

    private static String text(ByteBuffer value) {
        return StandardCharsets.UTF_8.decode(value).toString();
    }

    private static byte[] bytes(ByteBuffer value) {
        byte[] bytes = new byte[value.remaining()];
        value.duplicate().get(bytes);
        return bytes;
    }

    @Test
    void oneIsTakenAtEachMultipleOfTheTime() {
        assertThat(hourly.isDue(List.of(), NOON)).isTrue();
        List<Snapshot> atNoon = List.of(taken("hourly", NOON + 5));
        assertThat(hourly.isDue(atNoon, NOON + HOUR - 1)).isFalse();
        assertThat(hourly.isDue(atNoon, NOON + HOUR)).isTrue();
        assertThat(hourly.isDue(atNoon, NOON + 100 * HOUR)).isTrue();
        // The clock was set back.
        assertThat(hourly.isDue(atNoon, NOON - HOUR)).isFalse();
        assertThat(hourly.isDue(List.of(taken("other", NOON)), NOON + 1)).isTrue();
        assertThat(hourly.snapshotName(NOON)).isEqualTo("hourly-20261126-120000");
    }

    @Test
    void theNewestAreKeptAndOthersAreNotItsBusiness() {
        List<Snapshot> all = new ArrayList<>();
        all.add(taken("", NOON - 9));
        for (int hour = 0; hour < 4; hour++) {
            all.add(taken("hourly", NOON + hour * HOUR));
            Snapshot other = taken("hourly", NOON + hour * HOUR);
            all.add(other);
            all.add(taken("daily", NOON + hour * HOUR));
        }
        List<List<Snapshot>> going = hourly.surplus(all);
        assertThat(going).hasSize(2);
        assertThat(going.get(0)).hasSize(2).allMatch(s -> s.createdMillis() == NOON);
        assertThat(going.get(1)).hasSize(2).allMatch(s -> s.createdMillis() == NOON + HOUR);
        assertThat(hourly.surplus(all.subList(0, 4))).isEmpty();
    }

    @Test
    void timesAreBoundedOnBothSides() {
        long longest = SnapshotSchedule.LONGEST_SECONDS;
        for (long seconds : new long[] {60, longest}) {
            assertThat(new SnapshotSchedule("x", seconds, 1, List.of()).isSane()).isTrue();
        }
        // The last is a period of 0 ms, in 64 bits.
        for (long seconds : new long[] {-60, 0, 59, longest + 1, 1L << 61}) {
            assertThat(new SnapshotSchedule("x", seconds, 1, List.of()).isSane()).isFalse();
        }
    }

    @Test
    void theValueHasItsBytes() {
        SequencedMap<String, SnapshotSchedule> all = SnapshotSchedule.decode(new byte[0]);
        assertThat(all).isEmpty();
        assertThat(SnapshotSchedule.encode(all).remaining()).isZero();
        all.put("hourly", hourly);
        all.put("d", new SnapshotSchedule("d", 86_400, 7, List.of(0, 3)));
        ByteBuffer value = SnapshotSchedule.encode(all);
        assertThat(text(value.duplicate())).isEqualTo("1\nhourly 3600 2\nd 86400 7 0,3\n");
        assertThat(SnapshotSchedule.decode(bytes(value))).isEqualTo(all);
    }

    @Test
    void whatCannotBeReadIsLeftOut() {
        for (String wrong :
                List.of(
                        "2\nh 3600 2\n",
                        "1\nh 3600\n",
                        "1\nh x 2\n",
                        "1\nh 3600 0\n",
                        "1\nh 1 1\n")) {
            assertThat(SnapshotSchedule.decode(wrong.getBytes(StandardCharsets.UTF_8))).isEmpty();
        }
    }
}
