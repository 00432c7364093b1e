package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Outcome;
import lockstep.target.scsi.Hosts.Host;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Reservations as hosts see them: status by status, unit attention by unit attention.
class ReservationsTest {
    private static final int[] TYPES = {1, 3, 5, 6, 7, 8};
    private static final String GOOD = "GOOD";
    private static final String CONFLICT = "CONFLICT";
    private static final String PREEMPTED = "6/2a/03";
    private static final String RELEASED = "6/2a/04";
    private static final String UNREGISTERED = "6/2a/05";

    private final Hosts hosts = new Hosts();
    private final Host a = hosts.host("a");
    private final Host b = hosts.host("b");
    private final Host c = hosts.host("c");

    private static boolean forRegistrants(int type) {
        return type >= 5;
    }

    private static boolean allRegistrants(int type) {
        return type >= 7;
    }

    private static boolean exclusiveAccess(int type) {
        return type == 3 || type == 6 || type == 8;
    }

    /// `a` holds a reservation of `type` with key 1, `b` is registered with key 2.
    private void reserve(int type) {
        assertThat(a.register(0, 1)).isEqualTo(GOOD);
        assertThat(b.register(0, 2)).isEqualTo(GOOD);
        assertThat(a.reserve(type, 1)).isEqualTo(GOOD);
    }

    private void clean() {
        a.attentions();
        a.registerAnyway(1);
        a.clear(1);
        a.attentions();
        b.attentions();
        c.attentions();
    }

    @Test
    void accessIsWhatTheTypeSays() {
        for (int type : TYPES) {
            reserve(type);
            assertThat(a.reservation()).isEqualTo((allRegistrants(type) ? 0 : 1) + " type " + type);
            assertThat(a.write()).as("holder, %d", type).isEqualTo(GOOD);
            assertThat(a.read()).isEqualTo(GOOD);
            assertThat(b.write()).isEqualTo(forRegistrants(type) ? GOOD : CONFLICT);
            boolean registeredReads = forRegistrants(type) || !exclusiveAccess(type);
            assertThat(b.read()).isEqualTo(registeredReads ? GOOD : CONFLICT);
            assertThat(c.write()).isEqualTo(CONFLICT);
            assertThat(c.read()).isEqualTo(exclusiveAccess(type) ? CONFLICT : GOOD);
            assertThat(c.ready()).isEqualTo(GOOD);
            clean();
        }
    }

    @Test
    void onlyWhoKnowsItsKeyChangesAnything() {
        assertThat(a.register(9, 1)).isEqualTo(CONFLICT);
        assertThat(a.reserve(1, 0)).isEqualTo(CONFLICT);
        assertThat(a.register(0, 0)).isEqualTo(GOOD);
        assertThat(a.keys()).containsExactly(0L);
        reserve(1);
        assertThat(a.register(0, 5)).isEqualTo(CONFLICT);
        assertThat(a.register(2, 5)).isEqualTo(CONFLICT);
        assertThat(a.release(1, 2)).isEqualTo(CONFLICT);
        assertThat(a.clear(2)).isEqualTo(CONFLICT);
        assertThat(b.preempt(1, 1, 1)).isEqualTo(CONFLICT);
        assertThat(c.clear(0)).isEqualTo(CONFLICT);
        assertThat(a.register(1, 3)).isEqualTo(GOOD);
        assertThat(a.keys()).containsExactly(3L, 3L, 2L);
        assertThat(a.reservation()).isEqualTo("3 type 1");
        assertThat(a.registerAnyway(4)).isEqualTo(GOOD);
        assertThat(a.keys()).containsExactly(4L, 4L, 2L);
    }

    @Test
    void secondReservationIsTheSameOrConflicts() {
        for (int type : TYPES) {
            reserve(type);
            for (int other : TYPES) {
                assertThat(a.reserve(other, 1)).isEqualTo(other == type ? GOOD : CONFLICT);
                boolean holds = allRegistrants(type) && other == type;
                assertThat(b.reserve(other, 2)).isEqualTo(holds ? GOOD : CONFLICT);
            }
            clean();
        }
        a.register(0, 1);
        assertThat(a.reserve(2, 1)).isEqualTo("5/24/00");
        assertThat(a.reserve(0x11, 1)).isEqualTo("5/24/00");
    }

