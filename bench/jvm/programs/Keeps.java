import java.nio.MappedByteBuffer;

/**
 * Allocates rounds of a known size by the clock, and keeps so many percent of them: a byte[] of 1,024 bytes and 25 Items of
 * 40 bytes, headers included. Garbage is collected twice a second, and when all is done. Words of the file: how many
 * rounds are wanted, written from outside; how many a second; how many were made, how many of these kept; 1 when it is
 * over.
 *
 * usage: java Keeps SECONDS PERCENT FILE
 */
public class Keeps {
    static final class Item {
        final Item next;
        long first, second, third;

        Item(Item next) {
            this.next = next;
        }
    }

    static final int WANTED = 0, RATE = 1, MADE = 2, KEPT = 3, OVER = 4, WORDS = 5, ITEMS = 25;
    static final int MOST_KEPT = 1 << 20;
    static final Object[] kept = new Object[2 * MOST_KEPT];
    static volatile Object sink;

    static byte[] array() {
        return new byte[1008];
    }

    static Item items() {
        Item last = null;
        for (int i = 0; i < ITEMS; i++) last = new Item(last);
        return last;
    }

    static void round(int place) {
        byte[] array = array();
        Item items = items();
        sink = array;
        sink = items;
        if (place < 0) return;
        kept[2 * place] = array;
        kept[2 * place + 1] = items;
    }

    /** The number of rounds that were kept. */
    static int allocate(long wanted, double rate, int percent) throws InterruptedException {
        long start = System.nanoTime(), collected = start, made = 0;
        int places = 0;
        while (made < wanted) {
            long now = System.nanoTime();
            for (; made < wanted && made < (now - start) / 1e9 * rate; ++made) {
                round(made % 100 < percent ? places++ : -1);
            }
            if (now - collected > 500_000_000L) {
                System.gc();
                collected = now;
            }
            Thread.sleep(1);
        }
        return places;
    }

    public static void main(String[] args) throws Exception {
        int percent = Integer.parseInt(args[1]);
        MappedByteBuffer words = Crowd.map(args[2], WORDS);
        System.out.println("ready");
        long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        while (System.nanoTime() < end) {
            long wanted = words.getLong(8 * WANTED);
            if (wanted == 0) {
                Thread.sleep(1);
                continue;
            }
            java.util.Arrays.fill(kept, null);
            int places = allocate(wanted, words.getLong(8 * RATE), percent);
            sink = null;
            for (int i = 0; i < 2; i++) System.gc();
            words.putLong(8 * WANTED, 0);
            words.putLong(8 * MADE, wanted);
            words.putLong(8 * KEPT, places);
            words.putLong(8 * OVER, 1);
        }
    }
}
