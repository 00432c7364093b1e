package lockstep.replication.wire;

/// Everything that crosses a link. Two levels: what concerns the link itself, and what concerns one
/// volume. The frame around a message carries the volume's id, or zero for the link.
///
/// Messages hold no bytes of their own. A buffer in a message that is sent is lent to `send` for
/// the call; a buffer in a message that is received is a view that is valid during the handler call
/// only: who needs it longer copies.
public sealed interface Message permits LinkMessage, VolumeMessage {}
