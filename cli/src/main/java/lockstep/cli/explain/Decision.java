package lockstep.cli.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// One row per decision that a kind of host makes when it finds a LUN: what it looks at, and what
/// it then does. The rules are those of the hosts' own documentation and drivers.
@SuppressWarnings("ImmutableEnumChecker") // the functions have no state
public enum Decision {
    /// VAAI, atomic test and set.
    ESXI_ATS(
            HostKind.ESXI,
            "ATS (VAAI)",
            lun ->
                    verdict(
                            lun.does(0x89) && lun.compareAndWriteMax() >= 1,
                            "supported",
                            "unsupported: VMFS locks by RESERVE(6)",
                            "COMPARE AND WRITE %s, block limits allow %d blocks"
                                    .formatted(has(lun.does(0x89)), lun.compareAndWriteMax()))),
    /// VAAI, full copy.
    ESXI_CLONE(
            HostKind.ESXI,
            "Clone (VAAI)",
            lun ->
                    verdict(
                            lun.does(0x83, 0) && lun.does(0x84, 3) && lun.thirdPartyCopy(),
                            "supported",
                            "unsupported: the host reads and writes",
                            "EXTENDED COPY(LID1) %s, RECEIVE COPY OPERATING PARAMETERS %s, 3PC %s"
                                    .formatted(
                                            has(lun.does(0x83, 0)),
                                            has(lun.does(0x84, 3)),
                                            bit(lun.thirdPartyCopy())))),
    /// VAAI, block zeroing.
    ESXI_ZERO(
            HostKind.ESXI,
            "Zero (VAAI)",
            lun ->
                    verdict(
                            lun.does(0x93),
                            "supported",
                            "unsupported: the host writes zeros",
                            "WRITE SAME(16) " + has(lun.does(0x93)))),
    /// VAAI, space reclamation.
    ESXI_DELETE(
            HostKind.ESXI,
            "Delete (VAAI)",
            lun ->
                    verdict(
                            unmaps(lun),
                            "supported",
                            "unsupported: freed space stays allocated",
                            unmapWhy(lun))),
    /// VMFS-6 reclaims by itself only with a granularity below 1 MiB.
    ESXI_RECLAIM(
            HostKind.ESXI,
            "automatic reclaim (VMFS-6)",
            lun ->
                    verdict(
                            unmaps(lun) && lun.unmapGranularity() * lun.blockBytes() <= 1 << 20,
                            "on",
                            "off",
                            "unmap granularity %d bytes"
                                    .formatted(lun.unmapGranularity() * lun.blockBytes()))),
    /// The storage array type plug-in.
    ESXI_PATHS(
            HostKind.ESXI,
            "path policy",
            lun ->
                    verdict(
                            lun.portGroupSupport() != 0 && lun.portGroupCount() > 0,
                            "VMW_SATP_ALUA, VMW_PSP_MRU",
                            "VMW_SATP_DEFAULT_AA, VMW_PSP_FIXED",
                            portGroupsWhy(lun))),
    /// The device's name.
    ESXI_NAME(
            HostKind.ESXI,
            "device name",
            lun ->
                    verdict(
                            !lun.naaName().isEmpty(),
                            "naa." + lun.naaName(),
                            "a t10. name, not the same on every host",
                            "designator of type NAA in page 83h")),
    /// What VMFS can live on.
    ESXI_DATASTORE(
            HostKind.ESXI,
            "VMFS datastore",
            lun ->
                    verdict(
                            lun.blockBytes() == 512 && lun.physicalBytes() <= 4096,
                            "possible",
                            "impossible",
                            "blocks of %d bytes, %d physical"
                                    .formatted(lun.blockBytes(), lun.physicalBytes()))),
    /// Guest clusters on raw device mappings.
    ESXI_GUEST_CLUSTER(
            HostKind.ESXI,
            "guest clusters (pRDM)",
            lun ->
                    verdict(
                            clusters(lun) && lun.reserves(7),
                            "possible",
                            "impossible",
                            reservationsWhy(lun, 7))),
    /// The multipath driver.
    WINDOWS_MPIO(
            HostKind.WINDOWS,
            "MPIO (MSDSM)",
            lun ->
                    verdict(
                            lun.version() >= 5 && !lun.naaName().isEmpty(),
                            lun.portGroupSupport() != 0 && lun.portGroupCount() > 0
                                    ? "claimed, paths by ALUA"
                                    : "claimed, round robin over all paths",
                            "not claimed",
                            "version %d, NAA name %s; %s"
                                    .formatted(
                                            lun.version(),
                                            has(!lun.naaName().isEmpty()),
                                            portGroupsWhy(lun)))),
    /// Trim of NTFS and ReFS.
    WINDOWS_TRIM(
            HostKind.WINDOWS,
            "trim",
            lun ->
                    verdict(
                            unmaps(lun) && lun.isThin(),
                            "on",
                            "off",
                            unmapWhy(lun)
                                    + ", thin "
                                    + bit(lun.isThin())
                                    + ", LBPRZ "
                                    + bit(lun.unmappedReadsZeros()))),
    /// Failover clusters.
    WINDOWS_CLUSTER(
            HostKind.WINDOWS,
            "failover cluster",
            lun ->
                    verdict(
                            clusters(lun) && lun.reserves(5),
                            "ready",
                            "not ready: Test-Cluster fails",
                            reservationsWhy(lun, 5))),
    /// Offloaded data transfer.
    WINDOWS_ODX(
            HostKind.WINDOWS,
            "ODX",
            lun ->
                    verdict(
                            lun.does(0x83, 0x10) && lun.does(0x83, 0x11) && lun.hasPage(0x8f),
                            "on",
                            "off: the host copies",
                            "POPULATE TOKEN %s, WRITE USING TOKEN %s, page 8Fh %s"
                                    .formatted(
                                            has(lun.does(0x83, 0x10)),
                                            has(lun.does(0x83, 0x11)),
                                            has(lun.hasPage(0x8f))))),
    /// The disk's cache.
    WINDOWS_CACHE(HostKind.WINDOWS, "write cache", Decision::cache),
    /// The multipath priority.
    LINUX_PATHS(
            HostKind.LINUX,
            "dm-multipath",
            lun ->
                    verdict(
                            lun.portGroupSupport() != 0 && lun.portGroupCount() > 0,
                            "prio alua, group_by_prio",
                            "prio const, one group of equal paths",
                            portGroupsWhy(lun))),
    /// The name that multipath and udev use.
    LINUX_NAME(
            HostKind.LINUX,
            "WWID",
            lun ->
                    verdict(
                            !lun.naaName().isEmpty(),
                            "3" + lun.naaName(),
                            "from the serial number",
                            "designator of type NAA in page 83h")),
    /// The provisioning mode of the sd driver.
    LINUX_DISCARD(
            HostKind.LINUX,
            "discard",
            lun -> {
                boolean unmap = unmaps(lun);
                boolean same = lun.isProvisioned() && lun.lbpws() && lun.does(0x93);
                return verdict(
                        unmap || same,
                        unmap ? "UNMAP" : "WRITE SAME(16) with UNMAP",
                        "off: fstrim and blkdiscard fail",
                        unmapWhy(lun));
            }),
    /// What blkdiscard -z and fallocate use.
    LINUX_ZERO(
            HostKind.LINUX,
            "write zeroes",
            lun ->
                    verdict(
                            lun.does(0x93),
                            "WRITE SAME(16)",
                            "the host writes zeros",
                            "WRITE SAME(16) " + has(lun.does(0x93)))),
    /// Flushes and FUA.
    LINUX_CACHE(HostKind.LINUX, "write cache", Decision::cache),
    /// The I/O scheduler.
    LINUX_ROTATION(
            HostKind.LINUX,
            "rotational",
            lun ->
                    verdict(
                            lun.hasPage(0xb1) && !lun.isRotating(),
                            "0",
                            "1",
                            "page B1h " + has(lun.hasPage(0xb1)))),
    /// Fencing by pacemaker, mpathpersist, qemu-pr-helper.
    LINUX_CLUSTER(
            HostKind.LINUX,
            "cluster fencing",
            lun ->
                    verdict(
                            clusters(lun) && lun.reserves(5),
                            "ready",
                            "not ready",
                            reservationsWhy(lun, 5)));