    @Test
    void releaseTellsOtherRegistrantsOfSharedTypes() {
        for (int type : TYPES) {
            reserve(type);
            c.register(0, 3);
            assertThat(a.release(type == 1 ? 3 : 1, 1)).isEqualTo("5/26/04");
            if (!allRegistrants(type)) {
                assertThat(b.release(type, 2)).as("no holder").isEqualTo(GOOD);
                assertThat(a.reservation()).isEqualTo("1 type " + type);
            }
            assertThat(a.release(type, 1)).isEqualTo(GOOD);
            String[] told = forRegistrants(type) ? new String[] {RELEASED} : new String[0];
            assertThat(a.attentions()).isEmpty();
            assertThat(b.attentions()).as("type %d", type).containsExactly(told);
            assertThat(c.attentions()).containsExactly(told);
            assertThat(a.reservation()).isEqualTo("none");
            assertThat(a.release(type, 1)).isEqualTo(GOOD);
            clean();
        }
    }

    @Test
    void holdersUnregistrationReleases() {
        for (int type : TYPES) {
            reserve(type);
            assertThat(a.register(1, 0)).isEqualTo(GOOD);
            assertThat(a.attentions()).isEmpty();
            boolean told = forRegistrants(type) && !allRegistrants(type);
            assertThat(b.attentions())
                    .containsExactly(told ? new String[] {RELEASED} : new String[0]);
            assertThat(b.reservation()).isEqualTo(allRegistrants(type) ? "0 type " + type : "none");
            assertThat(b.register(2, 0)).isEqualTo(GOOD);
            assertThat(b.reservation()).isEqualTo("none");
            clean();
        }
    }

    @Test
    void clearRemovesAllAndTellsTheOthers() {
        reserve(5);
        c.register(0, 3);
        assertThat(b.clear(2)).isEqualTo(GOOD);
        assertThat(a.attentions()).containsExactly(PREEMPTED);
        assertThat(c.attentions()).containsExactly(PREEMPTED);
        assertThat(b.attentions()).isEmpty();
        assertThat(a.keys()).containsExactly(4L);
        assertThat(a.reservation()).isEqualTo("none");
    }

    @Test
    void preemptTakesTheReservationOver() {
        for (int type : TYPES) {
            for (int next : TYPES) {
                reserve(type);
                c.register(0, 3);
                long generation = a.keys().getFirst();
                long victim = allRegistrants(type) ? 0 : 1;
                assertThat(b.preempt(next, 2, victim)).isEqualTo(GOOD);
                String taken = (allRegistrants(next) ? 0 : 2) + " type " + next;
                assertThat(b.reservation()).isEqualTo(taken);
                assertThat(a.attentions()).containsExactly(UNREGISTERED);
                assertThat(b.attentions()).isEmpty();
                String[] third =
                        allRegistrants(type)
                                ? new String[] {UNREGISTERED}
                                : type == next ? new String[0] : new String[] {RELEASED};
                assertThat(c.attentions()).as("%d by %d", type, next).containsExactly(third);
                assertThat(b.keys().getFirst()).isEqualTo(generation + 1);
                assertThat(a.write()).isEqualTo(CONFLICT);
                clean();
            }
        }
    }

    @Test
    void preemptOfOthersKeysOnlyUnregisters() {
        for (int type : TYPES) {
            reserve(type);
            c.register(0, 3);
            assertThat(a.preempt(type, 1, 9)).as("no such key").isEqualTo(CONFLICT);
            assertThat(b.preempt(type, 2, 3)).isEqualTo(GOOD);
            assertThat(c.attentions()).containsExactly(UNREGISTERED);
            assertThat(a.attentions()).isEmpty();
            assertThat(a.reservation()).isEqualTo((allRegistrants(type) ? 0 : 1) + " type " + type);
            if (!allRegistrants(type)) {
                assertThat(b.preempt(type, 2, 0)).isEqualTo("5/26/00");
            }
            clean();
        }
    }

