package lockstep.target;

import java.io.IOException;
import java.nio.file.Path;

/// What mirrors are good for while they mirror: snapshots shown to hosts, takeovers rehearsed. Both
/// are this node's own and stand in files of its data directory.
record MirrorUses(
        NodeExports exports,
        NodeRehearsals rehearsals,
        KeptLines exportFile,
        KeptLines rehearsalFile)
        implements AutoCloseable {
    static MirrorUses open(Node node, Path directory) throws IOException {
        KeptLines exports = new KeptLines(directory, "exports", node.core());
        KeptLines rehearsals = new KeptLines(directory, "rehearsals", node.core());
        return new MirrorUses(
                new NodeExports(node, exports),
                new NodeRehearsals(node, rehearsals),
                exports,
                rehearsals);
    }

    @Override
    public void close() {
        exportFile.close();
        rehearsalFile.close();
    }
}
