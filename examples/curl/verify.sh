#!/usr/bin/env bash
# 验证一个签名值：报告逐项写明检查结果。
#   verify.sh 对外地址 证书.pem 原文 签名.der
# 通过时退出值为 0，不通过为 1，未能判定为 2。未能判定不是通过。
set -euo pipefail
base=$1 certificate=$2 content=$3 signature=$4

report=$(jq -n --rawfile certificate "$certificate" \
        --arg content "$(base64 -w0 "$content")" --arg signature "$(base64 -w0 "$signature")" \
        '{certificate: $certificate, content: $content, signature: $signature}' |
    curl -fsS -H 'Content-Type: application/json' --data-binary @- "$base/api/verify/signature")

jq -r '"结论：\(.verdict_text)", (.signers[] | (.checks + (.certificate.checks // []))[]
       | select(.outcome != "passed" and .weighs) | "  \(.title)：\(.reason)")' <<<"$report"
case $(jq -r .verdict <<<"$report") in passed) exit 0 ;; failed) exit 1 ;; *) exit 2 ;; esac
