package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;

import org.jspecify.annotations.Nullable;

/// A consistency point that stays readable, and where its trees begin: `image` is its root without
/// pins of its own, or null if it was pinned by a program that did not note that. Without it the
/// pin still tells what was born since; it cannot be read or gone back to.
public record Pin(CpId cp, @Nullable VolumeRoot image) {
    /// Of the image of `root`.
    public static Pin of(VolumeRoot root) {
        return new Pin(root.cp(), root.withPins(java.util.List.of()));
    }
}
