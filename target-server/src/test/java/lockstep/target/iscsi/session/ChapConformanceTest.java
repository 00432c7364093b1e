package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import lockstep.target.access.AccessTable;
import lockstep.target.iscsi.login.IscsiSettings;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// CHAP with libiscsi, which knows MD5 only.
class ChapConformanceTest {
    private static final String INITIATOR = "iqn.2026-11.io.lockstep:libiscsi";
    private static TestTarget target;
    @TempDir private Path scratch;

    @BeforeAll
    static void start() {
        boolean found = Files.isExecutable(Path.of("/usr/bin/iscsi-inq"));
        if (!found && "true".equals(System.getenv("CI"))) {
            fail("iscsi-inq is not installed");
        }
        assumeTrue(found, "iscsi-inq is not installed");
        target = new TestTarget(0, 1 << 20, IscsiSettings.DEFAULT, false);
        target.rules(
                new AccessTable(
                        "test",
                        true,
                        List.of(
                                AttackBase.rule(
                                        INITIATOR,
                                        lockstep.target.access.LunMask.ALL,
                                        AttackBase.SECRET))));
    }

    @AfterAll
    static void stop() {
        if (target != null) {
            target.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "user%host-secret-16ch, '', true",
        "user%wrong-secret-abc, '', false",
        "other%host-secret-16ch, '', false",
        "user%host-secret-16ch, ?target_user=target&target_password=own-secret-16chr, true",
        "user%host-secret-16ch, ?target_user=target&target_password=not-his-secret-1, false",
    })
    void libiscsiAndThisTargetAgreeOnWhoIsWho(String user, String mutual, boolean right)
            throws Exception {
        String url = target.url().replace("iscsi://", "iscsi://" + user + "@") + mutual;
        assertThat(run("iscsi-inq", "-i", INITIATOR, url) == 0).isEqualTo(right);
    }

    private int run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(scratch.resolve("output").toFile())
                        .start();
        boolean ended = process.waitFor(30, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        assertThat(ended).isTrue();
        return process.exitValue();
    }
}
