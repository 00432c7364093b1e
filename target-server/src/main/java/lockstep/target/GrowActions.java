package lockstep.target;

import lockstep.blockstore.disk.Joining;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoFault;
import lockstep.replication.role.Growth;
import lockstep.replication.role.Refusal;
import lockstep.target.NodeDisks.NodeDisk;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.GrowVolume;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Volumes made larger for an operator. On the core loop; refusals are thrown, or complete the
/// answer where they come later. What can be refused is refused before anything is erased.
final class GrowActions {
    private static final String UNITS = "KMGTPE";

    private final Node node;
    private final DiskActions actions;

    GrowActions(Node node, DiskActions actions) {
        this.node = node;
        this.actions = actions;
    }

    void grow(HostedVolume volume, GrowVolume request, CompletableFuture<Done> answer) {
        if (volume.space().raid().isGrowing()) {
            throw refused(volume.name() + " is being made larger already", "wait for that");
        }
        List<NodeDisk> disks = chosen(request);
        Integer wanted = request.group();
        if (disks.isEmpty()) {
            finish(volume, "all that has joined is in use", answer);
            return;
        }
        int groups = volume.disks().groups().size();
        int group = wanted == null ? groups : wanted;
        if (wanted != null && (group < 0 || group >= groups)) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    volume.name() + " has no group " + group,
                    "`lockstep disk list` shows them; `lockstep volume grow` makes a new one");
        }
        List<BlockDevice> devices = disks.stream().map(disk -> disk.device).toList();
        String problem = Joining.problem(volume.disks(), group, devices);
        if (problem != null) {
            throw refused(problem, "nothing was changed");
        }
        long blocks = Joining.blocks(volume.disks(), group, devices);
        Refusal refusal = new Growth(volume.replica()).problem(blocks);
        if (refusal != null) {
            throw refused(refusal.what(), refusal.whatToDo());
        }
        lookThenJoin(volume, request.force(), group, disks, answer);
    }

    private void lookThenJoin(
            HostedVolume volume,
            boolean force,
            int group,
            List<NodeDisk> disks,
            CompletableFuture<Done> answer) {
        actions.reserve(volume, disks);
        boolean own = group == volume.disks().groups().size();
        long needed = own ? Joining.leastBytes() : volume.disks().groups().get(group).neededBytes();
        lookAtAll(
                volume,
                disks,
                new DiskActions.Wanted(needed, force),
                0,
                problem -> {
                    if (problem == null) {
                        join(volume, group, disks, answer);
                    } else {
                        disks.forEach(disk -> disk.reserved = false);
                        answer.completeExceptionally(problem);
                    }
                });
    }

    private List<NodeDisk> chosen(GrowVolume request) {
        if (request.automatic()) {
            return node.disks().choose(List.of(), true).getFirst();
        }
        Set<NodeDisk> named = new LinkedHashSet<>();
        for (String name : request.disks()) {
            if (!named.add(node.disks().named(name))) {
                throw refused(name + " is named twice", "name each disk once");
            }
        }
        return new ArrayList<>(named);
    }

    // Each is looked at anew before any is written to.
    private void lookAtAll(
            HostedVolume volume,
            List<NodeDisk> disks,
            DiskActions.Wanted wanted,
            int from,
            Consumer<@Nullable AdminException> done) {
        if (from == disks.size()) {
            done.accept(null);
            return;
        }
        actions.look(
                volume,
                disks.get(from),
                wanted,
                problem -> {
                    if (problem == null) {
                        lookAtAll(volume, disks, wanted, from + 1, done);
                    } else {
                        done.accept(problem);
                    }
                });
    }

    private void join(
            HostedVolume volume, int group, List<NodeDisk> disks, CompletableFuture<Done> answer) {
        disks.forEach(disk -> actions.begin(volume, disk, answer));
        List<Joining.NewDisk> devices = new ArrayList<>();
        disks.forEach(disk -> devices.add(new Joining.NewDisk(disk.device, NodeDisks.newName())));
        List<String> names = disks.stream().map(disk -> disk.name).toList();
        String what = String.join(", ", names) + " joined as part of group " + group;
        volume.space()
                .raid()
                .grow(group, devices, fault -> joined(volume, disks, what, fault, answer));
    }

    private void joined(
            HostedVolume volume,
            List<NodeDisk> disks,
            String what,
            @Nullable IoFault fault,
            CompletableFuture<Done> answer) {
        disks.forEach(disk -> disk.reserved = false);
        if (fault == null) {
            disks.forEach(disk -> disk.remark = "");
            finish(volume, what, answer);
            return;
        }
        String happened = volume.name() + " was not made larger: " + fault.reason();
        disks.forEach(disk -> disk.refuse("it did not join " + volume.name() + ": " + fault));
        node.events().note(volume.name(), happened);
        answer.completeExceptionally(refused(happened, "see to that, or try other disks"));
    }

    private void finish(HostedVolume volume, String what, CompletableFuture<Done> answer) {
        new Growth(volume.replica())
                .finish(
                        result -> {
                            switch (result) {
                                case Growth.Result.Grown(long bytes) ->
                                        end(
                                                volume,
                                                what + "; " + volume.name() + " has " + text(bytes),
                                                answer);
                                case Growth.Result.Room(long bytes) ->
                                        end(
                                                volume,
                                                what
                                                        + "; the mirror's copy has room for "
                                                        + text(bytes)
                                                        + " now, and the volume grows when its"
                                                        + " source's copy does",
                                                answer);
                                case Growth.Result.Refused(Refusal why) ->
                                        answer.completeExceptionally(
                                                refused(
                                                        what
                                                                + "; the volume has its old size: "
                                                                + why.what(),
                                                        why.whatToDo()
                                                                + "; then `lockstep volume grow "
                                                                + volume.name()
                                                                + "`"));
                            }
                        });
    }

    private void end(HostedVolume volume, String text, CompletableFuture<Done> answer) {
        node.events().note(volume.name(), text);
        answer.complete(new Done(text));
    }

    private static String text(long bytes) {
        int unit = -1;
        double value = bytes;
        while (value >= 1024 && unit + 1 < UNITS.length()) {
            value /= 1024;
            unit++;
        }
        return unit < 0
                ? bytes + " B"
                : String.format(java.util.Locale.ROOT, "%.1f %siB", value, UNITS.charAt(unit));
    }

    private static AdminException refused(String happened, String remedy) {
        return new AdminException(Code.REFUSED, happened, remedy);
    }
}
