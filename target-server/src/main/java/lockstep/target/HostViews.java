package lockstep.target;

import lockstep.target.access.AccessTable;
import lockstep.target.access.AddressRange;
import lockstep.target.access.Credential;
import lockstep.target.access.HostRule;
import lockstep.target.admin.model.HostView;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Rules as operators see them: without secrets.
final class HostViews {
    private HostViews() {}

    static HostView of(String volume, HostRule rule) {
        return new HostView(
                volume,
                rule.initiator().text(),
                rule.addresses().stream().map(AddressRange::toString).toList(),
                rule.luns().isAll(),
                rule.luns().numbers(),
                chap(rule));
    }

    private static String chap(HostRule rule) {
        if (rule.inbound() == null) {
            return "none";
        }
        boolean locked = isLocked(rule.inbound()) || isLocked(rule.outbound());
        return locked ? "locked" : rule.outbound() == null ? "one-way" : "mutual";
    }

    private static boolean isLocked(@Nullable Credential credential) {
        return credential != null && credential.secret() == null;
    }

    /// The rules that let hosts see LUN `number`.
    static List<String> whoSees(AccessTable table, int number) {
        return table.closed()
                ? table.rules().stream()
                        .filter(rule -> rule.luns().test(number))
                        .map(rule -> rule.initiator().text())
                        .toList()
                : List.of("*");
    }
}
