package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.List;

/// What an operator allows one initiator, or all whose names start alike: from which addresses
/// (none listed: from all), which LUNs, and how it proves who it is. With `inbound` the host must
/// pass CHAP; with `outbound` this target can prove itself to the host.
public record HostRule(
        InitiatorPattern initiator,
        List<AddressRange> addresses,
        LunMask luns,
        @Nullable Credential inbound,
        @Nullable Credential outbound) {
    public HostRule {
        addresses = List.copyOf(addresses);
    }

    /// Whether the rule is for a host of this name at this address.
    boolean fits(String name, InetAddress address) {
        return initiator.matches(name)
                && (addresses.isEmpty()
                        || addresses.stream().anyMatch(range -> range.contains(address)));
    }

    /// The same with other LUNs.
    public HostRule with(LunMask changed) {
        return new HostRule(initiator, addresses, changed, inbound, outbound);
    }
}
