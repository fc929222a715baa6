import java.util.ArrayList;
import java.util.List;

/**
 * usage: Retains SECONDS PERCENT [MEGABYTES_A_SECOND]
 *
 * Allocates byte[] of 2,048 bytes at this rate (20) by the clock, keeps so many percent of them in keep(), drops the others in
 * drop(), and collects garbage each half second.
 */
public class Retains {
    static final List<byte[]> kept = new ArrayList<>(1 << 20);
    static volatile Object sink;

    static void keep() {
        kept.add(new byte[2032]);
    }

    static void drop() {
        sink = new byte[2032];
    }

    public static void main(String[] arguments) throws Exception {
        long start = System.nanoTime(), end = start + Integer.parseInt(arguments[0]) * 1000000000L;
        int percent = Integer.parseInt(arguments[1]);
        double rate = (arguments.length > 2 ? Double.parseDouble(arguments[2]) : 20) * 1e6 / 2048;
        System.out.println("ready");
        long collected = start, made = 0;
        for (long now = start; now < end; now = System.nanoTime()) {
            for (; made < (now - start) / 1e9 * rate; ++made) {
                if (made % 100 < percent) keep();
                else drop();
            }
            if (now - collected > 500000000L) {
                System.gc();
                collected = now;
            }
            Thread.sleep(2);
        }
    }
}
