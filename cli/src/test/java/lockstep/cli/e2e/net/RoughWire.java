package lockstep.cli.e2e.net;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// A way between two namespaces that delays, loses, repeats, reorders and spoils packets: a TUN
/// device at each end, and threads here between them. It stands in for netem, which the kernels of
/// small machines lack.
final class RoughWire {
    private static final int PACKET_MAX = 2048;
    private static final int LOOK_MILLIS = 50;
    private static final int OVERTAKEN_MILLIS = 30;
    private static final int PROTOCOL_AT = 9;
    private static final int TCP = 6;

    private final ScheduledExecutorService sky =
            Executors.newSingleThreadScheduledExecutor(
                    task -> Thread.ofPlatform().name("weather").daemon().unstarted(task));
    private final Arena arena = Arena.ofShared();
    private final Weather weather;
    private final SplittableRandom random;
    private final int one;
    private final int other;
    private final Thread there;
    private final Thread back;
    private volatile boolean over;

    /// Between the namespaces of `ends`, which call each other by their addresses on `wire`.
    RoughWire(Wire wire, Weather weather, long seed) throws IOException, InterruptedException {
        this.weather = weather;
        this.random = new SplittableRandom(seed);
        this.one = device(wire.name() + "-0", wire.end(0), wire.end(1));
        this.other = device(wire.name() + "-1", wire.end(1), wire.end(0));
        this.there = Thread.ofPlatform().daemon().start(() -> carry(one, other));
        this.back = Thread.ofPlatform().daemon().start(() -> carry(other, one));
    }

    // Made in the namespace of this thread, moved, and then the better route to the other end.
    private static int device(String name, Wire.End here, Wire.End there)
            throws IOException, InterruptedException {
        int descriptor = Native.open("/dev/net/tun", Native.READ_WRITE);
        Native.makeTun(descriptor, name);
        Shell.run("ip link set " + name + " netns " + here.namespace());
        Shell.run("ip -n " + here.namespace() + " link set " + name + " up");
        Shell.run(
                "ip -n %s route add %s/32 dev %s src %s"
                        .formatted(here.namespace(), there.address(), name, here.address()));
        return descriptor;
    }

    private void carry(int from, int to) {
        MemorySegment buffer = arena.allocate(PACKET_MAX);
        long lastNanos = System.nanoTime();
        while (!over) {
            if (!Native.awaitInput(from, LOOK_MILLIS)) {
                continue;
            }
            int length = Native.read(from, buffer);
            byte[] packet = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            if (happens(weather.lostPercent())) {
                continue;
            }
            if (happens(weather.spoiltPercent())) {
                spoil(packet);
            }
            long due = System.nanoTime() + millis(weather.delayMillis() + jitter());
            if (happens(weather.overtakenPercent())) {
                deliver(packet, to, due + millis(OVERTAKEN_MILLIS));
            } else {
                // In order but for the others.
                lastNanos = Math.max(lastNanos, due);
                deliver(packet, to, lastNanos);
            }
            if (happens(weather.twicePercent())) {
                deliver(packet, to, due + millis(1));
            }
        }
    }

    private void deliver(byte[] packet, int to, long dueNanos) {
        try {
            sky.schedule(
                    () -> write(packet, to), dueNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException _) {
            // The wire is being taken away: this packet is lost.
        }
    }

    private void write(byte[] packet, int to) {
        if (!over) {
            try (Arena one = Arena.ofConfined()) {
                Native.write(to, one.allocateFrom(ValueLayout.JAVA_BYTE, packet));
            }
        }
    }

    private synchronized boolean happens(int percent) {
        return percent > 0 && random.nextInt(100) < percent;
    }

    private synchronized int jitter() {
        return random.nextInt(weather.jitterMillis() + 1);
    }

    private static long millis(int count) {
        return TimeUnit.MILLISECONDS.toNanos(count);
    }

    /// Exchanges two neighbouring words of the content that differ: their sum is the same.
    static void spoil(byte[] packet) {
        if (packet.length < 40 || packet[0] >> 4 != 4 || packet[PROTOCOL_AT] != TCP) {
            return;
        }
        int header = (packet[0] & 0x0f) * 4;
        int content = header + ((packet[header + 12] & 0xf0) >> 2);
        for (int at = content; at + 4 <= packet.length; at += 2) {
            if (packet[at] != packet[at + 2] || packet[at + 1] != packet[at + 3]) {
                exchange(packet, at);
                exchange(packet, at + 1);
                return;
            }
        }
    }

    private static void exchange(byte[] packet, int at) {
        byte kept = packet[at];
        packet[at] = packet[at + 2];
        packet[at + 2] = kept;
    }

    /// Packets take the smooth way again; those under way are lost.
    void end() throws InterruptedException {
        over = true;
        sky.shutdownNow();
        sky.awaitTermination(10, TimeUnit.SECONDS);
        there.join();
        back.join();
        // A TUN device without its descriptor goes away, and the route with it.
        Native.close(one);
        Native.close(other);
        arena.close();
    }
}
