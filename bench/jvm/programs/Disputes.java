import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that share a monitor and a ReentrantLock. They work a few turns with the one, a few with none, and a few with the
 * other, so many that it does not help to spin for a lock. They count their rounds, each in a 64-bit word of a file.
 *
 * usage: java Disputes SECONDS THREADS FILE
 */
public class Disputes {
    static final int TURNS = 8;
    static final Object monitor = new Object();
    static final ReentrantLock lock = new ReentrantLock();
    static volatile long sink;

    static long turns(long turn) {
        long sum = 0;
        for (int i = 0; i < TURNS; i++) sum += Counted.turn(turn + i);
        return sum;
    }

    static long byMonitor(long turn) {
        synchronized (monitor) {
            return turns(turn);
        }
    }

    static long byLock(long turn) {
        lock.lock();
        try {
            return turns(turn);
        } finally {
            lock.unlock();
        }
    }

    static void work(MappedByteBuffer words, int index, long end) {
        for (long turn = 0; System.nanoTime() < end; turn++) {
            sink += byMonitor(turn) + turns(turn) + byLock(turn);
            words.putLong(8 * index, turn);
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        int threads = Integer.parseInt(args[1]);
        final MappedByteBuffer words = Crowd.map(args[2], threads);
        for (int i = 0; i < threads; i++) {
            final int index = i;
            Crowd.start("worker-" + i, () -> work(words, index, end));
        }
        System.out.println("ready");
        Thread.sleep((end - System.nanoTime()) / 1_000_000);
    }
}
