import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that work and count their turns, each in a 64-bit word of a file, beside others that fight for a monitor and for a
 * ReentrantLock, four for each, and do little else: whoever has one sleeps.
 *
 * usage: java Disputes SECONDS BUSY FILE MICROSECONDS     of each hold
 */
public class Disputes {
    static final int DISPUTANTS = 4;
    static final Object monitor = new Object();
    static final ReentrantLock lock = new ReentrantLock();

    static void byMonitor(long micros) throws InterruptedException {
        synchronized (monitor) {
            Delays.sleep(micros);
        }
    }

    static void byLock(long micros) throws InterruptedException {
        lock.lock();
        try {
            Delays.sleep(micros);
        } finally {
            lock.unlock();
        }
    }

    static void fight(int index, long micros) {
        try {
            while (true) {
                if (index % 2 == 0) byMonitor(micros);
                else byLock(micros);
                Delays.sleep(micros);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        int busy = Integer.parseInt(args[1]);
        final MappedByteBuffer words = Crowd.map(args[2], busy);
        final long micros = Long.parseLong(args[3]);
        for (int i = 0; i < 2 * DISPUTANTS; i++) {
            final int index = i;
            Crowd.start("disputant-" + i, () -> fight(index, micros));
        }
        for (int i = 0; i < busy; i++) {
            final int index = i;
            Crowd.start("worker-" + i, () -> Counted.work(words, index, end));
        }
        System.out.println("ready");
        Thread.sleep((end - System.nanoTime()) / 1_000_000);
    }
}
