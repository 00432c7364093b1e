package lockstep.target.iscsi.session;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.tree.LunRecord;
import lockstep.target.access.AccessTable;
import lockstep.target.access.Gatekeeper;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.login.TargetCatalog;
import lockstep.target.scsi.MemoryLun;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/// A target with LUNs 0 to 2 in memory.
final class World implements TargetCatalog {
    final ManualLoop loop = new ManualLoop();
    final MetricRegistry metrics = new MetricRegistry();
    final SessionTable sessions = new SessionTable();
    final ScsiTarget target =
            new ScsiTarget(new PortIdentity(TestTarget.NAME, 1, 1), loop, ScsiLimits.DEFAULT);
    final List<MemoryLun> luns = new ArrayList<>();
    final Doors doors;
    IscsiSettings settings = IscsiSettings.DEFAULT;
    AccessTable table = AccessTable.open("volume");

    World(Caps.Limits limits, boolean allowUnauthenticated, boolean allowMd5) {
        Gatekeeper gatekeeper =
                new Gatekeeper(
                        allowUnauthenticated, allowMd5, new Random(3)::nextLong, loop::nanoTime);
        doors = new Doors(gatekeeper, new Caps(limits));
        for (int number = 0; number < 3; number++) {
            UUID identity = new UUID(7, number);
            luns.add(new MemoryLun(new LunRecord(number, "l", identity, 16 << 20), loop));
            target.addLun(luns.get(number));
        }
    }

    World() {
        this(Caps.Limits.DEFAULT, false, true);
    }

    @Override
    public List<ScsiTarget> targets() {
        return List.of(target);
    }

    @Override
    public AccessTable access(ScsiTarget asked) {
        return table;
    }

    void setTable(AccessTable next) {
        table = next;
        sessions.accessChanged(target);
    }

    Connection.Shared shared() {
        return new Connection.Shared(
                loop, this, doors, settings, sessions, TargetMetrics.in(metrics));
    }
}
