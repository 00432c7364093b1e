package lockstep.replication.bugs;

/// One change of one method of the product, lambdas in it included. Classes are named without
/// `lockstep.`; a callee may have the end of its class's name before it (`Value.equals`).
sealed interface Edit {
    /// The class that is changed.
    String owner();

    /// Its method.
    String method();

    /// The method does nothing and returns `value` (null for void and for no object).
    record Returns(String owner, String method, Object value) implements Edit {}

    /// The one call of `callee` in the method is left out; it seems to return `value`.
    record Answers(String owner, String method, String callee, Object value) implements Edit {}

    /// Instead of the one call of `callee` in the method, the static method `by` (class#method) is
    /// called with the same receiver and arguments, and with `this` behind them if it takes one
    /// more.
    record Instead(String owner, String method, String callee, String by) implements Edit {}
}
