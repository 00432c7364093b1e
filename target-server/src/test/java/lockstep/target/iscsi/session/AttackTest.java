package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.LeakWatch;
import lockstep.target.access.LunMask;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.session.EmbeddedHost.Answer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// What other targets got wrong in login and after it, tried here (invariant 10).
@ExtendWith(LeakWatch.class)
class AttackTest extends AttackBase {
    // ---- login

    /// LIO, CVE-2013-2850 and CVE-2026-63887: the refusal of many keys is as long as they are.
    @Test
    void answersToManyOrLongKeysAreBounded() {
        StringBuilder many = new StringBuilder("InitiatorName=iqn.x\0TargetName=");
        many.append(TestTarget.NAME).append('\0');
        for (int key = 0; key < 126; key++) {
            many.append("X-").append("k".repeat(58)).append(100 + key).append("=\0");
        }
        EmbeddedHost amplifies = host();
        amplifies.send(
                amplifies.loginHeader(0x87, 1), many.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(amplifies.isSilent() || amplifies.next().status() == 0x0200).isTrue();
        assertThat(amplifies.isClosed()).isTrue();
        for (String key : new String[] {"X-" + "k".repeat(62) + "=1", "X-a=" + "v".repeat(256)}) {
            EmbeddedHost host = host();
            assertThat(host.enter("iqn.x", key).status()).isEqualTo(0x0200);
            assertThat(host.isClosed()).isTrue();
        }
    }

    /// LIO, CVE-2026-90011: a payload that ends at the border, without its last zero byte.
    @Test
    void payloadsAtTheBorderOf8KibAreReadToTheirEnd() {
        for (int length = 8186; length <= 8192; length++) {
            StringBuilder text = new StringBuilder("InitiatorName=iqn.x\0TargetName=");
            text.append(TestTarget.NAME).append('\0');
            int key = 0;
            while (length - text.length() > 300) {
                text.append("X-").append(key++).append('=').append("v".repeat(200)).append('\0');
            }
            while (length - text.length() > 120) {
                text.append("X-").append(key++).append('=').append("v".repeat(50)).append('\0');
            }
            String start = "X-last=";
            text.append(start).append("v".repeat(length - text.length() - start.length()));
            EmbeddedHost host = host();
            host.send(host.loginHeader(0x87, 1), text.toString().getBytes(StandardCharsets.UTF_8));
            Answer answer = host.next();
            assertThat(answer.status()).as("%d bytes", length).isZero();
            assertThat(answer.keys()).containsEntry("X-last", "NotUnderstood");
        }
        EmbeddedHost over = host();
        ByteBuffer header = over.loginHeader(0x87, 1).putInt(4, 8193);
        over.bytes(RawInitiator.bytes(header));
        assertThat(over.isClosed()).isTrue();
    }

    /// LIO, CVE-2022-50350: what follows the login in the same segment.
    @Test
    void commandRightBehindTheLoginIsInItsSession() {
        EmbeddedHost host = host();
        byte[] login =
                EmbeddedHost.pdu(
                        host.loginHeader(0x87, 1),
                        EmbeddedHost.text(
                                "InitiatorName=iqn.x",
                                "TargetName=" + TestTarget.NAME,
                                "HeaderDigest=None"));
        byte[] command = EmbeddedHost.pdu(host.commandHeader(0, 0xC0, 36, "120000002400"), NOTHING);
        byte[] both = new byte[login.length + command.length];
        System.arraycopy(login, 0, both, 0, login.length);
        System.arraycopy(command, 0, both, login.length, command.length);
        host.bytes(both);
        assertThat(host.next().status()).isZero();
        assertThat(host.next().data()).hasSize(36);
        EmbeddedHost digests = host();
        byte[] withDigest =
                EmbeddedHost.pdu(
                        digests.loginHeader(0x87, 1),
                        EmbeddedHost.text(
                                "InitiatorName=iqn.x",
                                "TargetName=" + TestTarget.NAME,
                                "HeaderDigest=CRC32C"));
        byte[] bare = EmbeddedHost.pdu(digests.commandHeader(0, 0xC0, 36, "120000002400"), NOTHING);
        byte[] mixed = new byte[withDigest.length + bare.length + 4];
        System.arraycopy(withDigest, 0, mixed, 0, withDigest.length);
        System.arraycopy(bare, 0, mixed, withDigest.length, bare.length);
        digests.bytes(mixed);
        assertThat(digests.isClosed()).as("a header without its digest").isTrue();
    }

    /// LIO iSER, CVE-2026-53176: PDUs shorter than a header.
    @Test
    void halfAHeaderWaitsAndEndsInTime() {
        for (int length = 0; length < 48; length += 7) {
            EmbeddedHost host = host();
            host.bytes(Arrays.copyOf(new byte[] {0x43, (byte) 0x87}, length));
            assertThat(host.isSilent()).isTrue();
            world.loop.pass(17_000);
            assertThat(host.isClosed()).isTrue();
            witness.ping(-1);
        }
    }

    /// SPDK, CVE-2021-28361: text without data and with the C bit, in login and after it.
    @Test
    void continuedTextThatBringsNothingIsRefused() {
        EmbeddedHost login = host();
        assertThat(login.login(0x44).status()).isEqualTo(0x0200);
        assertThat(login.isClosed()).isTrue();
        EmbeddedHost text = host().ready("iqn.x");
        ByteBuffer header = EmbeddedHost.header(0x04, 0x40);
        header.putInt(16, 77).putInt(20, -1).putInt(24, text.commandNumber());
        text.send(header, NOTHING);
        assertThat(text.isClosed()).isTrue();
    }

    @Test
    void endlessLoginTextIsEnded() {
        EmbeddedHost host = host();
        byte[] part = new byte[8000];
        Arrays.fill(part, (byte) 'a');
        int sent = 0;
        while (!host.isClosed() && sent < 100) {
            host.send(host.loginHeader(0x44, 1), part);
            sent++;
        }
        assertThat(sent).isLessThanOrEqualTo(16);
    }

    @Test
    void p8LoginsUnderWayAreFewAndLeaveRoomForOthers() {
        restart(new World(new Caps.Limits(6, 3, 5, 4, 2), false, false));
        List<EmbeddedHost> slow = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            slow.add(host("10.0.0.1", "10.0.0.254"));
        }
        assertThat(host("10.0.0.1", "10.0.0.254").isClosed()).as("logins of one address").isTrue();
        assertThat(host("10.0.0.2", "10.0.0.254").isClosed()).isFalse();
        assertThat(host("10.0.0.3", "10.0.0.254").isClosed()).isFalse();
        assertThat(host("10.0.0.4", "10.0.0.254").isClosed()).as("logins in all").isTrue();
        for (EmbeddedHost each : slow) {
            each.close();
        }
        assertThat(host("10.0.0.1", "10.0.0.254").isClosed()).as("room again").isFalse();
        assertThat(world.doors.caps().logins()).isEqualTo(3);
    }

