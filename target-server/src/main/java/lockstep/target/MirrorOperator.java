package lockstep.target;

import lockstep.target.admin.AdminException;
import lockstep.target.admin.ExportControl;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;
import lockstep.target.admin.model.RehearsalView;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/// What operators ask of mirrors that go on mirroring: each request goes to the core loop.
final class MirrorOperator implements ExportControl {
    private final Node node;
    private final ExportActions exports;

    MirrorOperator(Node node) {
        this.node = node;
        this.exports = new ExportActions(node);
    }

    private <T> CompletableFuture<T> withVolume(
            String name, BiConsumer<HostedVolume, CompletableFuture<T>> action) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        node.core()
                .execute(
                        () -> {
                            HostedVolume volume = node.volumes().find(name);
                            if (volume == null) {
                                answer.completeExceptionally(unknown(name));
                                return;
                            }
                            try {
                                action.accept(volume, answer);
                            } catch (AdminException refused) {
                                answer.completeExceptionally(refused);
                            }
                        });
        return answer;
    }

    static AdminException unknown(String volume) {
        return new AdminException(
                Code.NOT_FOUND,
                "there is no volume " + volume + " on this node",
                "`lockstep volume list` shows those that are");
    }

    @Override
    public CompletableFuture<List<ExportView>> exports() {
        CompletableFuture<List<ExportView>> answer = new CompletableFuture<>();
        node.core().execute(() -> answer.complete(exports.list()));
        return answer;
    }

    @Override
    public CompletableFuture<ExportView> export(String volume, ExportSnapshot request) {
        return withVolume(volume, (found, answer) -> exports.export(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> unexport(String volume, String name) {
        return withVolume(volume, (found, answer) -> exports.unexport(found, name, answer));
    }

    @Override
    public CompletableFuture<RehearsalView> rehearse(String volume) {
        return withVolume(volume, (found, answer) -> node.rehearsals().run(found, answer));
    }
}
