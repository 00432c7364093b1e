package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// `POST /v1/volumes/{volume}/hosts`: who may log in to the volume's target. `initiator` is an
/// iSCSI name, or the start of names and `*`; `addresses` are CIDR ranges, none for all. It sees
/// the LUNs of `luns`, or all with `allLuns`. With `chapSecret` it has to pass CHAP as `chapUser`
/// (without one: under its iSCSI name), with `mutualSecret` this target can prove itself as
/// `mutualUser`. `replace` allows that there is a rule for `initiator` already.
public record AddHost(
        String initiator,
        List<String> addresses,
        List<Integer> luns,
        boolean allLuns,
        @Nullable String chapUser,
        @Nullable String chapSecret,
        @Nullable String mutualUser,
        @Nullable String mutualSecret,
        boolean replace) {
    public AddHost {
        addresses = addresses == null ? List.of() : List.copyOf(addresses);
        luns = luns == null ? List.of() : List.copyOf(luns);
    }

    /// Without the secrets.
    @Override
    public String toString() {
        return "AddHost[initiator=%s, addresses=%s, luns=%s, chap=%s, mutual=%s, replace=%s]"
                .formatted(
                        initiator,
                        addresses,
                        allLuns ? "all" : luns,
                        chapSecret != null,
                        mutualSecret != null,
                        replace);
    }
}