    /// What a host does, and what it looked at.
    public record Verdict(boolean good, String result, String why) {}

    private static final int PERSISTENT_IN = 0x5e;
    private static final int PERSISTENT_OUT = 0x5f;

    private final HostKind host;
    private final String title;
    private final Function<LunFacts, Verdict> rule;

    Decision(HostKind host, String title, Function<LunFacts, Verdict> rule) {
        this.host = host;
        this.title = title;
        this.rule = rule;
    }

    /// Who decides.
    public HostKind host() {
        return host;
    }

    /// About what.
    public String title() {
        return title;
    }

    /// What it decides about a LUN.
    public Verdict about(LunFacts lun) {
        return rule.apply(lun);
    }

    private static Verdict verdict(boolean good, String yes, String no, String why) {
        return new Verdict(good, good ? yes : no, why);
    }

    private static String has(boolean present) {
        return present ? "present" : "missing";
    }

    private static String bit(boolean set) {
        return set ? "1" : "0";
    }

    private static boolean unmaps(LunFacts lun) {
        return lun.does(0x42) && lun.isProvisioned() && lun.lbpu() && lun.unmapMax() > 0;
    }

    private static String unmapWhy(LunFacts lun) {
        return "UNMAP %s, LBPME %s, LBPU %s, up to %d blocks"
                .formatted(
                        has(lun.does(0x42)),
                        bit(lun.isProvisioned()),
                        bit(lun.lbpu()),
                        lun.unmapMax());
    }

    private static String portGroupsWhy(LunFacts lun) {
        return "TPGS %d, %d target port groups told"
                .formatted(lun.portGroupSupport(), lun.portGroupCount());
    }

    // A service action of either command shows that the LUN has persistent reservations.
    private static boolean clusters(LunFacts lun) {
        return persistent(lun, PERSISTENT_IN)
                && persistent(lun, PERSISTENT_OUT)
                && lun.keepsReservations();
    }

    private static boolean persistent(LunFacts lun, int opcode) {
        return lun.does(opcode) || lun.does(opcode, 0);
    }

    private static String reservationsWhy(LunFacts lun, int type) {
        List<String> seen = new ArrayList<>();
        seen.add("PERSISTENT RESERVE IN " + has(persistent(lun, PERSISTENT_IN)));
        seen.add("OUT " + has(persistent(lun, PERSISTENT_OUT)));
        seen.add("PTPL_C " + bit(lun.keepsReservations()));
        seen.add("type " + type + " " + has(lun.reserves(type)));
        return String.join(", ", seen);
    }

    private static Verdict cache(LunFacts lun) {
        return verdict(
                !lun.hasVolatileCache() || lun.takesFua(),
                lun.hasVolatileCache() ? "write back, flushed" : "write through: nothing to flush",
                "write back without FUA",
                "WCE %s, DPOFUA %s".formatted(bit(lun.hasVolatileCache()), bit(lun.takesFua())));
    }
}
