package lockstep.blockstore.tidy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which room may know which: the arrows of the house as a table. A package belongs to the longest
/// room name it starts with; a package in no room is a violation, so a new room is put here first.
public final class Rooms {
    private static final Pattern OUR_TYPE =
            Pattern.compile("\\b(lockstep(?:\\.[a-z][a-z0-9]*)+)\\b(?=\\.[A-Z*])");
    private static final Pattern IMPORT =
            Pattern.compile("(?m)^import\\s+(?:static\\s+)?([\\w.]+)");

    /// Room -> rooms that it may import, itself not named. A name that ends in `.*` stands for all
    /// rooms below it.
    private static final Map<String, List<String>> ARROWS = new LinkedHashMap<>();

    /// Foreign packages -> rooms that may use them; nobody else may.
    private static final Map<String, List<String>> FOREIGN = new LinkedHashMap<>();

    static {
        String b = "lockstep.blockstore.";
        blockStore(b);
        ARROWS.put("lockstep.replication", List.of(b + "*"));
        ARROWS.put(
                "lockstep.target", List.of(b + "*", "lockstep.replication.*", "lockstep.target.*"));
        ARROWS.put("lockstep.target.scsi", List.of(b + "base", b + "io", b + "tree", b + "volume"));
        ARROWS.put("lockstep.target.runtime", List.of(b + "base", b + "io"));
        ARROWS.put("lockstep.target.access", List.of(b + "base"));
        ARROWS.put(
                "lockstep.target.iscsi",
                List.of(
                        b + "base",
                        b + "io",
                        b + "volume",
                        "lockstep.target.access",
                        "lockstep.target.scsi",
                        "lockstep.target.runtime"));
        ARROWS.put("lockstep.target.admin", List.of(b + "base", b + "io"));
        ARROWS.put("lockstep.cli", List.of("lockstep.target.*", "lockstep.cli.*"));
        ARROWS.put("lockstep.cli.initiator", List.of());
        ARROWS.put("lockstep.cli.explain", List.of("lockstep.cli.initiator"));
        ARROWS.put("lockstep.cli.verify", List.of("lockstep.cli.initiator"));
        ARROWS.put("lockstep.cli.bench", List.of("lockstep.cli.initiator", "lockstep.cli.verify"));

        FOREIGN.put(
                "io.netty",
                List.of(
                        "lockstep.replication.link.netty",
                        "lockstep.target.iscsi",
                        "lockstep.target.runtime",
                        "lockstep.target.admin",
                        "lockstep.target",
                        "lockstep.cli"));
        FOREIGN.put("org.jscsi", List.of("lockstep.target.iscsi"));
        FOREIGN.put("com.typesafe.config", List.of("lockstep.target"));
        FOREIGN.put("com.fasterxml.jackson", List.of("lockstep.target.admin", "lockstep.cli"));
        FOREIGN.put("io.helidon", List.of("lockstep.target.admin"));
        FOREIGN.put("picocli", List.of("lockstep.cli"));
    }

    private Rooms() {}

    private static void blockStore(String b) {
        ARROWS.put(b + "base", List.of());
        ARROWS.put(b + "io", List.of(b + "base"));
        ARROWS.put(b + "io.real", List.of(b + "base", b + "io"));
        String[] chain = {"base", "io", "disk", "raid", "block", "tree", "cp", "volume"};
        for (int i = 2; i < chain.length; i++) {
            List<String> right = new ArrayList<>();
            for (int j = 0; j < i; j++) {
                right.add(b + chain[j]);
            }
            if (chain[i].equals("cp") || chain[i].equals("volume")) {
                right.add(b + "log");
            }
            ARROWS.put(b + chain[i], right);
        }
        ARROWS.put(b + "log", List.of(b + "base", b + "io"));
        ARROWS.put(b + "inject", List.of(b + "base", b + "io", b + "block"));
    }

    /// What is wrong with the imports of `file`, a line each.
    public static List<String> violations(SourceFile file) {
        List<String> found = new ArrayList<>();
        if (!file.isMain()) {
            return found;
        }
        String room = longest(ARROWS.keySet(), file.packageName());
        if (room.isEmpty()) {
            found.add(file.path() + ": package " + file.packageName() + " is in no room");
            return found;
        }
        Matcher ours = OUR_TYPE.matcher(file.code());
        while (ours.find()) {
            String other = longest(ARROWS.keySet(), ours.group(1));
            if (!other.equals(room) && !allowed(ARROWS.getOrDefault(room, List.of()), other)) {
                found.add(at(file, ours.start()) + room + " may not know " + ours.group(1));
            }
        }
        Matcher imported = IMPORT.matcher(file.code());
        while (imported.find()) {
            String library = longest(FOREIGN.keySet(), imported.group(1));
            List<String> users = FOREIGN.getOrDefault(library, List.of());
            if (!library.isEmpty() && !users.contains(foreignRoom(file, room))) {
                found.add(at(file, imported.start()) + room + " may not use " + library);
            }
        }
        return found;
    }

    // Who may use a library is said for whole rooms, and for link.netty inside its room.
    private static String foreignRoom(SourceFile file, String room) {
        return file.packageName().startsWith("lockstep.replication.link.netty")
                ? "lockstep.replication.link.netty"
                : room.startsWith("lockstep.cli") ? "lockstep.cli" : room;
    }

    private static boolean allowed(List<String> table, String other) {
        for (String entry : table) {
            if (entry.equals(other)) {
                return true;
            }
            if (entry.endsWith(".*")) {
                String base = entry.substring(0, entry.length() - 2);
                if (other.equals(base) || other.startsWith(base + ".")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String longest(Iterable<String> names, String packageName) {
        String best = "";
        for (String name : names) {
            boolean inside = packageName.equals(name) || packageName.startsWith(name + ".");
            if (inside && name.length() > best.length()) {
                best = name;
            }
        }
        return best;
    }

    static String at(SourceFile file, int index) {
        return file.path() + ":" + file.lineAt(index) + ": ";
    }
}
