package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/resync`, on the source: everything is copied to the mirror anew.
/// `acceptNoImage` is the operator's word that the mirror may have nothing to take over with until
/// the copy is complete.
public record ResyncAll(boolean acceptNoImage) {}
