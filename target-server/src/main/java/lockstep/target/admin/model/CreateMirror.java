package lockstep.target.admin.model;

import java.util.List;

/// `POST /v1/mirrors`: make this node's copy of a volume whose source is `source`. `volumeBlocks`
/// is the source's size in blocks of 4096 bytes. Groups are as in [CreateVolume].
public record CreateMirror(
        String volumeId,
        String name,
        long volumeBlocks,
        NodeView source,
        List<List<String>> groups,
        boolean automatic) {
    public CreateMirror {
        groups = groups == null ? List.of() : groups.stream().map(List::copyOf).toList();
    }
}
