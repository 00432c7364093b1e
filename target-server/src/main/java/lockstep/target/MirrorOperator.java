package lockstep.target;

import lockstep.target.admin.ExportControl;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;
import lockstep.target.admin.model.RehearsalView;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What operators ask of mirrors that go on mirroring: each request goes to the core loop.
final class MirrorOperator implements ExportControl {
    private final Node node;
    private final CoreRequests requests;
    private final ExportActions exports;

    MirrorOperator(Node node) {
        this.node = node;
        this.requests = new CoreRequests(node);
        this.exports = new ExportActions(node);
    }

    @Override
    public CompletableFuture<List<ExportView>> exports() {
        return requests.onLoop(answer -> answer.complete(exports.list()));
    }

    @Override
    public CompletableFuture<ExportView> export(String volume, ExportSnapshot request) {
        return requests.withVolume(
                volume, (found, answer) -> exports.export(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> unexport(String volume, String name) {
        return requests.withVolume(
                volume, (found, answer) -> exports.unexport(found, name, answer));
    }

    @Override
    public CompletableFuture<RehearsalView> rehearse(String volume) {
        return requests.withVolume(volume, (found, answer) -> node.rehearsals().run(found, answer));
    }
}
