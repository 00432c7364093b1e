package lockstep.replication.role;

/// Why an operator's request was not carried out, and what to do instead. Nothing was changed.
public record Refusal(String what, String whatToDo) {}
