package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.VolumeId;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.UUID;

/// The lines of the files `exports` and `rehearsals`.
final class ExportTest {
    private static final String VOLUME = "00000000-0000-0005-0000-000000000006";

    private static final Export READ_ONLY =
            new Export(
                    new VolumeId(5, 6),
                    null,
                    "backup",
                    List.of(
                            new Export.Shown(new UUID(1, 2), null),
                            new Export.Shown(new UUID(1, 3), null)),
                    "before the \n");
    private static final Export CLONE =
            new Export(
                    new VolumeId(5, 6),
                    new VolumeId(7, 8),
                    "try",
                    List.of(new Export.Shown(new UUID(1, 2), new UUID(9, 10))),
                    "s");

    @Test
    void linesAreTheOnesWrittenDown() {
        assertThat(READ_ONLY.line())
                .isEqualTo(
                        "export="
                                + VOLUME
                                + " - backup 00000000-0000-0001-0000-000000000002,"
                                + "00000000-0000-0001-0000-000000000003 before+the+%0A");
        assertThat(CLONE.line())
                .isEqualTo(
                        "export="
                                + VOLUME
                                + " 00000000-0000-0007-0000-000000000008 try"
                                + " 00000000-0000-0001-0000-000000000002"
                                + "+00000000-0000-0009-0000-00000000000a s");
        assertThat(Export.parse(READ_ONLY.line())).isEqualTo(READ_ONLY);
        assertThat(Export.parse(CLONE.line())).isEqualTo(CLONE);
        assertThat(CLONE.hasScratch(new UUID(9, 10))).isTrue();
        assertThat(CLONE.hasScratch(new UUID(1, 2))).isFalse();
    }

    @Test
    void rehearsalsAreKeptInALine() {
        NodeRehearsals.Kept kept =
                new NodeRehearsals.Kept(
                        new VolumeId(5, 6),
                        7,
                        1,
                        2000,
                        700,
                        3000,
                        2,
                        10,
                        30,
                        9000,
                        "nothing",
                        "1@1/9");
        assertThat(kept.line())
                .isEqualTo("rehearsal=" + VOLUME + " 7 1 2000 700 3000 2 10 30 9000 nothing 1@1/9");
        assertThat(NodeRehearsals.Kept.parse(kept.line())).isEqualTo(kept);
        assertThat(kept.view("v").totalMicros()).isEqualTo(1 + 2000 + 3000 + 30);
        assertThat(kept.view("v").entriesPerSecond()).isEqualTo(233_333);
        assertThat(kept.view("v").text())
                .contains("700 log entries 3.0 ms")
                .contains("lease (9.0 ms");
    }

    @Test
    void whatMakesNoSenseIsNoLine() {
        for (String line :
                List.of("", "export=", "export=x - n 1 s", "rehearsal=1 2", "a b c d e")) {
            assertThatThrownBy(() -> Export.parse(line))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> NodeRehearsals.Kept.parse(line))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
