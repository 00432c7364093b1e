package lockstep.target.iscsi.login;

import lockstep.target.access.AccessTable;
import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// The targets that initiators can find now. Asked on the event loop that the targets live on.
public interface TargetCatalog {
    /// All targets, in a stable order.
    List<ScsiTarget> targets();

    /// Who may use `target`, as the rules stand now.
    default AccessTable access(ScsiTarget target) {
        return AccessTable.open(target.port().targetName());
    }

    /// Whether a target of this name is not there yet, but will be: initiators may try again.
    default boolean isExpected(String name) {
        return false;
    }

    /// The target of this name; null if there is none.
    default @Nullable ScsiTarget find(String name) {
        for (ScsiTarget target : targets()) {
            if (target.port().targetName().equals(name)) {
                return target;
            }
        }
        return null;
    }
}
