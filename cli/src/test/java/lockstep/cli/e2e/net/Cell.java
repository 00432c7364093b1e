package lockstep.cli.e2e.net;

import java.util.ArrayList;
import java.util.List;

/// One fault, in one place, in one situation.
record Cell(Fault fault, Where where, Situation situation) {
    /// How its row in the table is called.
    String rowName() {
        String row =
                switch (where) {
                    case LINK, HOSTS_TO_SOURCE, HOSTS_TO_MIRROR -> fault.row();
                    case SOURCE -> "N2";
                    case MIRROR -> "N3";
                    case ONLY_SOURCE -> "N12";
                };
        return "%-4s%-11s%s".formatted(row, fault, where);
    }

    /// Every cell that makes sense.
    static List<Cell> all() {
        List<Cell> cells = new ArrayList<>();
        for (Fault fault : Fault.values()) {
            for (Situation situation : Situation.values()) {
                // Without a fault the link of a source that goes on tells it at once.
                if (situation != Situation.FROZEN || fault.silences()) {
                    cells.add(new Cell(fault, Where.LINK, situation));
                }
            }
        }
        List<Fault> hard = List.of(Fault.CUT, Fault.UNHEARD, Fault.DEAF, Fault.BLACK_HOLE);
        for (Fault fault : hard) {
            for (Where where : List.of(Where.SOURCE, Where.MIRROR)) {
                cells.add(new Cell(fault, where, Situation.LOAD));
            }
            cells.add(new Cell(fault, Where.SOURCE, Situation.TAKEOVER));
            cells.add(new Cell(fault, Where.ONLY_SOURCE, Situation.TAKEOVER));
        }
        List<Fault> atHosts = new ArrayList<>(hard);
        atHosts.addAll(List.of(Fault.DELAY, Fault.RESET, Fault.LOSSY));
        for (Fault fault : atHosts) {
            cells.add(new Cell(fault, Where.HOSTS_TO_SOURCE, Situation.LOAD));
            cells.add(new Cell(fault, Where.HOSTS_TO_SOURCE, Situation.SWITCHOVER));
        }
        for (Fault fault : hard) {
            cells.add(new Cell(fault, Where.HOSTS_TO_MIRROR, Situation.SWITCHOVER));
        }
        return cells;
    }

    /// One that takes little time and tests much, for every build: the source is alive and cut off,
    /// notices it by silence alone, and its mirror takes over.
    static List<Cell> few() {
        return List.of(new Cell(Fault.BLACK_HOLE, Where.LINK, Situation.TAKEOVER));
    }

    @Override
    public String toString() {
        return rowName().replaceAll(" +", " ") + ", " + situation;
    }
}
