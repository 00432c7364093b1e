package lockstep.target;

import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.replication.role.Replica;
import lockstep.target.access.AccessTable;
import lockstep.target.iscsi.login.TargetCatalog;
import lockstep.target.iscsi.session.SessionTable;
import lockstep.target.runtime.NettyEventLoop;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The iSCSI targets, beside those of [NodeExports]: one per volume that this node has a copy of,
/// with the volume's LUNs and its rules about hosts. A mirror shows what it knows of them and
/// serves none, so that hosts have their paths here before they need them; in a takeover target and
/// sessions stay, and the LUNs begin to serve. After a switchover they stay too, on both nodes: the
/// old source has answered all that was sent to it. A volume that is active no more for another
/// reason loses its sessions, and with them every command that was under way. On the core loop.
final class NodeTargets implements TargetCatalog {
    private static final class Offer {
        private final ScsiTarget target;

        /// Whose LUNs are served; null at a mirror.
        private @Nullable ActiveVolume active;

        private VolumeAccess.Known access;

        Offer(ScsiTarget target, VolumeAccess.Known access) {
            this.target = target;
            this.access = access;
        }
    }

    private final NettyEventLoop core;
    private final String prefix;
    private final int portGroup;
    private final VolumeAccess access;
    private final NodeExports exports;
    private final SessionTable sessions = new SessionTable();
    private final Map<String, Offer> offers = new LinkedHashMap<>();

    NodeTargets(
            NettyEventLoop core,
            String prefix,
            int portGroup,
            VolumeAccess access,
            NodeExports exports) {
        this.core = core;
        this.prefix = prefix;
        this.portGroup = portGroup;
        this.access = access;
        this.exports = exports;
    }

    SessionTable sessions() {
        return sessions;
    }

    /// The iSCSI name of the target of volume `name`.
    String targetName(String name) {
        return prefix + (prefix.indexOf(':') >= 0 ? "." : ":") + name;
    }

    @Override
    public List<ScsiTarget> targets() {
        List<ScsiTarget> targets = new ArrayList<>();
        offers.values().forEach(offer -> targets.add(offer.target));
        targets.addAll(exports.targets());
        return targets;
    }

    @Override
    public boolean isExpected(String name) {
        return exports.isExpected(name);
    }

    @Override
    public AccessTable access(ScsiTarget target) {
        for (Offer offer : offers.values()) {
            if (offer.target == target) {
                return offer.access.table();
            }
        }
        AccessTable ofVolume = exports.access(target);
        return ofVolume == null ? closed(target.port().targetName()) : ofVolume;
    }

    /// The rules of volume `name`; for nobody if it is not offered here.
    AccessTable access(String name) {
        Offer offer = offers.get(name);
        return offer == null ? closed(name) : offer.access.table();
    }

    private static AccessTable closed(String owner) {
        return new AccessTable(owner, true, List.of());
    }

    /// Makes what is offered of `volume` agree with what its copy here is.
    void refresh(HostedVolume volume) {
        refreshOwn(volume);
        exports.refresh(volume);
    }

    private void refreshOwn(HostedVolume volume) {
        Replica replica = volume.replica();
        ActiveVolume active = replica.active();
        boolean serves = active != null && active.service() != ActiveVolume.Service.STOPPED;
        ShownVolume shown = active == null ? replica.shown() : serves ? active : null;
        Offer offer = offers.get(volume.name());
        boolean left = offer != null && offer.active != null && offer.active != active;
        boolean given = left && active == null && replica.hasHandedOver();
        if (given && shown == null) {
            // Between two roles. Hosts keep their sessions, and soon see the mirror.
            return;
        }
        if (offer != null && (shown == null || (left && !given))) {
            drop(volume.name());
            offer = null;
        }
        if (shown == null) {
            return;
        }
        if (offer == null) {
            offer = new Offer(target(volume), access.read(volume, shown, null));
            offers.put(volume.name(), offer);
        }
        VolumeAccess.Known before = offer.access;
        offer.access = access.read(volume, shown, before);
        boolean switched = given || (offer.active == null && active != null);
        offer.active = active;
        show(offer.target, exports.ownOf(shown.luns()), switched);
        if (!offer.access.equals(before)) {
            sessions.accessChanged(offer.target);
        }
    }

    /// Whether hosts are not shown LUN `record`, because it takes the writes of a clone.
    boolean isScratch(LunRecord record) {
        return exports.isScratch(record.identity());
    }

    private ScsiTarget target(HostedVolume volume) {
        PortIdentity port = new PortIdentity(targetName(volume.name()), portGroup, portGroup);
        NodePaths paths = new NodePaths(volume.replica(), portGroup);
        return new ScsiTarget(port, paths, core, ScsiLimits.DEFAULT);
    }

    /// Offers nothing of volume `name` any more.
    void drop(String name) {
        Offer offer = offers.remove(name);
        if (offer != null) {
            sessions.dropAll(offer.target);
        }
    }

    private static void show(ScsiTarget target, List<Lun> luns, boolean switched) {
        Map<Integer, Lun> wanted = new TreeMap<>();
        for (Lun lun : luns) {
            wanted.put(lun.record().number(), lun);
        }
        for (Lun shown : target.luns()) {
            int number = shown.record().number();
            Lun now = wanted.get(number);
            if (now == null || !now.record().identity().equals(shown.record().identity())) {
                target.removeLun(number, () -> {});
                continue;
            }
            wanted.remove(number);
            if (switched) {
                target.switchLun(now);
            }
        }
        wanted.values().forEach(target::addLun);
    }
}
