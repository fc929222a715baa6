import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Two threads for each of two locks, a monitor and a ReentrantLock. They work a turn with their lock and one without, and
 * count their turns, each in a 64-bit word of a file.
 *
 * usage: java Disputes SECONDS FILE
 */
public class Disputes {
    static final Object monitor = new Object();
    static final ReentrantLock lock = new ReentrantLock();
    static volatile long sink;

    static long byMonitor(long turn) {
        synchronized (monitor) {
            return Counted.turn(turn);
        }
    }

    static long byLock(long turn) {
        lock.lock();
        try {
            return Counted.turn(turn);
        } finally {
            lock.unlock();
        }
    }

    static void work(MappedByteBuffer words, int index, long end) {
        for (long turn = 0; System.nanoTime() < end; turn++) {
            sink += Counted.turn(turn) + (index % 2 == 0 ? byMonitor(turn) : byLock(turn));
            words.putLong(8 * index, turn);
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        final MappedByteBuffer words = Crowd.map(args[1], 4);
        for (int i = 0; i < 4; i++) {
            final int index = i;
            Crowd.start("worker-" + i, () -> work(words, index, end));
        }
        System.out.println("ready");
        Thread.sleep((end - System.nanoTime()) / 1_000_000);
    }
}
