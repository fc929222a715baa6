import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * Loads generated classes of ten methods each, then works in one thread.
 *
 * usage: java ManyClasses SECONDS CLASSES
 */
public class ManyClasses {
    static final int METHODS = 10;
    static volatile int sink;

    static final class Loader extends ClassLoader {
        Class<?> define(String name) throws IOException {
            byte[] bytes = classFile(name);
            return defineClass(name, bytes, 0, bytes.length);
        }
    }

    /** A public class whose static methods m0 to m9 return their number; see chapter 4 of the JVM's specification. */
    static byte[] classFile(String name) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(0xCAFEBABE);
        out.writeInt(50); // of Java 6: the last one without stack maps
        out.writeShort(7 + METHODS); // constants, from 1 on
        utf8(out, name);
        classOf(out, 1);
        utf8(out, "java/lang/Object");
        classOf(out, 3);
        utf8(out, "()I");
        utf8(out, "Code");
        for (int i = 0; i < METHODS; i++) utf8(out, "m" + i);
        out.writeShort(0x21); // public
        out.writeShort(2);
        out.writeShort(4);
        out.writeShort(0); // interfaces
        out.writeShort(0); // fields
        out.writeShort(METHODS);
        for (int i = 0; i < METHODS; i++) method(out, i);
        out.writeShort(0); // attributes
        return bytes.toByteArray();
    }

    static void utf8(DataOutputStream out, String text) throws IOException {
        out.writeByte(1);
        out.writeUTF(text);
    }

    static void classOf(DataOutputStream out, int name) throws IOException {
        out.writeByte(7);
        out.writeShort(name);
    }

    static void method(DataOutputStream out, int number) throws IOException {
        out.writeShort(0x9); // public static
        out.writeShort(7 + number);
        out.writeShort(5);
        out.writeShort(1);
        out.writeShort(6);
        out.writeInt(15);
        out.writeShort(1); // stack
        out.writeShort(0); // locals
        out.writeInt(3);
        out.writeByte(0x10); // bipush
        out.writeByte(number);
        out.writeByte(0xAC); // ireturn
        out.writeShort(0); // handlers
        out.writeShort(0); // attributes
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        Loader loader = new Loader();
        int classes = Integer.parseInt(args[1]);
        for (int i = 0; i < classes; i++) {
            sink += (Integer) loader.define("Generated" + i).getMethod("m" + i % METHODS).invoke(null);
        }
        System.out.println("ready");
        while (System.nanoTime() < end) sink++;
    }
}
