package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/policy`: what the source does when its mirror is away; `policy` is
/// strict or available. The budgets bound how far it goes on by itself; 0 is no bound.
public record SetPolicy(String policy, long budgetSeconds, long budgetBytes) {}
