/**
 * usage: Allocates SECONDS MEGABYTES_A_SECOND [THREADS [full]]
 *
 * THREADS below 0 are virtual ones. full: what else fits into the heap is kept. Each thread allocates at this rate, by the clock: 50.05 % in arrays() as byte[] of 4,096 bytes, 25.02 % in
 * arrays() as int[] of 2,048 bytes, and 24.93 % in boxes() as Box of 40 bytes, headers included.
 */
public class Allocates {
    static final class Box {
        long first, second, third;
    }

    static final int BYTES_A_ROUND = 2 * 4096 + 2 * 2048 + 102 * 40;
    static volatile Object sink;
    static java.util.List<byte[]> kept;

    static void arrays() {
        for (int i = 0; i < 2; ++i) {
            sink = new byte[4080];
            sink = new int[508];
        }
    }

    static void boxes() {
        for (int i = 0; i < 102; ++i) sink = new Box();
    }

    /** By reflection: older JDKs compile this, too. */
    static void startVirtual(Runnable task) throws Exception {
        Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    }

    static void fill() {
        kept = new java.util.ArrayList<>();
        try {
            for (;;) kept.add(new byte[64 << 10]);
        } catch (OutOfMemoryError full) {
            for (int i = 0; i < 64; ++i) kept.remove(kept.size() - 1);
        }
    }

    static void work(long end, double bytesASecond) {
        long start = System.nanoTime();
        double allocated = 0;
        for (long now = start; now < end; now = System.nanoTime()) {
            for (; allocated < (now - start) / 1e9 * bytesASecond; allocated += BYTES_A_ROUND) {
                arrays();
                boxes();
            }
            try {
                Thread.sleep(1);
            } catch (InterruptedException ended) {
                return;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        long end = System.nanoTime() + Integer.parseInt(arguments[0]) * 1000000000L;
        double bytesASecond = Double.parseDouble(arguments[1]) * 1e6;
        int threads = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1;
        if (arguments.length > 3) fill();
        for (int i = 0; i < threads; ++i) new Thread(() -> work(end, bytesASecond), "allocator-" + i).start();
        for (int i = threads; i < 0; ++i) startVirtual(() -> work(end, bytesASecond));
        System.out.println("ready");
        while (threads < 0 && System.nanoTime() < end) Thread.sleep(100);
    }
}
