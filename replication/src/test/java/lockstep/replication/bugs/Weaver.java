package lockstep.replication.bugs;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/// Puts the bugs into copies of the product's classes: at each changed place the switch is asked,
/// and with the bug off everything is as it was. Each edit has to match exactly one place, so a
/// method that was renamed, or does something else now, fails the test instead of passing it.
final class Weaver {
    private static final String PREFIX = "lockstep.";
    private static final ClassDesc SWITCH = ClassDesc.of(BugSwitch.class.getName());
    private static final MethodTypeDesc ASKED =
            MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int);

    private record Numbered(int bug, Edit edit) {}

    private final Function<String, byte[]> original;
    private final ClassFile classFile;
    private final TreeMap<String, List<Numbered>> edits = new TreeMap<>();

    /// `original` gives the bytes of a class by its name.
    Weaver(List<Bug> bugs, Function<String, byte[]> original) {
        this.original = original;
        this.classFile =
                ClassFile.of(
                        ClassFile.ClassHierarchyResolverOption.of(
                                ClassHierarchyResolver.ofResourceParsing(
                                        Weaver.class.getClassLoader())));
        for (int i = 0; i < bugs.size(); i++) {
            for (Edit edit : bugs.get(i).edits()) {
                edits.computeIfAbsent(PREFIX + edit.owner(), _ -> new ArrayList<>())
                        .add(new Numbered(i + 1, edit));
            }
        }
    }

    /// The classes that have bugs, by name.
    Map<String, byte[]> all() {
        Map<String, byte[]> woven = new TreeMap<>();
        edits.keySet().forEach(name -> woven.put(name, weave(name)));
        return woven;
    }

    private byte[] weave(String name) {
        byte[] bytes = original.apply(name);
        for (Numbered numbered : edits.getOrDefault(name, List.of())) {
            int[] found = new int[1];
            ClassModel model = classFile.parse(bytes);
            bytes = classFile.transformClass(model, transform(numbered, found));
            if (found[0] != 1) {
                throw new IllegalStateException(found[0] + " places match " + numbered.edit());
            }
        }
        return bytes;
    }

    private ClassTransform transform(Numbered numbered, int[] found) {
        return (builder, element) -> {
            if (element instanceof MethodModel method && isMeant(numbered.edit(), method)) {
                builder.transformMethod(
                        method,
                        java.lang.classfile.MethodTransform.transformingCode(
                                code(numbered, method, found)));
            } else {
                builder.with(element);
            }
        };
    }

    private static boolean isMeant(Edit edit, MethodModel method) {
        String name = method.methodName().stringValue();
        boolean whole = edit instanceof Edit.Returns;
        return name.equals(edit.method())
                || (!whole && name.startsWith("lambda$" + edit.method() + "$"));
    }

    private CodeTransform code(Numbered numbered, MethodModel method, int[] found) {
        int bug = numbered.bug();
        return switch (numbered.edit()) {
            case Edit.Returns edit ->
                    new CodeTransform() {
                        @Override
                        public void atStart(CodeBuilder builder) {
                            found[0]++;
                            ask(builder, bug);
                            ClassDesc type = method.methodTypeSymbol().returnType();
                            builder.ifThen(
                                    Opcode.IFNE,
                                    then -> {
                                        constant(then, type, edit.value());
                                        then.return_(TypeKind.from(type));
                                    });
                        }

                        @Override
                        public void accept(CodeBuilder builder, CodeElement element) {
                            builder.with(element);
                        }
                    };
            case Edit.Answers edit ->
                    (builder, element) -> {
                        if (isCall(element, edit.callee())) {
                            found[0]++;
                            InvokeInstruction call = (InvokeInstruction) element;
                            ask(builder, bug);
                            builder.ifThenElse(
                                    Opcode.IFNE,
                                    then -> answer(then, call, edit.value()),
                                    otherwise -> otherwise.with(call));
                        } else {
                            builder.with(element);
                        }
                    };
            case Edit.Instead edit ->
                    (builder, element) -> {
                        if (isCall(element, edit.callee())) {
                            found[0]++;
                            InvokeInstruction call = (InvokeInstruction) element;
                            ask(builder, bug);
                            builder.ifThenElse(
                                    Opcode.IFNE,
                                    then -> instead(then, call, edit.by()),
                                    otherwise -> otherwise.with(call));
                        } else {
                            builder.with(element);
                        }
                    };
        };
    }

    private static boolean isCall(CodeElement element, String callee) {
        int dot = callee.indexOf('.');
        return element instanceof InvokeInstruction call
                && call.name().equalsString(callee.substring(dot + 1))
                && isOf(call.owner().name().stringValue(), callee, dot);
    }

    private static boolean isOf(String owner, String callee, int dot) {
        return dot < 0 || owner.endsWith(callee.substring(0, dot));
    }

    private static void ask(CodeBuilder builder, int bug) {
        builder.loadConstant(bug).invokestatic(SWITCH, "isOn", ASKED);
    }

    private static void answer(CodeBuilder builder, InvokeInstruction call, Object value) {
        List<ClassDesc> arguments = call.typeSymbol().parameterList();
        for (ClassDesc argument : arguments.reversed()) {
            if (TypeKind.from(argument).slotSize() == 2) {
                builder.pop2();
            } else {
                builder.pop();
            }
        }
        if (call.opcode() != Opcode.INVOKESTATIC) {
            builder.pop();
        }
        constant(builder, call.typeSymbol().returnType(), value);
    }

    private static void constant(CodeBuilder builder, ClassDesc type, Object value) {
        switch (TypeKind.from(type)) {
            case VOID -> {}
            case REFERENCE -> builder.aconst_null();
            case LONG -> builder.loadConstant((Long) value);
            default -> builder.loadConstant(value instanceof Boolean b ? (b ? 1 : 0) : (int) value);
        }
    }

    private void instead(CodeBuilder builder, InvokeInstruction call, String by) {
        String owner = by.substring(0, by.indexOf('#'));
        String name = by.substring(by.indexOf('#') + 1);
        if (owner.startsWith("java.")) {
            builder.invokestatic(ClassDesc.of(owner), name, call.typeSymbol());
            return;
        }
        MethodTypeDesc type = typeOf(PREFIX + owner, name);
        int given = call.typeSymbol().parameterCount();
        int receiver = call.opcode() == Opcode.INVOKESTATIC ? 0 : 1;
        if (type.parameterCount() > given + receiver) {
            builder.aload(0);
        }
        builder.invokestatic(ClassDesc.of(PREFIX + owner), name, type);
    }

    private MethodTypeDesc typeOf(String owner, String name) {
        for (MethodModel method : classFile.parse(original.apply(owner)).methods()) {
            if (method.methodName().equalsString(name)) {
                return method.methodTypeSymbol();
            }
        }
        throw new IllegalStateException("there is no " + owner + "#" + name);
    }
}
