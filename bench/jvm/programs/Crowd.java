import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.CountDownLatch;

/**
 * Threads that work and count their turns, each in a 64-bit word of a file, among many that wait.
 *
 * usage: java Crowd SECONDS BUSY FILE WAITING MILLISECONDS     for each wait
 */
public class Crowd {
    static MappedByteBuffer map(String path, int words) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(path, "rw")) {
            MappedByteBuffer mapped = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 8L * words);
            mapped.order(ByteOrder.nativeOrder());
            return mapped;
        }
    }

    static void start(String name, Runnable body) {
        Thread thread = new Thread(null, body, name, 256 * 1024);
        thread.setDaemon(true);
        thread.start();
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        int busy = Integer.parseInt(args[1]), waiting = Integer.parseInt(args[3]);
        final long nap = Long.parseLong(args[4]);
        final MappedByteBuffer words = map(args[2], busy);
        final CountDownLatch begun = new CountDownLatch(waiting);
        for (int i = 0; i < waiting; i++) {
            final int path = i * 7919;
            start("waiter-" + i, () -> ManyThreads.wander(path, nap, begun));
        }
        begun.await();
        for (int i = 0; i < busy; i++) {
            final int index = i;
            start("worker-" + i, () -> Counted.work(words, index, end));
        }
        System.out.println("ready");
        Thread.sleep((end - System.nanoTime()) / 1_000_000);
    }
}
