package lockstep.target;

import lockstep.target.access.AccessCodec;
import lockstep.target.access.AddressRange;
import lockstep.target.access.Credential;
import lockstep.target.access.HostRule;
import lockstep.target.access.InitiatorPattern;
import lockstep.target.access.LunMask;
import lockstep.target.access.Secret;
import lockstep.target.access.SecretKeys;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.AdminError.Code;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// An operator's request for a rule, checked word by word. No message repeats a secret.
final class HostRequest {
    private static final int USER_MAX = 223;
    private static final int ADDRESSES_MAX = 64;

    private final String owner;
    private final AddHost request;
    private final SecretKeys keys;
    private final LongSupplier entropy;

    HostRequest(String owner, AddHost request, SecretKeys keys, LongSupplier entropy) {
        this.owner = owner;
        this.request = request;
        this.keys = keys;
        this.entropy = entropy;
    }

    /// The rule; throws [AdminException] if the request makes none.
    HostRule rule() {
        InitiatorPattern initiator = InitiatorPattern.parse(request.initiator());
        if (initiator == null) {
            throw bad(
                    "'" + request.initiator() + "' is no iSCSI name",
                    "a name starts with iqn., eui. or naa.; a final * stands for anything");
        }
        if (request.mutualSecret() != null && request.chapSecret() == null) {
            throw bad(
                    "a target proves itself only to a host that does so too",
                    "give a secret for the host as well");
        }
        if (request.allLuns() && !request.luns().isEmpty()) {
            throw bad("all LUNs and some LUNs", "give one or the other");
        }
        String name = initiator.text().endsWith("*") ? "" : initiator.text();
        return new HostRule(
                initiator,
                addresses(),
                request.allLuns() ? LunMask.ALL : LunMask.of(request.luns()),
                credential(initiator, true, request.chapUser(), name, request.chapSecret()),
                credential(
                        initiator, false, request.mutualUser(), "target", request.mutualSecret()));
    }

    private List<AddressRange> addresses() {
        List<AddressRange> ranges = new ArrayList<>();
        for (String text : request.addresses()) {
            AddressRange range = AddressRange.parse(text);
            if (range == null) {
                throw bad("'" + text + "' is no address range", "like 10.1.0.0/16 or fd00::/8");
            }
            ranges.add(range);
        }
        if (ranges.size() > ADDRESSES_MAX) {
            throw bad("too many address ranges", "give at most " + ADDRESSES_MAX);
        }
        return ranges;
    }

    private @Nullable Credential credential(
            InitiatorPattern initiator,
            boolean inbound,
            @Nullable String user,
            String usual,
            @Nullable String text) {
        if (text == null) {
            if (user != null) {
                throw bad("a CHAP user without a secret", "give the secret in a file");
            }
            return null;
        }
        String named = user == null ? usual : user;
        if (named.isEmpty() || named.length() > USER_MAX || !InitiatorPattern.isName(named)) {
            throw bad("the CHAP user's name is missing or malformed", "give one with --chap-user");
        }
        Secret secret = Secret.of(text);
        if (!secret.isLongEnough()) {
            throw bad(
                    "a secret has " + Secret.LEAST + " to " + Secret.MOST + " bytes",
                    "let `lockstep host add` make one: hosts of every kind take it");
        }
        String place = AccessCodec.place(owner, initiator, inbound);
        return new Credential(named, secret, keys.seal(secret, place, entropy));
    }

    private static AdminException bad(String happened, String remedy) {
        return new AdminException(Code.BAD_REQUEST, happened, remedy);
    }
}
