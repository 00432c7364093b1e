package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/status`: the node and everything on it. `portals` are addresses that hosts connect to.
/// With `faultInjection` it takes orders to fail, and `faults` are those that it has.
public record NodeStatus(
        String name,
        String version,
        long uptimeSeconds,
        List<String> portals,
        List<LogView> log,
        List<VolumeView> volumes,
        List<PairView> pairs,
        boolean faultInjection,
        List<FaultView> faults) {
    public NodeStatus {
        portals = List.copyOf(portals);
        log = List.copyOf(log);
        volumes = List.copyOf(volumes);
        pairs = List.copyOf(pairs);
        faults = faults == null ? List.of() : List.copyOf(faults);
    }
}
