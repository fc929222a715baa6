/**
 * Threads that wait in system calls of a library, which counts how often a signal has ended one early; and one that
 * works.
 *
 * usage: java Interrupts SECONDS LIBRARY COUNTERS
 */
public class Interrupts {
    static volatile int sink;

    /** Maps the file in which the library counts, a 64-bit word for each thread. */
    static native void count(String file, int threads);

    /** Waits for ever, for 10 ms at a time. */
    static native void waitInPoll(int thread);

    static native void waitInRead(int thread);

    static native void waitInSleep(int thread);

    static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    public static void main(String[] args) throws Exception {
        System.load(args[1]);
        count(args[2], 3);
        start("poll", () -> waitInPoll(0));
        start("read", () -> waitInRead(1));
        start("sleep", () -> waitInSleep(2));
        start("worker", () -> {
            while (true) sink++;
        });
        Thread.sleep(300);
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
