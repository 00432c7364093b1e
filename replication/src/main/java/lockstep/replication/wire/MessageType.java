package lockstep.replication.wire;

import org.jspecify.annotations.Nullable;

/// The type byte of a frame. Codes are never used again for something else.
enum MessageType {
    HELLO(0x01),
    HELLO_ACK(0x02),
    REFUSED(0x03),
    HEARTBEAT(0x04),
    HEARTBEAT_REPLY(0x05),
    GOODBYE(0x06),
    COPY_STATUS(0x20),
    OPEN_EPOCH(0x21),
    EPOCH_PROMISED(0x22),
    FENCED(0x23),
    STEP_DOWN(0x24),
    VOLUME_UNKNOWN(0x25),
    FAULT(0x26),
    OLDER_IMAGES(0x27),
    EPOCH_BEGAN(0x28),
    ENTRIES(0x30),
    ENTRIES_STORED(0x31),
    LOG_QUOTA(0x32),
    SNAPSHOT_TAKEN(0x33),
    CP_BEGIN(0x40),
    CP_DATA(0x41),
    CP_REFERENCES(0x42),
    CP_COMMIT(0x43),
    CP_COMMITTED(0x44),
    CP_REFUSED(0x45),
    CP_PROGRESS(0x46),
    CP_CHANGES(0x47),
    RESYNC_BEGIN(0x50),
    RESYNC_READY(0x51),
    GO_LIVE(0x52),
    IN_SYNC(0x53),
    IN_SYNC_RECORDED(0x54),
    DETACHED(0x55),
    HANDED_OVER(0x60),
    CP_DIGEST(0x61),
    VERIFY_IMAGE(0x62),
    IMAGE_VERIFIED(0x63),
    IMAGE_WANTED(0x64),
    SNAPSHOT_WANTED(0x65),
    BLOCK_WANTED(0x66),
    BLOCK_HELD(0x67),
    SNAPSHOTS_SHOWN(0x6a);

    /// Types below this concern the link and carry volume id zero; the others never do.
    private static final int FIRST_OF_VOLUME = 0x20;

    private static final @Nullable MessageType[] BY_CODE = new @Nullable MessageType[256];

    static {
        for (MessageType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;

    MessageType(int code) {
        this.code = code;
    }

    /// The type byte.
    int code() {
        return code;
    }

    boolean isLinkLevel() {
        return code < FIRST_OF_VOLUME;
    }

    /// Whether it may come before the two sides have agreed on anything.
    boolean isHandshake() {
        return this == HELLO || this == HELLO_ACK || this == REFUSED;
    }

    static MessageType of(int code) {
        MessageType type = BY_CODE[code];
        if (type == null) {
            throw new ProtocolViolation("unknown message type " + code);
        }
        return type;
    }
}
