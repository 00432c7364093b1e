package lockstep.cli.e2e.net;

import org.jspecify.annotations.Nullable;

import java.io.IOException;

/// A veth pair between two namespaces, and the faults it can have. A fault at a time.
final class Wire {
    /// A namespace, and its address on this wire.
    record End(String namespace, String address) {}

    private final String name;
    private final End[] ends;
    private @Nullable RoughWire rough;

    /// Makes it: `name` is that of the interface at both ends.
    Wire(String name, End one, End other) throws IOException, InterruptedException {
        this.name = name;
        this.ends = new End[] {one, other};
        Shell.run(
                "ip link add %s netns %s type veth peer name %s netns %s"
                        .formatted(name, one.namespace(), name, other.namespace()));
        for (End end : ends) {
            String in = "ip -n " + end.namespace();
            Shell.run(in + " addr add " + end.address() + "/30 dev " + name);
            Shell.run(in + " link set " + name + " up");
            String chain =
                    "add chain inet faults " + name + " { type filter hook input priority 0 ; }";
            nft(end, "add table inet faults");
            nft(end, chain);
        }
    }

    String name() {
        return name;
    }

    End end(int number) {
        return ends[number];
    }

    /// The end `number` has no link any more, and the other no carrier.
    void down(int number) throws IOException, InterruptedException {
        Shell.run("ip -n " + ends[number].namespace() + " link set " + name + " down");
    }

    /// What arrives at end `number` is lost without a word.
    void dropAt(int number) throws IOException, InterruptedException {
        nft(ends[number], "add rule inet faults " + name + " iifname " + name + " drop");
    }

    /// Whoever sends TCP to end `number` is told that there is no such connection.
    void resetAt(int number) throws IOException, InterruptedException {
        String reject = " meta l4proto tcp reject with tcp reset";
        nft(ends[number], "add rule inet faults " + name + " iifname " + name + reject);
    }

    /// Packets take another way, through the weather.
    void roughen(Weather weather, long seed) throws IOException, InterruptedException {
        rough = new RoughWire(this, weather, seed);
    }

    /// As it was made.
    void heal() throws IOException, InterruptedException {
        RoughWire was = rough;
        if (was != null) {
            rough = null;
            was.end();
        }
        for (End end : ends) {
            nft(end, "flush chain inet faults " + name);
            Shell.run("ip -n " + end.namespace() + " link set " + name + " up");
        }
    }

    private static void nft(End end, String rule) throws IOException, InterruptedException {
        Shell.run("ip netns exec " + end.namespace() + " nft " + rule);
    }
}
