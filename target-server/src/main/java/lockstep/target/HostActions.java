package lockstep.target;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.target.access.AccessCodec;
import lockstep.target.access.AccessTable;
import lockstep.target.access.HostRule;
import lockstep.target.access.InitiatorPattern;
import lockstep.target.access.SecretKeys;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.HostView;
import lockstep.target.admin.model.LunView;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Rules about hosts, and LUNs shown, hidden and grown, for an operator. Rules are changed as a
/// whole, durably on every leg, before any session sees the change. On the core loop; refusals are
/// thrown or complete the answer.
final class HostActions {
    private final Node node;
    private final LongSupplier entropy;
    private final Set<String> changing = new HashSet<>();

    HostActions(Node node, LongSupplier entropy) {
        this.node = node;
        this.entropy = entropy;
    }

    void add(
            HostedVolume volume,
            AddHost request,
            SecretKeys keys,
            CompletableFuture<HostView> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        AccessTable before = node.targets().access(volume.name());
        HostRule rule = new HostRequest(before.owner(), request, keys, entropy).rule();
        if (before.rule(rule.initiator()).isPresent() && !request.replace()) {
            throw new AdminException(
                    Code.EXISTS,
                    "there is a rule for " + rule.initiator() + " already",
                    "replace it with --replace, or map LUNs with `lockstep lun map`");
        }
        request.luns().forEach(number -> lun(active, volume, number));
        AccessTable after = before.with(rule);
        if (after.reusesSecret()) {
            throw new AdminException(
                    Code.REFUSED,
                    "a secret that hosts prove themselves with is also this target's own",
                    "use different secrets in the two directions");
        }
        change(
                volume,
                after,
                failure -> end(answer, failure, () -> HostViews.of(volume.name(), rule)));
    }

    void remove(HostedVolume volume, String initiator, CompletableFuture<Done> answer) {
        AccessTable before = table(volume);
        HostRule rule = rule(before, initiator);
        change(
                volume,
                before.without(rule.initiator()),
                failure ->
                        end(
                                answer,
                                failure,
                                () ->
                                        new Done(
                                                rule.initiator()
                                                        + " may not use "
                                                        + volume.name()
                                                        + " any more")));
    }

    void map(
            HostedVolume volume,
            int number,
            String initiator,
            boolean sees,
            CompletableFuture<HostView> answer) {
        AccessTable before = table(volume);
        HostRule rule = rule(before, initiator);
        lun(VolumeActions.active(volume), volume, number);
        if (rule.luns().isAll() && !sees) {
            throw new AdminException(
                    Code.REFUSED,
                    rule.initiator() + " sees all LUNs of the volume",
                    "replace its rule by one with --lun for each it shall see");
        }
        HostRule changed = rule.with(sees ? rule.luns().with(number) : rule.luns().without(number));
        change(
                volume,
                before.with(changed),
                failure -> end(answer, failure, () -> HostViews.of(volume.name(), changed)));
    }

    void grow(HostedVolume volume, int number, long bytes, CompletableFuture<LunView> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        Lun lun = lun(active, volume, number);
        LunRecord before = lun.record();
        if (bytes < before.size()) {
            throw new AdminException(
                    Code.REFUSED,
                    "a LUN is never made smaller: it has " + before.size() + " bytes",
                    "make another LUN and copy");
        }
        VolumeActions.checkSize(volume, bytes);
        LunRecord after = before.sized(bytes);
        active.putLun(
                after,
                outcome -> {
                    if (outcome instanceof Outcome.Done) {
                        answer.complete(node.views().lun(volume, lun));
                    } else {
                        answer.completeExceptionally(VolumeActions.notDone(outcome));
                    }
                });
    }

    /// LUN `number` is about to be deleted: no rule lists it any more when `next` is told.
    void forget(HostedVolume volume, int number, Consumer<@Nullable AdminException> next) {
        AccessTable before = table(volume);
        AccessTable after = before.withoutLun(number);
        if (after.equals(before)) {
            next.accept(null);
        } else {
            change(volume, after, next);
        }
    }

    private AccessTable table(HostedVolume volume) {
        VolumeActions.active(volume);
        return node.targets().access(volume.name());
    }

    private static HostRule rule(AccessTable table, String initiator) {
        InitiatorPattern pattern = InitiatorPattern.parse(initiator);
        return (pattern == null ? Optional.<HostRule>empty() : table.rule(pattern))
                .orElseThrow(
                        () ->
                                new AdminException(
                                        Code.NOT_FOUND,
                                        "there is no rule for " + initiator,
                                        "`lockstep host list` shows those there are"));
    }

    private static Lun lun(ActiveVolume active, HostedVolume volume, int number) {
        for (Lun lun : active.luns()) {
            if (lun.record().number() == number) {
                return lun;
            }
        }
        throw VolumeActions.noLun(volume, number);
    }

    /// Makes `after` the rules of `volume`; `done` gets null when they are in force and durable.
    private void change(
            HostedVolume volume, AccessTable after, Consumer<@Nullable AdminException> done) {
        ByteBuffer value =
                after.rules().size() > AccessCodec.RULES_MAX ? null : AccessCodec.encode(after);
        if (value == null) {
            throw new AdminException(
                    Code.REFUSED,
                    "a volume has at most " + AccessCodec.RULES_MAX + " rules",
                    "use a pattern for hosts whose names start alike");
        }
        if (!changing.add(volume.name())) {
            throw new AdminException(
                    Code.UNAVAILABLE, "other rules are being changed", "try again");
        }
        VolumeActions.active(volume)
                .put(
                        AccessCodec.KEY,
                        value,
                        outcome -> {
                            changing.remove(volume.name());
                            node.targets().refresh(volume);
                            done.accept(
                                    outcome instanceof Outcome.Done
                                            ? null
                                            : VolumeActions.notDone(outcome));
                        });
    }

    private static <T> void end(
            CompletableFuture<T> answer, @Nullable AdminException failure, Supplier<T> result) {
        if (failure == null) {
            answer.complete(result.get());
        } else {
            answer.completeExceptionally(failure);
        }
    }
}
