package lockstep.target;

import lockstep.blockstore.inject.ArmedFault;
import lockstep.blockstore.inject.DeviceEffect;
import lockstep.blockstore.inject.DeviceFault;
import lockstep.blockstore.inject.Fault;
import lockstep.blockstore.inject.FaultPlan;
import lockstep.blockstore.inject.Firing;
import lockstep.blockstore.inject.PointFault;
import lockstep.blockstore.inject.StorePoint;
import lockstep.blockstore.log.NvLog;
import lockstep.replication.inject.LinkEffect;
import lockstep.replication.inject.LinkFault;
import lockstep.replication.inject.LinkPoint;
import lockstep.replication.inject.MovePoint;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.FaultControl;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.FaultPointView;
import lockstep.target.admin.model.FaultView;
import lockstep.target.admin.model.InjectFault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Faults set and cleared for an operator: each request goes to the core loop.
final class FaultActions implements FaultControl {
    private static final String FULL = "full";

    private final Node node;
    private final CoreRequests requests;

    FaultActions(Node node) {
        this.node = node;
        this.requests = new CoreRequests(node);
    }

    private <T> CompletableFuture<T> onLoop(Supplier<T> action) {
        return requests.onLoop(answer -> answer.complete(action.get()));
    }

    @Override
    public CompletableFuture<List<FaultView>> faults() {
        return onLoop(() -> views(plan()));
    }

    @Override
    public CompletableFuture<List<FaultPointView>> faultPoints() {
        return onLoop(
                () -> {
                    plan();
                    return points();
                });
    }

    @Override
    public CompletableFuture<FaultView> injectFault(InjectFault request) {
        return onLoop(() -> inject(request));
    }

    @Override
    public CompletableFuture<Done> clearFault(long id) {
        return onLoop(() -> clear(id));
    }

    @Override
    public CompletableFuture<Done> clearFaults() {
        return onLoop(this::clearAll);
    }

    private FaultPlan plan() {
        FaultPlan plan = node.faults().plan();
        if (plan == null) {
            throw new AdminException(
                    Code.REFUSED,
                    "this node was not started for fault injection",
                    "set fault-injection = true in the node's file and start it again; never where"
                            + " somebody needs the data");
        }
        return plan;
    }

    /// What `plan` holds, for people.
    static List<FaultView> views(FaultPlan plan) {
        return plan.list().stream().map(FaultActions::view).toList();
    }

    private static FaultView view(ArmedFault armed) {
        return new FaultView(
                armed.id(),
                armed.fault().text(),
                armed.firing().toString(),
                armed.fired(),
                armed.waiting(),
                armed.isSpent());
    }

    /// Every name that a crash may be set at.
    private static List<FaultPointView> points() {
        List<FaultPointView> points = new ArrayList<>();
        for (StorePoint point : StorePoint.values()) {
            points.add(new FaultPointView(point.label(), true, point.description()));
        }
        for (String name : MovePoint.all()) {
            points.add(new FaultPointView(name, false, "when this stage is entered"));
        }
        for (String name : LinkPoint.all()) {
            boolean sends = name.startsWith("send-");
            String when = sends ? "before such a message is sent" : "when one has come, undone";
            points.add(new FaultPointView(name, false, when));
        }
        return points;
    }

    private FaultView inject(InjectFault request) {
        FaultPlan plan = plan();
        Fault fault =
                switch (request.at()) {
                    case "disk" -> ofDisk(request);
                    case "log" -> ofLog(request);
                    case "link" -> link(request);
                    case "point" -> point(request);
                    default ->
                            throw bad(
                                    "'" + request.at() + "' is no place for a fault",
                                    "it is disk, log, link or point");
                };
        Firing firing = new Firing(request.skip(), request.oneIn(), request.count());
        long forNanos = TimeUnit.MILLISECONDS.toNanos(request.forMillis());
        ArmedFault armed = plan.set(fault, firing, forNanos);
        note("fault " + armed.id() + " is set: " + fault.text() + ", " + firing);
        return view(armed);
    }

