package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;
import lockstep.target.admin.model.RehearsalView;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What a fake node is asked about exports and rehearsals, noted and done at once.
public final class FakeExports implements ExportControl {
    /// What was asked, oldest first.
    public final List<String> asked = new ArrayList<>();

    private final List<ExportView> exports = new ArrayList<>();

    @Override
    public synchronized CompletableFuture<List<ExportView>> exports() {
        return CompletableFuture.completedFuture(List.copyOf(exports));
    }

    @Override
    public synchronized CompletableFuture<ExportView> export(
            String volume, ExportSnapshot request) {
        asked.add("export " + volume + " " + request);
        String scratch = orEmpty(request.scratch());
        ExportView made =
                new ExportView(
                        volume,
                        orEmpty(request.name()),
                        orEmpty(request.snapshot()),
                        "2026-01-01T00:00:00Z",
                        scratch.isEmpty() ? "read-only" : "clone",
                        "iqn.x:" + volume + ":e",
                        "serving",
                        scratch,
                        List.of(0));
        exports.add(made);
        return CompletableFuture.completedFuture(made);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    @Override
    public synchronized CompletableFuture<Done> unexport(String volume, String name) {
        asked.add("unexport " + volume + " " + name);
        return CompletableFuture.completedFuture(new Done(name + " is shown no more"));
    }

    @Override
    public synchronized CompletableFuture<RehearsalView> rehearse(String volume) {
        asked.add("rehearse " + volume);
        return CompletableFuture.completedFuture(
                new RehearsalView(
                        volume,
                        5,
                        "1@1/9",
                        1,
                        2000,
                        700,
                        350_000,
                        2000,
                        3,
                        10,
                        30,
                        4031,
                        9000,
                        "nothing",
                        "a takeover would serve"));
    }
}
