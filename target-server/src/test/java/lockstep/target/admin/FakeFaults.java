package lockstep.target.admin;

import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.FaultPointView;
import lockstep.target.admin.model.FaultView;
import lockstep.target.admin.model.InjectFault;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.VolumeView;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// The faults of [FakeNode]: a list, where it was started for them.
public final class FakeFaults implements FaultControl {
    /// Whether it was.
    public boolean on;

    /// What was asked for, in order.
    public final List<String> asked = new ArrayList<>();

    private final List<FaultView> faults = new ArrayList<>();

    synchronized NodeStatus status(List<VolumeView> volumes, List<PairView> pairs) {
        return new NodeStatus(
                "fake",
                "0.1.0",
                61,
                List.of("127.0.0.1:3260"),
                List.of(),
                volumes,
                pairs,
                on,
                faults);
    }

    private <T> CompletableFuture<T> ifOn(T answer) {
        return on
                ? CompletableFuture.completedFuture(answer)
                : CompletableFuture.failedFuture(
                        new AdminException(
                                Code.REFUSED,
                                "this node was not started for fault injection",
                                "set fault-injection = true"));
    }

    @Override
    public synchronized CompletableFuture<List<FaultView>> faults() {
        return ifOn(List.copyOf(faults));
    }

    @Override
    public CompletableFuture<List<FaultPointView>> faultPoints() {
        return ifOn(List.of(new FaultPointView("cp-superblock", true, "before the superblock")));
    }

    @Override
    public synchronized CompletableFuture<FaultView> injectFault(InjectFault request) {
        asked.add(request.toString());
        String text = request.kind() + " on " + request.target();
        FaultView made = new FaultView(faults.size() + 1L, text, "always", 0, 0, false);
        if (on) {
            faults.add(made);
        }
        return ifOn(made);
    }

    @Override
    public synchronized CompletableFuture<Done> clearFault(long id) {
        faults.removeIf(fault -> fault.id() == id);
        return ifOn(new Done("fault " + id + " is cleared"));
    }

    @Override
    public synchronized CompletableFuture<Done> clearFaults() {
        faults.clear();
        return ifOn(new Done("all are cleared"));
    }
}
