import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/**
 * Tomcat on a free port of 127.0.0.1, with a servlet that reads a file, makes a page and asks a slow warehouse.
 *
 * usage: java -cp .:lib/* TomcatService SECONDS
 */
public class TomcatService {
    static final class Orders extends HttpServlet {
        private final Path catalogue;

        Orders(Path catalogue) {
            this.catalogue = catalogue;
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            Map<String, Long> prices = readCatalogue();
            askWarehouse();
            byte[] page = render(prices).getBytes("UTF-8");
            response.setContentType("text/html");
            response.setContentLength(page.length);
            response.getOutputStream().write(page);
        }

        private Map<String, Long> readCatalogue() throws IOException {
            Map<String, Long> prices = new TreeMap<>();
            for (String line : Files.readAllLines(catalogue)) {
                String[] fields = line.split(" ");
                prices.put(fields[1], price(Long.parseLong(fields[2])));
            }
            return prices;
        }

        private static long price(long value) {
            for (int i = 0; i < 3000; i++) value = value * 6364136223846793005L + i ^ value >>> 17;
            return Math.abs(value % 100_000);
        }

        private static void askWarehouse() {
            try {
                Thread.sleep(ThreadLocalRandom.current().nextInt(1, 4));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static String render(Map<String, Long> prices) {
            StringBuilder page = new StringBuilder("<table>");
            prices.forEach((name, price) ->
                page.append("<tr><td>").append(name).append("<td>").append(String.format("%.2f", price / 100.0)));
            return page.append("</table>").toString();
        }
    }

    static Path writeCatalogue(Path folder) throws IOException {
        String[] lines = new String[200];
        for (int i = 0; i < lines.length; i++) lines[i] = "item name" + i * 7919 % 1000 + " " + i * 31;
        return Files.write(folder.resolve("catalogue"), Arrays.asList(lines));
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory("tomcat");
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(folder.toString());
        Connector connector = new Connector();
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", new File(folder.toString()).getAbsolutePath());
        Tomcat.addServlet(context, "orders", new Orders(writeCatalogue(folder)));
        context.addServletMappingDecoded("/", "orders");
        tomcat.start();
        System.out.println("serving on port " + connector.getLocalPort());
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
        tomcat.stop();
    }
}
