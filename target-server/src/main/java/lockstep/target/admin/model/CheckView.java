package lockstep.target.admin.model;

import java.util.List;

/// What `lockstep volume check` found on a node's disks: `problems` are those of disks and of
/// volumes that could not be checked at all.
public record CheckView(boolean clean, List<String> problems, List<VolumeResult> volumes) {
    public CheckView {
        problems = List.copyOf(problems);
        volumes = List.copyOf(volumes);
    }

    /// One copy of a volume. `repairable` counts what a scrub makes good, `lost` what it cannot;
    /// `findings` and `errors` name the first of them. `errors` are about the image: what a tree
    /// reaches and the maps say. `notes` are no faults.
    public record VolumeResult(
            String volume,
            String role,
            String cp,
            boolean clean,
            long repairable,
            long lost,
            List<String> errors,
            List<String> findings,
            List<String> notes) {
        public VolumeResult {
            errors = List.copyOf(errors);
            findings = List.copyOf(findings);
            notes = List.copyOf(notes);
        }
    }
}
