import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * 验证一个签名值。只用 JDK，直接运行源文件：
 *
 *   java Verify.java 对外地址 证书.pem 原文 签名.der
 *
 * 通过时退出值为 0，否则为 1。未能判定不是通过。
 */
public class Verify {
    public static void main(String[] arguments) throws Exception {
        String base = arguments[0];
        String body = "{\"certificate\":\"" + base64(der(arguments[1]))
            + "\",\"content\":\"" + base64(Files.readAllBytes(Path.of(arguments[2])))
            + "\",\"signature\":\"" + base64(Files.readAllBytes(Path.of(arguments[3]))) + "\"}";
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/api/verify/signature"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> answer =
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        // 报告的第一个字段就是结论。程序里请用 JSON 程序库读取其余字段。
        boolean passed = answer.statusCode() == 200
            && answer.body().replaceAll("\\s", "").startsWith("{\"verdict\":\"passed\"");
        System.out.println(passed ? "结论：通过" : "结论：没有通过\n" + answer.body());
        System.exit(passed ? 0 : 1);
    }

    /** PEM 里的 DER。 */
    private static byte[] der(String file) throws Exception {
        String text = Files.readString(Path.of(file));
        String inner = text.replaceAll("(?s).*-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----.*", "$1");
        return Base64.getMimeDecoder().decode(inner);
    }

    private static String base64(byte[] octets) {
        return Base64.getEncoder().encodeToString(octets);
    }
}