    @Test
    void preemptByTheHolderOfItselfChangesTheType() {
        reserve(1);
        assertThat(a.preempt(6, 1, 1)).isEqualTo(GOOD);
        assertThat(a.reservation()).isEqualTo("1 type 6");
        assertThat(b.attentions()).containsExactly(RELEASED);
    }

    @Test
    void preemptAndAbortAnswersWhenTheVictimsTasksAreOver() {
        reserve(5);
        hosts.lun().hold();
        var write = a.begin(512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
        var running = a.send(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
        var bystander = c.begin(24, 0x5F, 0, 0, 0, 0, 0, 0, 0, 24, 0);
        var preempt = b.out(5, 5, Hosts.list(2, 1, 0));
        var behind = a.out(0, 0, Hosts.list(1, 9, 0));
        assertThat(preempt.isOpen()).isTrue();
        hosts.lun().letGo();
        assertThat(write.isAborted()).as("its data never comes").isTrue();
        assertThat(running.isOpen()).isFalse();
        assertThat(preempt.status()).isEqualTo(GOOD);
        assertThat(behind.isOpen()).isFalse();
        assertThat(bystander.isOpen()).isTrue();
        assertThat(a.attentions()).containsExactly(UNREGISTERED);
        assertThat(b.keys()).containsExactly(3L, 2L);
    }

    @Test
    void writeWhoseDataIsOnItsWayIsFencedToo() {
        a.register(0, 1);
        var late = c.begin(512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
        assertThat(a.reserve(1, 1)).isEqualTo(GOOD);
        late.run();
        assertThat(late.status()).isEqualTo(CONFLICT);
    }

    @Test
    void nothingCountsBeforeItIsDurable() {
        a.register(0, 1);
        hosts.lun().hold();
        var reserve = a.out(1, 1, Hosts.list(1, 0, 0));
        var second = b.out(0, 0, Hosts.list(0, 2, 0));
        assertThat(reserve.isOpen()).isTrue();
        assertThat(b.reservation()).isEqualTo("none");
        hosts.lun().letGo();
        assertThat(reserve.status()).isEqualTo(GOOD);
        assertThat(second.status()).isEqualTo(GOOD);
        assertThat(b.reservation()).isEqualTo("1 type 1");
        hosts.lun().failNext(new Outcome.Busy("full"));
        assertThat(a.release(1, 1)).isEqualTo("BUSY");
        assertThat(b.write()).isEqualTo(CONFLICT);
        hosts.lun().failNext(new Outcome.Aborted("mirror away"));
        assertThat(a.release(1, 1)).isEqualTo("b/00/00");
        assertThat(a.reservation()).isEqualTo("1 type 1");
    }

    @Test
    void takeoverKeepsAllAndPowerLossWhatAptplSays() {
        for (int flags = 0; flags <= 1; flags++) {
            Hosts fresh = new Hosts();
            Host holder = fresh.host("a");
            assertThat(holder.out(0, 0, Hosts.list(0, 1, flags)).status()).isEqualTo(GOOD);
            assertThat(holder.reserve(6, 1)).isEqualTo(GOOD);
            assertThat(holder.in(2)[3]).isEqualTo((byte) (0x80 | flags));

            Hosts taken = fresh.reopened(false);
            Host fenced = taken.host("b");
            assertThat(fenced.read()).isEqualTo(CONFLICT);
            assertThat(fenced.keys()).containsExactly(1L, 1L);
            assertThat(taken.host("a").write()).isEqualTo(GOOD);

            Hosts restarted = fresh.reopened(true);
            Host after = restarted.host("b");
            assertThat(after.keys()).hasSize(1 + flags).startsWith(0L);
            assertThat(after.read()).isEqualTo(flags == 1 ? CONFLICT : GOOD);
            assertThat(restarted.host("a").write()).isEqualTo(GOOD);
            Host later = restarted.reopened(false).host("b");
            assertThat(later.keys()).as("and it stays so").isEqualTo(after.keys());
        }
    }

    @Test
    void registrationsSurviveTheirSession() {
        reserve(3);
        a.loginAgain();
        assertThat(a.attentions()).containsExactly("6/29/07");
        assertThat(a.write()).isEqualTo(GOOD);
        assertThat(b.read()).isEqualTo(CONFLICT);
    }

    @Test
    void portsAreRegisteredForOthers() {
        byte[] list = Hosts.listNaming(5, 0x04, "b", "x");
        assertThat(a.out(0, 0, list).status()).isEqualTo(GOOD);
        assertThat(a.keys()).containsExactly(1L, 5L, 5L, 5L);
        assertThat(b.reserve(8, 5)).isEqualTo(GOOD);
        byte[] status = a.in(3);
        assertThat(status[8 + 12]).as("ALL_TG_PT, holder").isEqualTo((byte) 3);
        assertThat(status[8 + 13]).isEqualTo((byte) 8);
        assertThat(status[8 + 19]).as("relative port").isEqualTo((byte) 7);
        assertThat(new String(status, java.nio.charset.StandardCharsets.US_ASCII))
                .contains(Hosts.port("a"), Hosts.port("b"), Hosts.port("x"));
        assertThat(a.out(0, 0, withKey(list, 5)).status()).isEqualTo("5/26/00");
        assertThat(a.out(6, 0, list).status()).isEqualTo("5/26/00");
        assertThat(c.out(0, 0, Arrays.copyOf(list, 40)).status()).isEqualTo("5/26/00");
    }

    private static byte[] withKey(byte[] list, long key) {
        byte[] keyed = list.clone();
        ByteBuffer.wrap(keyed).putLong(0, key);
        return keyed;
    }

    @Test
    void reservationIsMoved() {
        reserve(3);
        byte[] id = TransportId.encode(Hosts.port("c"));
        ByteBuffer list = ByteBuffer.allocate(24 + id.length);
        list.putLong(1).putLong(7).put(17, (byte) 2).putShort(18, (short) 9);
        list.putInt(20, id.length).put(24, id);
        assertThat(b.out(7, 3, withKey(list.array(), 2)).status()).isEqualTo("5/24/00");
        assertThat(a.out(7, 3, list.array()).status()).isEqualTo(GOOD);
        assertThat(c.reservation()).isEqualTo("7 type 3");
        assertThat(c.write()).isEqualTo(GOOD);
        assertThat(a.write()).isEqualTo(CONFLICT);
        assertThat(c.keys()).containsExactly(3L, 2L, 7L);
    }

    @Test
    void listsOfWrongLengthAreRefused() {
        assertThat(a.out(0, 0, new byte[23]).status()).isEqualTo("5/1a/00");
        assertThat(a.out(0, 0, new byte[25]).status()).isEqualTo("5/1a/00");
        assertThat(a.send(new byte[0], 0x5F, 0, 0, 0, 0, 0x7F, 0, 0, 24, 0).status())
                .isEqualTo("5/1a/00");
        assertThat(a.send(new byte[0], 0x5F, 0, 0, 0, 0, 0, 0, 0, 24, 0).status())
                .isEqualTo("5/1a/00");
        assertThat(a.send(0x5F, 0x08).status()).isEqualTo("5/24/00");
        assertThat(a.send(0x5E, 0x04).status()).isEqualTo("5/24/00");
    }

    @Test
    void registrationsAreBounded() {
        for (int i = 0; i < PersistentOut.REGISTRATIONS_MAX; i++) {
            assertThat(hosts.host("h" + i).register(0, i + 1)).isEqualTo(GOOD);
        }
        assertThat(a.register(0, 999)).isEqualTo("5/55/04");
        assertThat(hosts.host("h0").register(1, 0)).isEqualTo(GOOD);
        assertThat(a.register(0, 999)).isEqualTo(GOOD);
        assertThat(a.keys()).hasSize(1 + PersistentOut.REGISTRATIONS_MAX);
    }

    @Test
    void capabilitiesAreThoseThatAreThere() {
        assertThat(a.in(2)).containsExactly(0, 8, 0x1D, 0x80, 0xEA, 0x01, 0, 0);
    }
}