    private Fault ofDisk(InjectFault request) {
        return device(request, node.disks().named(request.target()).device.name());
    }

    private Fault ofLog(InjectFault request) {
        if (request.kind().equals(FULL)) {
            // Nothing of the log comes free while no consistency point commits.
            return new PointFault.Hold(StorePoint.CP_SUPERBLOCK);
        }
        List<String> devices = node.log().devices().stream().map(NvLog.CopyState::device).toList();
        String asked = request.target().isEmpty() ? devices.getFirst() : request.target();
        if (!devices.contains(asked)) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    asked + " does not hold the log of this node",
                    "the log is on " + String.join(" and ", devices));
        }
        return device(request, asked);
    }

    private static DeviceFault device(InjectFault request, String name) {
        DeviceEffect effect = constant(DeviceEffect.class, request.kind());
        boolean whole = request.offset() == 0 && request.length() == 0;
        if (!effect.hasRange() && !whole) {
            throw bad("a flush has no range", "give neither offset nor length");
        }
        needDelay(effect == DeviceEffect.SLOW, request);
        long length = request.length() == 0 ? DeviceFault.TO_THE_END : request.length();
        return new DeviceFault(effect, name, request.offset(), length, delay(request));
    }

    private LinkFault link(InjectFault request) {
        LinkEffect effect = constant(LinkEffect.class, request.kind());
        needDelay(effect == LinkEffect.DELAY, request);
        UUID peer = request.target().isEmpty() ? null : peer(request.target());
        return new LinkFault(effect, peer, delay(request));
    }

    private UUID peer(String target) {
        UUID known = node.links().peerCalled(target);
        if (known == null) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    "there is no link to a peer " + target,
                    "give the peer's name or UUID as `pair list` shows it, or none for every link");
        }
        return known;
    }

    private static PointFault point(InjectFault request) {
        String name = request.target();
        if (points().stream().noneMatch(point -> point.name().equals(name))) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    "there is no point " + name,
                    "`lockstep inject points` lists them");
        }
        needDelay(request.kind().equals("stall"), request);
        return switch (request.kind()) {
            case "crash" -> new PointFault.Crash(name);
            case "stall" -> new PointFault.Stall(name, delay(request));
            case "hold" -> hold(name);
            default ->
                    throw bad(
                            "'" + request.kind() + "' happens at no point", "crash, stall or hold");
        };
    }

    private static PointFault hold(String name) {
        StorePoint point = StorePoint.of(name);
        if (point == null) {
            throw bad(
                    "nothing can be held up at " + name,
                    "`lockstep inject points` tells where it can");
        }
        return new PointFault.Hold(point);
    }

    private static void needDelay(boolean needed, InjectFault request) {
        if (needed != request.delayMillis() > 0) {
            throw bad(
                    needed ? "how late is not said" : "only what is late has a delay",
                    needed ? "give a delay" : "leave the delay out");
        }
    }

    private static long delay(InjectFault request) {
        return TimeUnit.MILLISECONDS.toNanos(request.delayMillis());
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String label) {
        for (E constant : type.getEnumConstants()) {
            if (label(constant).equals(label)) {
                return constant;
            }
        }
        List<String> all = Arrays.stream(type.getEnumConstants()).map(FaultActions::label).toList();
        throw bad("'" + label + "' is no fault here", "it is one of " + String.join(", ", all));
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private Done clear(long id) {
        if (!plan().clear(id)) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    "there is no fault " + id,
                    "`lockstep inject list` shows those that are set");
        }
        note("fault " + id + " is cleared");
        return new Done("fault " + id + " is cleared");
    }

    private Done clearAll() {
        int count = plan().clearAll();
        note("all faults are cleared");
        return new Done(count + (count == 1 ? " fault is cleared" : " faults are cleared"));
    }

    private void note(String text) {
        node.events().note("fault injection", text);
    }

    private static AdminException bad(String happened, String remedy) {
        return new AdminException(Code.BAD_REQUEST, happened, remedy);
    }
}
