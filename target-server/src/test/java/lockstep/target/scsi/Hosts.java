package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/// A target without a transport, with LUN 1, and hosts that send it commands. Everything runs at
/// once, unless the LUN holds its completions back.
final class Hosts {
    static final UUID IDENTITY = UUID.fromString("0f0e0d0c-0b0a-4987-9605-040302010099");
    static final long LUN_ONE = 0x0001_0000_0000_0000L;

    /// How a command ended.
    static final class Sent implements ScsiTask.Owner {
        private final ScsiTask task;
        private @Nullable ScsiResult result;
        private boolean aborted;

        private Sent(ScsiTarget target, Nexus nexus, Cdb cdb, int bytes) {
            task = target.open(nexus, LUN_ONE, cdb, bytes, 1, this);
        }

        @Override
        public void ended(ScsiTask ended, ScsiResult how) {
            result = how;
        }

        @Override
        public void aborted(ScsiTask ended) {
            aborted = true;
        }

        ScsiTask task() {
            return task;
        }

        /// Runs without the data that was to come.
        void run() {
            task.run(null, length -> IoBuffer.unpooled(ByteBuffer.allocate(length)));
        }

        boolean isAborted() {
            return aborted;
        }

        boolean isOpen() {
            return result == null && !aborted;
        }

        /// GOOD, CONFLICT, BUSY, ABORTED, OPEN, or sense key, code and qualifier as `k/cc/qq`.
        String status() {
            return switch (result) {
                case null -> aborted ? "ABORTED" : "OPEN";
                case ScsiResult.Good _, ScsiResult.Data _ -> "GOOD";
                case ScsiResult.Busy _ -> "BUSY";
                case ScsiResult.ReservationConflict _ -> "CONFLICT";
                case ScsiResult.CheckCondition(var sense) -> text(sense.condition());
            };
        }

        byte[] data() {
            if (result instanceof ScsiResult.Data(var data, int length)) {
                byte[] bytes = new byte[length];
                data.view().get(bytes);
                return bytes;
            }
            throw new AssertionError("no data: " + status());
        }
    }

    static String text(Sense sense) {
        return "%x/%02x/%02x".formatted(sense.key(), sense.code(), sense.qualifier());
    }

    /// Runs everything at once; no test here needs time.
    static final class InlineLoop implements EventLoop {
        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public Clock clock() {
            throw new UnsupportedOperationException("no time here");
        }
    }

    /// One host: an initiator port that is logged in.
    final class Host {
        private final String port;
        private Nexus nexus;

        Host(String name) {
            this.port = port(name);
            this.nexus = target.attach(port);
        }

        Nexus nexus() {
            return nexus;
        }

        /// The session ends and begins anew.
        void loginAgain() {
            target.detach(nexus, () -> {});
            nexus = target.attach(port);
        }

        /// Sends a command whose data is there already.
        Sent send(byte[] data, int... cdb) {
            Sent sent = begin(data.length, cdb);
            boolean wanted = sent.task().dataOutBytes() > 0;
            sent.task()
                    .run(
                            wanted ? IoBuffer.unpooled(ByteBuffer.wrap(data)) : null,
                            length -> IoBuffer.unpooled(ByteBuffer.allocate(length)));
            return sent;
        }

        Sent send(int... cdb) {
            return send(new byte[0], cdb);
        }

        /// Sends a command whose data is still on its way.
        Sent begin(int bytes, int... cdb) {
            byte[] padded = new byte[Cdb.BYTES];
            for (int at = 0; at < cdb.length; at++) {
                padded[at] = (byte) cdb[at];
            }
            return new Sent(target, nexus, Cdb.of(padded), bytes);
        }

        /// Everything that is pending, oldest first; then the unit is ready.
        List<String> attentions() {
            List<String> pending = new ArrayList<>();
            for (String status = ready(); status.startsWith("6/"); status = ready()) {
                pending.add(status);
            }
            return pending;
        }

        String ready() {
            return send(0, 0, 0, 0, 0, 0).status();
        }

