package lockstep.target;

/// Runs a node. The implementation is named in `META-INF/services`, so that the command line need
/// not know how a node is put together.
public interface NodeProgram {
    /// Runs the node that `config` describes and returns when it has ended in order.
    void run(NodeConfig config) throws Exception;
}
