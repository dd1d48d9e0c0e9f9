// 验证一个签名值。
//   node verify.mjs 对外地址 证书.pem 原文 签名.der
// 通过时退出值为 0，不通过为 1，未能判定为 2。未能判定不是通过。
import { readFileSync } from "node:fs";

const [base, certificate, content, signature] = process.argv.slice(2);
const base64 = (file) => readFileSync(file).toString("base64");

const answer = await fetch(`${base}/api/verify/signature`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    certificate: readFileSync(certificate, "utf8"),
    content: base64(content),
    signature: base64(signature),
  }),
});
const report = await answer.json();
if (!answer.ok) {
  console.error(`${report.code}：${report.detail}`);
  process.exit(3);
}
console.log(`结论：${report.verdict_text}`);
for (const signer of report.signers) {
  for (const check of [...signer.checks, ...(signer.certificate?.checks ?? [])]) {
    if (check.weighs && check.outcome !== "passed") console.log(`  ${check.title}：${check.reason}`);
  }
}
process.exit({ passed: 0, failed: 1 }[report.verdict] ?? 2);
