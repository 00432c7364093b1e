package lockstep.target;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.target.access.AccessTable;
import lockstep.target.iscsi.login.TargetCatalog;
import lockstep.target.iscsi.session.SessionTable;
import lockstep.target.runtime.NettyEventLoop;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/// The iSCSI targets: one per volume that is active here, with the volume's LUNs. A volume that is
/// active no more loses its target and its sessions, so that hosts look for it elsewhere. On the
/// core loop.
final class NodeTargets implements TargetCatalog {
    private record Offer(ActiveVolume volume, ScsiTarget target, VolumeAccess.Known access) {}

    private final NettyEventLoop core;
    private final String prefix;
    private final int portGroup;
    private final VolumeAccess access;
    private final SessionTable sessions = new SessionTable();
    private final Map<String, Offer> offers = new LinkedHashMap<>();

    NodeTargets(NettyEventLoop core, String prefix, int portGroup, VolumeAccess access) {
        this.access = access;
        this.core = core;
        this.prefix = prefix;
        this.portGroup = portGroup;
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
        return offers.values().stream().map(Offer::target).toList();
    }

    @Override
    public AccessTable access(ScsiTarget target) {
        for (Offer offer : offers.values()) {
            if (offer.target == target) {
                return offer.access.table();
            }
        }
        return new AccessTable(target.port().targetName(), true, List.of());
    }

    /// The rules of volume `name`; for nobody if it is not offered here.
    AccessTable access(String name) {
        Offer offer = offers.get(name);
        return offer == null ? new AccessTable(name, true, List.of()) : offer.access.table();
    }

    /// Makes what is offered of volume `name` agree with `active`; null if it is not active here.
    void refresh(String name, @Nullable ActiveVolume active) {
        Offer offer = offers.get(name);
        boolean serves = active != null && active.service() != ActiveVolume.Service.STOPPED;
        if (offer != null && (!serves || offer.volume != active)) {
            offers.remove(name);
            sessions.dropAll(offer.target);
            offer = null;
        }
        if (active != null && serves) {
            VolumeAccess.Known known = access.read(active, offer == null ? null : offer.access);
            boolean changed = offer != null && !offer.access.equals(known);
            ScsiTarget target = offer == null ? newTarget(name) : offer.target;
            Offer now = new Offer(active, target, known);
            offers.put(name, now);
            showLuns(now);
            if (changed) {
                sessions.accessChanged(target);
            }
        }
    }

    private ScsiTarget newTarget(String name) {
        PortIdentity port = new PortIdentity(targetName(name), portGroup, portGroup);
        return new ScsiTarget(port, core, ScsiLimits.DEFAULT);
    }

    private static void showLuns(Offer offer) {
        Map<Integer, UUID> shown = new TreeMap<>();
        for (Lun lun : offer.target.luns()) {
            shown.put(lun.record().number(), lun.record().identity());
        }
        Map<Integer, Lun> wanted = new TreeMap<>();
        for (Lun lun : offer.volume.luns()) {
            wanted.put(lun.record().number(), lun);
        }
        shown.forEach(
                (number, identity) -> {
                    Lun now = wanted.get(number);
                    if (now == null || !now.record().identity().equals(identity)) {
                        offer.target.removeLun(number, () -> {});
                    } else {
                        wanted.remove(number);
                    }
                });
        wanted.values().forEach(offer.target::addLun);
    }
}