        String read() {
            return send(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0).status();
        }

        String write() {
            return send(new byte[512], 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0).status();
        }

        String register(long key, long next) {
            return out(0, 0, list(key, next, 0)).status();
        }

        String registerAnyway(long next) {
            return out(6, 0, list(0, next, 0)).status();
        }

        String reserve(int type, long key) {
            return out(1, type, list(key, 0, 0)).status();
        }

        String release(int type, long key) {
            return out(2, type, list(key, 0, 0)).status();
        }

        String clear(long key) {
            return out(3, 0, list(key, 0, 0)).status();
        }

        String preempt(int type, long key, long victim) {
            return out(4, type, list(key, victim, 0)).status();
        }

        /// PERSISTENT RESERVE OUT.
        Sent out(int action, int type, byte[] list) {
            int size = list.length;
            return send(list, 0x5F, action, type, 0, 0, 0, 0, size >> 8, size, 0);
        }

        /// PERSISTENT RESERVE IN.
        byte[] in(int action) {
            return send(0x5E, action, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0).data();
        }

        /// Keys as READ KEYS tells them, after the generation.
        List<Long> keys() {
            ByteBuffer data = ByteBuffer.wrap(in(0));
            List<Long> keys = new ArrayList<>(List.of((long) data.getInt()));
            for (int left = data.getInt(); left > 0; left -= 8) {
                keys.add(data.getLong());
            }
            return keys;
        }

        /// Key and type of the reservation, `none` without one.
        String reservation() {
            ByteBuffer data = ByteBuffer.wrap(in(1));
            return data.getInt(4) == 0
                    ? "none"
                    : Long.toHexString(data.getLong(8)) + " type " + data.get(21);
        }
    }

    private final InlineLoop loop = new InlineLoop();
    private ScsiTarget target;
    private MemoryLun lun;

    Hosts() {
        this(new MemoryLun(new LunRecord(1, "lun", IDENTITY, 1 << 20), new InlineLoop()));
    }

    private Hosts(MemoryLun lun) {
        this.lun = lun;
        this.target = show(TargetPaths.alone(new PortIdentity("iqn.t", 7, 7)));
    }

    private ScsiTarget show(TargetPaths paths) {
        ScsiTarget shown =
                new ScsiTarget(new PortIdentity("iqn.t", 7, 7), paths, loop, ScsiLimits.DEFAULT);
        shown.addLun(lun);
        return shown;
    }

    /// Another target with an LUN of its own, reached through `paths`.
    static Hosts through(TargetPaths paths) {
        Hosts hosts = new Hosts();
        hosts.target = hosts.show(paths);
        return hosts;
    }

    /// The same LUN after its node was started again, or after a takeover.
    Hosts reopened(boolean fromRest) {
        return new Hosts(lun.reopened(fromRest));
    }

    ScsiTarget target() {
        return target;
    }

    MemoryLun lun() {
        return lun;
    }

    /// A host that has heard of the power on.
    Host host(String name) {
        Host host = new Host(name);
        host.ready();
        return host;
    }

    static String port(String name) {
        return "iqn." + name + ",i,0x00023d000001";
    }

    /// A parameter list of 24 bytes; `flags` is byte 20.
    static byte[] list(long key, long serviceKey, int flags) {
        return ByteBuffer.allocate(24)
                .putLong(key)
                .putLong(serviceKey)
                .put(20, (byte) flags)
                .array();
    }

    /// The same with SPEC_I_PT and the TransportIDs of `names`.
    static byte[] listNaming(long serviceKey, int flags, String... names) {
        ByteBuffer ids = ByteBuffer.allocate(1 << 16);
        for (String name : names) {
            ids.put(TransportId.encode(port(name)));
        }
        byte[] front = list(0, serviceKey, flags | 0x08);
        byte[] whole = Arrays.copyOf(front, 28 + ids.position());
        ByteBuffer.wrap(whole).putInt(24, ids.position()).put(28, ids.array(), 0, ids.position());
        return whole;
    }
}
