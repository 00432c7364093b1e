package lockstep.target.admin.model;

/// `GET /v1/events`: something that happened, oldest first. `about` is a volume, disk or peer.
public record EventView(String at, String about, String text) {}
