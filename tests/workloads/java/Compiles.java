import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.ArrayList;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Runs javac over and over, in this process: deep stacks of real code, while the JIT compiler is at work.
 *
 * usage: java Compiles SECONDS [WARM-UP]     it is ready after so many seconds: until then most code is replaced by
 *                                            better code all the time
 */
public class Compiles {
    static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String name, String text) {
            super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    static Source source(int number) {
        StringBuilder text = new StringBuilder();
        String name = "Generated" + number;
        text.append("import java.util.*; import java.util.function.*;\nclass ").append(name).append(" {\n");
        for (int i = 0; i < 40; i++) {
            text.append("  static <T extends Comparable<T>> Map<T, List<T>> m").append(i)
                .append("(Collection<? extends T> in) {\n")
                .append("    Map<T, List<T>> out = new TreeMap<>();\n")
                .append("    for (T each : in) out.computeIfAbsent(each, key -> new ArrayList<>()).add(each);\n")
                .append("    Function<Integer, Integer> f = x -> x * ").append(i).append(" + (x > 3 ? 1 : 2);\n")
                .append("    switch (f.apply(").append(i).append(")) { case 1: return out; default: break; }\n")
                .append("    return out;\n  }\n");
        }
        return new Source(name, text.append("}\n").toString());
    }

    static void compile(JavaCompiler compiler) {
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i < 10; i++) sources.add(source(i));
        List<String> options = Collections.singletonList("-proc:none");
        // Analysis only: nothing is written.
        List<String> all = new ArrayList<>(options);
        all.add("-XDshould-stop.ifNoError=FLOW");
        if (!compiler.getTask(null, null, null, all, null, sources).call()) throw new IllegalStateException();
    }

    public static void main(String[] args) {
        long start = System.nanoTime();
        long end = start + (long) (Double.parseDouble(args[0]) * 1e9);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        long ready = start + (args.length > 1 ? (long) (Double.parseDouble(args[1]) * 1e9) : 0);
        do compile(compiler);
        while (System.nanoTime() < ready);
        System.out.println("ready");
        while (System.nanoTime() < end) compile(compiler);
    }
}
