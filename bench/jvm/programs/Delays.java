import java.nio.MappedByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that hold a monitor or a ReentrantLock for a time, four for each, and say by their own clock how long they have
 * waited for it. They do so while the first word of a file is not 0. Words: go on; how many have not stopped; ns waited
 * and number of waits for the monitor; the same for the lock. Waits of less than 10 us do not count.
 *
 * usage: java Delays SECONDS FILE MICROSECONDS     of each hold, on average
 */
public class Delays {
    static final class Monitor {}

    static final int GO = 0, ACTIVE = 1, MONITOR = 2, LOCK = 4, WORDS = 6, LEAST_NS = 10_000, THREADS = 4;
    static final Monitor monitor = new Monitor();
    static final ReentrantLock lock = new ReentrantLock();
    static final AtomicInteger active = new AtomicInteger();
    static final AtomicLong[] waited = {new AtomicLong(), new AtomicLong(), new AtomicLong(), new AtomicLong()};
    static MappedByteBuffer words;

    static void sleep(long micros) throws InterruptedException {
        Thread.sleep(micros / 1000, (int) (micros % 1000) * 1000);
    }

    static void count(int of, long ns) {
        if (ns < LEAST_NS) return;
        words.putLong(8 * of, waited[of - MONITOR].addAndGet(ns));
        words.putLong(8 * of + 8, waited[of - MONITOR + 1].incrementAndGet());
    }

    static void byMonitor(long micros) throws InterruptedException {
        long since = System.nanoTime();
        synchronized (monitor) {
            count(MONITOR, System.nanoTime() - since);
            sleep(micros);
        }
    }

    static void byLock(long micros) throws InterruptedException {
        long since = System.nanoTime();
        lock.lock();
        try {
            count(LOCK, System.nanoTime() - since);
            sleep(micros);
        } finally {
            lock.unlock();
        }
    }

    static void note(int change) {
        synchronized (active) {
            words.putLong(8 * ACTIVE, active.addAndGet(change));
        }
    }

    static void work(int index, long micros) {
        try {
            for (int turn = index; true; ) {
                while (words.getLong(8 * GO) == 0) sleep(1000);
                note(1);
                for (; words.getLong(8 * GO) != 0; turn++) {
                    long hold = micros * (1 + turn % 3) / 2;
                    if (index % 2 == 0) byMonitor(hold);
                    else byLock(hold);
                    sleep(micros);
                }
                note(-1);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    public static void main(String[] args) throws Exception {
        words = Crowd.map(args[1], WORDS);
        final long micros = Long.parseLong(args[2]);
        for (int i = 0; i < 2 * THREADS; i++) {
            final int index = i;
            Crowd.start("asker-" + i, () -> work(index, micros));
        }
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
