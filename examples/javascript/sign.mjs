// 由应用签名：密钥在本机构的密码设备中。用会话令牌说明自己是谁（令牌由 yinxin session open 取得）。
//   YINXIN_TOKEN=… node sign.mjs 对外地址 原文 签名.der
// 没有可用的密钥时退出值为 3。
import { readFileSync, writeFileSync } from "node:fs";

const [base, content, signature] = process.argv.slice(2);

async function call(method, path, value) {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${process.env.YINXIN_TOKEN}`, "content-type": "application/json" },
    body: value && JSON.stringify(value),
  });
  const told = await answer.json();
  if (!answer.ok) {
    console.error(`${told.code}：${told.detail}`);
    process.exit(1);
  }
  return told;
}

const { keys } = await call("GET", "/api/sign/keys");
const usable = keys.find((key) => key.state === "active" && key.operations.includes("data"));
if (!usable) {
  console.log(`没有可用的签名密钥（共 ${keys.length} 把），请与本机构联系开通`);
  process.exit(3);
}
const made = await call("POST", "/api/sign/data", {
  key: usable.number,
  content: readFileSync(content).toString("base64"),
});
writeFileSync(signature, Buffer.from(made.signature, "base64"));
console.log("签名已保存");
