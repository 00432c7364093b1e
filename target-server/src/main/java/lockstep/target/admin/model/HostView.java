package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/hosts`: one rule of a volume. `chap` is none, one-way or mutual, or locked if this node
/// has no key for its secrets; secrets are never shown.
public record HostView(
        String volume,
        String initiator,
        List<String> addresses,
        boolean allLuns,
        List<Integer> luns,
        String chap) {
    public HostView {
        addresses = List.copyOf(addresses);
        luns = List.copyOf(luns);
    }
}
