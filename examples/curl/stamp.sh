#!/usr/bin/env bash
# 给一个文件盖时间戳，并请本机构验证一次。
#   stamp.sh 对外地址 文件 应答.tsr
set -euo pipefail
base=$1 file=$2 reply=$3

openssl ts -query -sm3 -data "$file" -cert 2>/dev/null |
    curl -fsS -H 'Content-Type: application/timestamp-query' --data-binary @- -o "$reply" "$base/tsa/rfc3161"
openssl ts -reply -in "$reply" -text 2>/dev/null | grep -E 'Status:|Time stamp:'

jq -n --arg data "$(base64 -w0 "$file")" --arg stamp "$(base64 -w0 "$reply")" \
        '{inData: $data, tsResponseData: $stamp}' |
    curl -fsS -H 'Content-Type: application/json' --data-binary @- "$base/api/sof/SOF_VerifyTimeStamp" |
    jq -e '.code == 0'
