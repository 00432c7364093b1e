package lockstep.replication.role;

/// Why an operator's request was not carried out, and what to do instead. Nothing was changed.
public record Refusal(String what, String whatToDo) {
    /// A takeover was asked of a node that has no mirror.
    static final Refusal NO_MIRROR_HERE =
            new Refusal(
                    "this node does not hold the mirror of the volume", "ask the node that does");

    /// A volume cannot be in two pairs.
    static final Refusal PAIRED_ALREADY =
            new Refusal("the volume is in a pair already", "delete that pair first");

    /// A pair is deleted where it is active.
    static final Refusal MIRROR_HERE =
            new Refusal("this node holds the mirror", "delete the pair on the source");

    /// Only after a divergence there is something to choose.
    static final Refusal NOT_DIVERGED =
            new Refusal("the copies have not diverged", "there is nothing to discard");

    /// What to do when a switchover ended before the volume had moved.
    static final String STILL_HERE =
            "nothing has changed, this node is the source: try again when the pair is in sync";

    /// A switchover needs a partner that lacks nothing.
    static final Refusal NOT_IN_SYNC =
            new Refusal(
                    "the pair is not in sync, or something else is under way with it",
                    "wait until `status` says in-sync");

    /// What a comparison has found at the mirror is not what hosts wrote, or an operator thinks so.
    static final Refusal MIRROR_DIFFERS =
            new Refusal(
                    "the mirror was found to differ from what was written here",
                    "`lockstep pair resync VOLUME --full` copies everything anew; wait until"
                            + " `status` says in-sync");

    /// The mirror has not committed what was written here.
    static Refusal mirrorRefused(String reason) {
        return new Refusal(
                "the mirror has refused a consistency point: " + reason,
                "it is sent anew with the next link: wait until `status` says in-sync");
    }

    /// A detach was asked of a node that is not the source.
    static final Refusal NO_SOURCE_HERE =
            new Refusal("this node is not the source of the volume", "ask the source node");

    /// An activation was asked of a node that is not the source.
    static final Refusal NOTHING_TO_ACTIVATE_HERE =
            new Refusal(
                    "this node is not the source of the volume",
                    "use takeover on the node that holds the mirror");

    /// The mirror's image or log cannot be read.
    static Refusal takeoverFailed(String reason) {
        return new Refusal(
                "the takeover failed: " + reason, "repair the disks of this node and try again");
    }
}
