package lockstep.target.scsi;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;

/// Which LUN numbers each nexus of a target sees. A number that a nexus does not see is to it as if
/// there were no LUN.
final class Visibility {
    private final Map<Nexus, IntPredicate> views = new LinkedHashMap<>();

    void open(Nexus nexus, IntPredicate sees) {
        views.put(nexus, sees);
    }

    void close(Nexus nexus) {
        views.remove(nexus);
    }

    boolean sees(Nexus nexus, int number) {
        IntPredicate view = views.get(nexus);
        return view != null && view.test(number);
    }
}