    @Test
    void p8SessionsAreBoundedAndAReplacedOneTakesNoRoom() {
        restart(new World(new Caps.Limits(64, 32, 64, 4, 2), false, false));
        assertThat(sessionOf("iqn.a", 1)).isZero();
        assertThat(sessionOf("iqn.a", 2)).isZero();
        assertThat(sessionOf("iqn.a", 3)).as("sessions of one name").isEqualTo(0x0302);
        assertThat(sessionOf("iqn.b", 1)).isZero();
        assertThat(sessionOf("iqn.c", 1)).as("sessions in all").isEqualTo(0x0302);
        assertThat(sessionOf("iqn.a", 1)).as("reinstated").isZero();
        assertThat(world.doors.caps().sessions()).isEqualTo(4);
    }

    private int sessionOf(String name, int isid) {
        EmbeddedHost host = host();
        host.send(
                host.loginHeader(0x87, isid),
                EmbeddedHost.text("InitiatorName=" + name, "TargetName=" + TestTarget.NAME));
        return host.next().status();
    }

    // ---- after login

    @Test
    void floodsOfRequestsThatCostNothingEndTheSession() {
        EmbeddedHost pings = host().ready("iqn.a");
        for (int i = 0; i < 3000 && !pings.isClosed(); i++) {
            pings.ping(i);
            pings.isSilent();
        }
        assertThat(pings.isClosed()).isTrue();
        EmbeddedHost manages = host().ready("iqn.b");
        for (int i = 0; i < 3000 && !manages.isClosed(); i++) {
            ByteBuffer reset = EmbeddedHost.header(0x42, 0x85);
            reset.putInt(16, 1000 + i).putInt(24, manages.commandNumber());
            manages.send(reset, NOTHING);
            manages.isSilent();
        }
        assertThat(manages.isClosed()).isTrue();
        EmbeddedHost rejected = host().ready("iqn.c");
        for (int i = 0; i < 200 && !rejected.isClosed(); i++) {
            rejected.send(EmbeddedHost.header(0x10, 0x80), NOTHING);
            rejected.isSilent();
        }
        assertThat(rejected.isClosed()).isTrue();
        EmbeddedHost patient = host().ready("iqn.d");
        for (int i = 0; i < 2500; i++) {
            patient.ping(i);
            assertThat(patient.next().opcode()).isEqualTo(0x20);
            world.loop.pass(2);
            if (i % 1000 == 0) {
                witness.ping(-1);
            }
        }
        assertThat(patient.isClosed()).isFalse();
        // The resets of the others were told to the witness.
        for (int lun = 0; lun < 1; lun++) {
            witness.ask(lun, 0x80, 0, "000000000000");
        }
    }

