package lockstep.blockstore.disk;

import lockstep.blockstore.base.VolumeId;

/// Why a device that was found is not used. `text` is for the operator.
public sealed interface DiskFault {
    /// What is wrong, and what to do about it.
    String text();

    /// No label: never formatted, or not one of ours.
    record Unformatted(String device) implements DiskFault {
        @Override
        public String text() {
            return device + " carries no label of ours: format it, or take it out of the list";
        }
    }

    /// A label of a version that this program does not know.
    record OtherVersion(String device, int version) implements DiskFault {
        @Override
        public String text() {
            return device + " carries a label of version " + version + ": use a program for it";
        }
    }

    /// Smaller than its label says.
    record TooSmall(String device, long bytes, long neededBytes) implements DiskFault {
        @Override
        public String text() {
            return device + " has " + bytes + " bytes, its label asks for " + neededBytes;
        }
    }

    /// Both this and another device claim the same slot.
    record Duplicate(String device, String other, VolumeId volume, int group, int slot)
            implements DiskFault {
        @Override
        public String text() {
            String place = " group " + group + " slot " + slot + " of volume " + volume;
            return device + " and " + other + " both claim" + place + ": take the copy away";
        }
    }

    /// It left its group earlier, and the group went on without it.
    record Stale(String device, VolumeId volume, int group, int slot, long generation)
            implements DiskFault {
        @Override
        public String text() {
            String place = "group " + group + " slot " + slot + " of volume " + volume;
            return device + " is a stale " + place + " (generation " + generation + ")";
        }
    }

    /// Its label names a place that the other members do not know.
    record Foreign(String device, VolumeId volume) implements DiskFault {
        @Override
        public String text() {
            return device + " does not fit the other disks of volume " + volume;
        }
    }

    /// It was being added to the volume, and that was cut off or went on without it.
    record Unjoined(String device, VolumeId volume) implements DiskFault {
        @Override
        public String text() {
            return device + " was to join volume " + volume + " and did not: add it again";
        }
    }

    /// Its label cannot be read.
    record Unreadable(String device, String reason) implements DiskFault {
        @Override
        public String text() {
            return device + " cannot be read: " + reason;
        }
    }
}
