package lockstep.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.initiator.Tgtd;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

final class BenchRunTgtTest {
    @TempDir Path directory;

    @Test
    void aMixedRunCountsBothKindsAndTheTargetsCpu() throws Exception {
        try (Tgtd tgtd = Tgtd.start(directory, 16 << 20)) {
            var options =
                    new BenchOptions(
                            List.of(tgtd.url()),
                            70,
                            4096,
                            8,
                            2,
                            1,
                            0,
                            8 << 20,
                            false,
                            1,
                            1,
                            List.of(tgtd.pid(), ProcessHandle.current().pid()),
                            0);
            BenchReport report = new BenchRun(options).run();
            assertThat(report.failed()).as(report.text()).isZero();
            long all = report.reads().count() + report.writes().count();
            assertThat(all).isGreaterThan(100);
            assertThat((double) report.reads().count() / all).isBetween(0.5, 0.9);
            assertThat(report.targetCpuMicrosPerIo()).hasSize(2).allMatch(micros -> micros > 0);
            assertThat(report.reads().p50()).isPositive().isLessThanOrEqualTo(report.reads().max());
        }
    }

    @Test
    void cpuTimeIsReadPastACommandNameWithBlanksAndBrackets() {
        String stat = "42 (a b) c) S 1 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 0 0";
        assertThat(ProcessCpu.parse(stat)).isEqualTo(3_000_000_000L);
    }
}
