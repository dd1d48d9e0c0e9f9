// 给一个文件盖时间戳，保存应答，再请本机构验证一次。
//   node stamp.mjs 对外地址 文件 应答.tsr
import { readFileSync, writeFileSync } from "node:fs";

const [base, file, reply] = process.argv.slice(2);

async function sof(name, parameters) {
  const answer = await fetch(`${base}/api/sof/SOF_${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  const told = await answer.json();
  if (!answer.ok || told.code !== 0) {
    console.error(`${told.name ?? told.code}：${told.message ?? told.detail}`);
    process.exit(1);
  }
  return told;
}

const inData = readFileSync(file).toString("base64");
const { result: timeStampRequest } = await sof("CreateTimeStampRequest", { inData });
const { result: tsResponseData } = await sof("CreateTimeStampResponse", { timeStampRequest });
writeFileSync(reply, Buffer.from(tsResponseData, "base64"));
const { report } = await sof("VerifyTimeStamp", { inData, tsResponseData });
console.log(`时间戳的时间：${report.stamped_at}`);
