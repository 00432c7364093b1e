package lockstep.blockstore.cp;

/// Counts the blocks that consistency points wrote since the volume was opened.
public final class CpTally {
    /// Blocks by what they are: `data` of LUNs, `nodes` of trees (of LUNs and of system files), and
    /// of system `files`: the space map, the dead list, snapshots' lists and the state. Parity and
    /// checksums come on top, in the RAID layer.
    public record Blocks(long data, long nodes, long files) {}

    private Blocks soFar = new Blocks(0, 0, 0);

    void add(Blocks written) {
        soFar =
                new Blocks(
                        soFar.data + written.data,
                        soFar.nodes + written.nodes,
                        soFar.files + written.files);
    }

    /// All of them.
    public Blocks soFar() {
        return soFar;
    }
}
