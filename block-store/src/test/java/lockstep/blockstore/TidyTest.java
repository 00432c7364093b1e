package lockstep.blockstore;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.FormatterException;

import lockstep.blockstore.tidy.Formatting;
import lockstep.blockstore.tidy.Rooms;
import lockstep.blockstore.tidy.Rules;
import lockstep.blockstore.tidy.SourceFile;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// The whole project keeps the rules of the house: format, arrows between rooms, ports instead of
/// clocks and threads, sizes, package descriptions. Each test prints all its violations.
///
/// `-Drewrite=true` formats in place; `-Dtidy.only=cli/` looks at paths with that fragment only.
final class TidyTest {
    private static final Path ROOT = SourceFile.repositoryRoot();
    private static final List<SourceFile> FILES =
            SourceFile.all(ROOT).stream()
                    .filter(f -> f.path().toString().contains(System.getProperty("tidy.only", "")))
                    .toList();

    @Test
    void everyFileIsFormatted() {
        Formatting formatting = new Formatting(Path.of("target", "tidy-formatted.txt"));
        report(formatting.violations(FILES, Boolean.getBoolean("rewrite")));
    }

    @Test
    void roomsImportOnlyWhatTheirArrowsAllow() {
        report(each(Rooms::violations));
    }

    @Test
    void clocksThreadsFilesAndChanceStayInAdapters() {
        report(each(Rules::bannedCalls));
    }

    @Test
    void filesAndFunctionsAreSmall() {
        report(Rules.sizes(FILES));
    }

    @Test
    void everyPackageSaysItsJob() {
        report(Rules.packageDescriptions(FILES));
    }

    @Test
    void nothingIsUnfinishedAndNothingHasTabs() {
        report(each(Rules::text));
    }

    /// A rule that never finds anything would pass for ever: each is shown a sinner.
    @Test
    void everyRuleFindsItsSinner() throws FormatterException {
        String b = "package lockstep.blockstore.base;\n";
        assertThat(Rooms.violations(main(b + "import lockstep.blockstore.io.Clock;"))).hasSize(1);
        assertThat(Rooms.violations(main(b + "class A { lockstep.cli.B b; }"))).hasSize(1);
        assertThat(Rooms.violations(main(b + "import io.netty.buffer.ByteBuf;"))).hasSize(1);
        assertThat(Rooms.violations(main("package lockstep.attic;"))).hasSize(1);
        assertThat(Rooms.violations(main("package lockstep.blockstore.io;\n/// [lockstep.cli.B]")))
                .isEmpty();
        assertThat(Rules.bannedCalls(main(b + "class A { long t = System.nanoTime(); }")))
                .hasSize(1);
        assertThat(Rules.bannedCalls(main(b + "// System.nanoTime()\n"))).isEmpty();
        assertThat(Rules.text(main("\tint a;\n// TO" + "DO"))).hasSize(2);
        String longBody = "class A {\n void f() {\n" + "g();\n".repeat(70) + "}\n}\n";
        assertThat(Rules.sizes(List.of(main(longBody)))).hasSize(1);
        assertThat(Rules.sizes(List.of(main("\n".repeat(401))))).hasSize(1);
        assertThat(Rules.packageDescriptions(List.of(main(b)))).hasSize(1);
        String loose = "class A {int a;}";
        assertThat(new Formatting(Path.of("target", "unused")).formatted(loose))
                .isNotEqualTo(loose);
    }

    private static SourceFile main(String text) {
        return SourceFile.of(ROOT, Path.of("block-store/src/main/java/A.java"), text);
    }

    private static List<String> each(Function<SourceFile, List<String>> rule) {
        List<String> all = new ArrayList<>();
        FILES.forEach(file -> all.addAll(rule.apply(file)));
        return all;
    }

    private static void report(List<String> violations) {
        violations.forEach(System.out::println);
        assertThat(violations).isEmpty();
    }
}
