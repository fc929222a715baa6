import java.nio.MappedByteBuffer;

/**
 * Loads generated classes, then looks at the clock without end, and notes the longest time between two looks in a 64-bit
 * word of a file, in ns. Who sets the word to 0 begins anew.
 *
 * usage: java Stalls SECONDS CLASSES FILE
 */
public class Stalls {
    static volatile int sink;

    static void watch(MappedByteBuffer words, long end) {
        long last = System.nanoTime();
        while (last < end) {
            long now = System.nanoTime();
            if (now - last > words.getLong(0)) words.putLong(0, now - last);
            last = now;
        }
    }

    public static void main(String[] args) throws Exception {
        long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        ManyClasses.Loader loader = new ManyClasses.Loader();
        int classes = Integer.parseInt(args[1]);
        for (int i = 0; i < classes; i++) {
            sink += (Integer) loader.define("Generated" + i).getMethod("m" + i % ManyClasses.METHODS).invoke(null);
        }
        MappedByteBuffer words = Crowd.map(args[2], 1);
        System.out.println("ready");
        watch(words, end);
    }
}
