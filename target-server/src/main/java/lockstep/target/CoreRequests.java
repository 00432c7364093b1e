package lockstep.target;

import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// Brings what operators ask to the core loop.
record CoreRequests(Node node) {
    /// Runs `action`, which completes the answer. A refusal that it throws is the answer.
    <T> CompletableFuture<T> onLoop(Consumer<CompletableFuture<T>> action) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        node.core()
                .execute(
                        () -> {
                            try {
                                action.accept(answer);
                            } catch (AdminException refused) {
                                answer.completeExceptionally(refused);
                            }
                        });
        return answer;
    }

    /// The same about the volume `name`.
    <T> CompletableFuture<T> withVolume(
            String name, BiConsumer<HostedVolume, CompletableFuture<T>> action) {
        return onLoop(
                answer -> {
                    HostedVolume volume = node.volumes().find(name);
                    if (volume == null) {
                        throw new AdminException(
                                Code.NOT_FOUND,
                                "there is no volume " + name + " on this node",
                                "`lockstep volume list` shows those that are");
                    }
                    action.accept(volume, answer);
                });
    }
}
