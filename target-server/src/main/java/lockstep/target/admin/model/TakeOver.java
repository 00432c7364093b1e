package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/takeover`: serve this node's mirror. `confirmSourceDown` is the
/// operator's word that the source is off and was not detached; `acceptDataLoss` forces what may
/// lack acknowledged writes.
public record TakeOver(boolean confirmSourceDown, boolean acceptDataLoss) {}
