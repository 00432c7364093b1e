package lockstep.replication.role;

/// Why an operator's request was not carried out, and what to do instead. Nothing was changed.
public record Refusal(String what, String whatToDo) {
    /// A takeover was asked of a node that has no mirror.
    static final Refusal NO_MIRROR_HERE =
            new Refusal(
                    "this node does not hold the mirror of the volume", "ask the node that does");

    /// A detach was asked of a node that is not the source.
    static final Refusal NO_SOURCE_HERE =
            new Refusal("this node is not the source of the volume", "ask the source node");

    /// An activation was asked of a node that is not the source.
    static final Refusal NOTHING_TO_ACTIVATE_HERE =
            new Refusal(
                    "this node is not the source of the volume",
                    "use takeover on the node that holds the mirror");
}