    /// LIO, CVE-2024-26845 and CVE-2026-23216: aborts and resets at the same time as commands.
    @Test
    void abortsAndResetsInAnyOrderAreAllAnswered() {
        EmbeddedHost host = host().ready("iqn.a");
        for (int round = 0; round < 50; round++) {
            int tag = host.command(0, 0xA0, 4096, NOTHING, "2a000000000000000800");
            assertThat(host.next().opcode()).as("R2T").isEqualTo(0x31);
            int[] functions = {1, 5, 2, 1};
            for (int function : functions) {
                ByteBuffer request = EmbeddedHost.header(0x42, 0x80 | function);
                request.putInt(16, 5000 + round).putInt(20, tag);
                request.putInt(24, host.commandNumber()).putInt(32, host.commandNumber() - 1);
                host.send(request, NOTHING);
                assertThat(host.next().opcode()).isEqualTo(0x22);
            }
            host.ask(0, 0x80, 0, "000000000000");
        }
        witness.ask(0, 0x80, 0, "000000000000");
    }

    /// LIO, CVE-2020-28374: what is not a host's own cannot be reached by naming it.
    @Test
    void lunsThatAreNotAHostsOwnAreNotThereForIt() {
        rules(rule("iqn.one", LunMask.of(List.of(1)), null));
        EmbeddedHost host = host();
        assertThat(host.enter("iqn.one").status()).isZero();
        byte[] luns = host.ask(0, 0xC0, 256, "a00000000000000001000000").data();
        assertThat(luns).hasSize(16).contains((byte) 1, org.assertj.core.data.Index.atIndex(9));
        assertThat(host.ask(0, 0xC0, 36, "120000002400").data()[0]).isEqualTo((byte) 0x7F);
        assertThat(host.ask(2, 0xC0, 36, "120000002400").data()[0]).isEqualTo((byte) 0x7F);
        assertThat(host.ask(1, 0xC0, 36, "120000002400").data()[0]).isZero();
        for (String cdb : List.of("000000000000", "25000000000000000000", "28000000000000000100")) {
            assertThat(host.ask(2, 0xC0, 512, cdb).sense()).as(cdb).isEqualTo(0x052500);
        }
        host.command(2, 0xA0, 512, new byte[512], "2a000000000000000100");
        assertThat(host.next().sense()).as("nothing is written").isEqualTo(0x052500);
        ByteBuffer reset = EmbeddedHost.header(0x42, 0x85);
        reset.put(9, (byte) 2).putInt(16, 99).putInt(24, host.commandNumber());
        host.send(reset, NOTHING);
        assertThat(host.next().u8(2)).as("LUN does not exist").isEqualTo(2);
    }

    /// LIO, CVE-2020-28374: a copy that names another host's LUN by its identity.
    @Test
    void copiesDoNotReachLunsThatAreNotAHostsOwn() {
        rules(rule("iqn.one", LunMask.of(List.of(1)), null));
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 0x5A);
        witness.command(2, 0xA0, 512, data, "2a000000000000000100");
        assertThat(witness.next().u8(3)).isZero();
        EmbeddedHost host = host();
        host.enter("iqn.one");
        host.ask(1, 0x80, 0, "000000000000");
        copy(host);
        assertThat(host.next().sense()).as("unreachable copy target").isEqualTo(0x0A0804);
        assertThat(host.ask(1, 0xC0, 512, "28000000000000000100").data()).containsOnly(0);
        rules(rule("iqn.one", LunMask.of(List.of(1, 2)), null));
        host.ask(0, 0xC0, 256, "a00000000000000001000000");
        copy(host);
        assertThat(host.next().u8(3)).as("its own may be copied").isZero();
        assertThat(host.ask(1, 0xC0, 512, "28000000000000000100").data()).isEqualTo(data);
    }

    /// EXTENDED COPY of one block from LUN 2 to LUN 1, which are named by their NAA names.
    private static void copy(EmbeddedHost host) {
        String name = "e4000000" + "01030010" + "6024c53000000000" + "%016x" + "00000000";
        String list =
                "0018"
                        + "0040"
                        + "00000000"
                        + "0000001c"
                        + "00000000"
                        + name.formatted(2)
                        + "00000200"
                        + name.formatted(1)
                        + "00000200"
                        + "02000018"
                        + "00000001"
                        + "00000001"
                        + "00".repeat(16);
        byte[] bytes = HexFormat.of().parseHex(list);
        host.command(1, 0xA0, bytes.length, bytes, "83" + "00".repeat(9) + "0000006c" + "0000");
    }

    @Test
    void bytesOfPooledBuffersNeverReachAHost() {
        EmbeddedHost host = host().ready("iqn.a");
        for (String cdb : List.of("12000000ff00", "12018300ff00", "1a003f00ff00", "1201b000ff00")) {
            byte[] once = host.ask(0, 0xC0, 255, cdb).data();
            for (int round = 0; round < 8; round++) {
                assertThat(host.ask(0, 0xC0, 255, cdb).data()).isEqualTo(once);
            }
        }
    }
}
