package lockstep.cli.e2e.net;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What can be wrong with a wire of a node. The rows N1 to N12 are those of the fault model: what a
/// pair meets, and what it never does then.
enum Fault {
    /// The interface of the node is down.
    CUT("N1", true) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().down(spot.near());
        }
    },
    /// What the node sends is lost; what is sent to it arrives.
    UNHEARD("N4", true) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().dropAt(spot.far());
        }
    },
    /// What the node sends arrives; what is sent to it is lost.
    DEAF("N4", true) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().dropAt(spot.near());
        }
    },
    /// Everything is lost, and nobody is told.
    BLACK_HOLE("N6", true) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().dropAt(spot.near());
            spot.wire().dropAt(spot.far());
        }
    },
    /// Everything takes long, but less than it takes to lose a link.
    DELAY("N7", false) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().roughen(new Weather(60, 30, 0, 0, 0, 0), spot.seed());
        }
    },
    /// Everything takes longer than it takes to lose a link.
    CRAWL("N7", true) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().roughen(new Weather(600, 300, 0, 0, 0, 0), spot.seed());
        }
    },
    /// Connections are reset, and none can be made.
    RESET("N8", true) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().resetAt(spot.near());
            spot.wire().resetAt(spot.far());
        }
    },
    /// Connections are reset once: the next one is made while bytes of the last are under way.
    BLIP("N8", false) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().resetAt(spot.near());
            spot.wire().resetAt(spot.far());
            TimeUnit.MILLISECONDS.sleep(BLIP_MILLIS);
            spot.wire().heal();
        }
    },
    /// Packets are lost, come twice, and overtake each other.
    LOSSY("N9", false) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().roughen(new Weather(2, 3, 4, 5, 10, 0), spot.seed());
        }
    },
    /// Bytes are changed in a way that TCP does not see.
    SPOILT("N10", false) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            spot.wire().roughen(new Weather(1, 0, 0, 0, 0, 5), spot.seed());
        }
    },
    /// Down and up, again and again.
    FLAPPING("N11", false) {
        @Override
        void begin(Spot spot) throws IOException, InterruptedException {
            for (int i = 0; i < FLAPS; i++) {
                spot.wire().down(spot.near());
                TimeUnit.MILLISECONDS.sleep(FLAP_MILLIS);
                spot.wire().heal();
                TimeUnit.MILLISECONDS.sleep(FLAP_MILLIS);
            }
        }
    };

    private static final int BLIP_MILLIS = 60;
    private static final int FLAPS = 5;
    private static final int FLAP_MILLIS = 200;

    /// One wire of a node; `near` is the end that is the node's.
    record Spot(Wire wire, int near, long seed) {
        int far() {
            return 1 - near;
        }
    }

    private final String row;
    private final boolean silences;

    Fault(String row, boolean silences) {
        this.row = row;
        this.silences = silences;
    }

    /// Its row in the fault model.
    String row() {
        return row;
    }

    /// Whether no link can live on the wire as long as it lasts.
    boolean silences() {
        return silences;
    }

    /// Makes it so; some are over when this returns.
    abstract void begin(Spot spot) throws IOException, InterruptedException;

    /// All is well again at these spots.
    static void heal(List<Spot> spots) throws IOException, InterruptedException {
        for (Spot spot : spots) {
            spot.wire().heal();
        }
    }
}
