import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * 由应用签名：密钥在本机构的密码设备中。用会话令牌说明自己是谁（令牌由 yinxin session open 取得）。
 * 只用 JDK，直接运行源文件：
 *
 *   YINXIN_TOKEN=… java Sign.java 对外地址 密钥编号 原文 签名.der
 *
 * 拒绝时输出原因，退出值为 1。
 */
public class Sign {
    private static final Pattern SIGNATURE = Pattern.compile("\"signature\"\\s*:\\s*\"([^\"]+)\"");

    public static void main(String[] arguments) throws Exception {
        String content = Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(arguments[2])));
        String body = "{\"key\":" + Long.parseLong(arguments[1]) + ",\"content\":\"" + content + "\"}";
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0] + "/api/sign/data"))
            .header("Authorization", "Bearer " + System.getenv("YINXIN_TOKEN"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> answer =
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        Matcher found = SIGNATURE.matcher(answer.body());
        if (answer.statusCode() != 200 || !found.find()) {
            System.out.println("没有签名：" + answer.body());
            System.exit(1);
        }
        Files.write(Path.of(arguments[3]), Base64.getDecoder().decode(found.group(1)));
        System.out.println("签名已保存");
    }
}
